"""The door for WebSockets: when a thousand come back at the same moment, few are on the threshold at a time.

A published client gives the server five seconds to open its socket, and then one for the namespace. With a thousand
sockets opened in one turn of the loop, the first would wait that second until the last of them is open. So they wait
before they are opened.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

AT_ONCE = 50
LONGEST_S = 0.1
"""So long one holds its place at most: who is slow, or never asks for the namespace, keeps nobody waiting."""
_KEY = "pluginhost.place"

Scope = MutableMapping[str, Any]


class Door:
    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    @contextlib.asynccontextmanager
    async def place(self, scope: Scope) -> AsyncIterator[None]:
        """On the threshold, until it is in the namespace (`leave`), or for a moment."""
        await self._places.acquire()
        scope[_KEY] = asyncio.get_running_loop().call_later(LONGEST_S, self.leave, scope)
        try:
            yield
        finally:
            self.leave(scope)

    def leave(self, scope: Scope) -> None:
        """It stands in nobody's way any more; told twice, it is the same."""
        timer = scope.pop(_KEY, None)
        if timer is not None:
            timer.cancel()
            self._places.release()
