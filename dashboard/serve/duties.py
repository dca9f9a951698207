"""What a serving process does beside answering: the gateway, the nudges, the worker and beat, the watch.

The ASGI application's lifespan begins and ends them; under `manage.py serve` they end already at the drain, so
that all that was received is stored before the next process accepts.
"""

from __future__ import annotations

import asyncio
import secrets

from django.conf import settings

from pluginhost import nudge
from pluginhost.gateway import app as gateway

from .background import Background
from .watch import Watch


class Duties:
    def __init__(self) -> None:
        self._name = secrets.token_hex(8)
        self._dead: list[str] = []
        self._has_worker = False
        self._background: Background | None = None
        self._watch = Watch()
        self._is_on = self._lingers = False

    def take(self, name: str, dead: list[str], *, has_worker: bool) -> None:
        """Under `manage.py serve`: our name, who ended before us, and whether background work is ours too."""
        self._name, self._dead = name, dead
        self._has_worker = has_worker

    async def begin(self) -> None:
        self._is_on = True
        nudge.serve_on(asyncio.get_running_loop())
        await gateway.start(self._name, tuple(self._dead))
        self._watch.start()
        if self._has_worker:
            self._background = Background()
            self._background.start()

    async def bury(self, name: str) -> None:
        """A process that had handed over to us ended while scripts were still with it."""
        await gateway.bury(name)

    async def drain(self, *, lingers: bool = False) -> None:
        """Once: stop reading, store, stop the background work. Who `lingers` stays for some scripts: see `linger`."""
        if not self._is_on:
            return
        self._is_on, self._lingers = False, lingers
        if self._background:
            self._background.stop()
        self._watch.stop()
        await (gateway.hand_over() if lingers else gateway.stop())

    async def linger(self) -> None:
        """Until the scripts that were left out at the drain have gone as well."""
        if self._lingers:
            await gateway.linger(settings.PLUGINHOST_LINGER_SECONDS)
            await gateway.stop()
            self._lingers = False

    def hurry(self) -> None:
        """Nobody is waited for any longer."""
        gateway.hurry()

    async def end(self) -> None:
        await self.drain()
        if self._background:
            await asyncio.to_thread(self._background.wait)
        nudge.serve_on(None)


duties = Duties()
