"""uvicorn, with a start that waits for the parent's word and an end that stores what was received first."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from .listener import BACKLOG

END_SECONDS = 2
DRAIN_SECONDS = 60
"""How long pages and imports in flight may still take: at the end, and after a hand-over."""


class Server(uvicorn.Server):
    """One listening socket, which the parent owns too: closing it here leaves connections waiting there."""

    def __init__(
        self, config: uvicorn.Config, *, on_accepting: Callable[[], None], on_drain: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._on_accepting = on_accepting
        self._on_drain = on_drain

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # type: ignore[override]
        """uvicorn's own raises the signal again at the end, and nothing after it is executed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, without the ways we do not use."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise SystemExit(STARTUP_FAILURE)
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(self._protocol, sock=listener, backlog=BACKLOG) for listener in sockets or []
        ]
        self.started = True
        self._on_accepting()

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg,return-value]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )

    def end(self, seconds: float) -> None:
        """Stop accepting, store, and leave; what is in flight has `seconds`, less when asked again."""
        self.force_exit = self.should_exit
        self.config.timeout_graceful_shutdown = int(seconds)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._on_drain()
        await super().shutdown(sockets)
