"""Which scripts of this process have something to look for is one question, however many there are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.db import DatabaseError, InterfaceError

from pluginhost import nudge

from . import questions
from .ear import Ear
from .peer import Peer

logger = logging.getLogger(__name__)

TICK_SECONDS = 5.0


class Looking:
    """On a slow tick, when another process has written something, and when a plugin with many scripts is nudged.

    A script that looks asks several questions of its own; thousands that look each few seconds would do nothing else.
    """

    def __init__(self, peers: Mapping[str, Peer], in_thread: Callable[..., Awaitable[Any]]) -> None:
        self._peers, self._in_thread = peers, in_thread
        self._process_id = 0
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ear: Ear | None = None

    def start(self, process_id: int) -> None:
        self._process_id = process_id
        self._task = asyncio.create_task(self._run(), name="gateway: looking")
        self._ear = Ear(nudge.EVERYTHING, self.soon)

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._ear is not None:
            self._ear.close()

    def soon(self) -> None:
        """Look as soon as may be: once for all who ask meanwhile."""
        self._asked.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):  # the slow tick
                await asyncio.wait_for(self._asked.wait(), TICK_SECONDS)
            self._asked.clear()
            try:
                if due := await self._in_thread(questions.due, self._process_id):
                    self._wake(set(due))
            except (DatabaseError, InterfaceError) as error:
                logger.warning("could not look for work: %s", error)
                await asyncio.sleep(TICK_SECONDS)

    def _wake(self, connection_ids: set[int]) -> None:
        for peer in list(self._peers.values()):
            if peer.connection_id in connection_ids:
                peer.wake.set()
