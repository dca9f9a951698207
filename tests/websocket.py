"""A browser's WebSocket over the consumers, without a server. (Channels' own needs daphne to be importable.)"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser

from dashboard.routing import websocket_urlpatterns
from pluginhost.models import User

PATIENCE_S = 5.0


class Socket:
    """`async with Socket(alice, "/ws/look/?watch=all") as socket:`; a refused one is closed with a code at once."""

    def __init__(self, user: User | None, address: str) -> None:
        parts = urlsplit(address)
        scope = {
            "type": "websocket",
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [],
            "subprotocols": [],
            "user": user or AnonymousUser(),
        }
        self._line = ApplicationCommunicator(URLRouter(websocket_urlpatterns), scope)

    async def __aenter__(self) -> Socket:
        await self._line.send_input({"type": "websocket.connect"})
        assert (await self.received())["type"] == "websocket.accept"
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._line.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._line.wait(PATIENCE_S)

    async def received(self) -> dict[str, Any]:
        """The next event, which must come."""
        return await self._line.receive_output(PATIENCE_S)

    async def text(self) -> str:
        event = await self.received()
        assert event["type"] == "websocket.send", event
        return event["text"]

    async def close_code(self) -> int:
        """The code with which the server closed it; what it said before is passed over."""
        while (event := await self.received())["type"] != "websocket.close":
            pass
        return int(event.get("code", 1000))

    async def is_silent(self) -> bool:
        """Whether nothing waits to be read, once everything that is ready has run."""
        await asyncio.sleep(0)
        return await self._line.receive_nothing(timeout=0.05)
