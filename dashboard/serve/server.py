"""uvicorn, with a start that waits for the parent's word and an end that stores what was received first."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .limits import LimitedWebSocket
from .listener import BACKLOG

Linger = Callable[[], Awaitable[None]]

END_SECONDS = 2
IDLE_SECONDS = 5
DRAIN_SECONDS = 60
"""How long pages and imports in flight may still take: at the end, and after a hand-over."""


class Drain(Protocol):
    def __call__(self, *, lingers: bool) -> Awaitable[None]: ...


class Server(uvicorn.Server):
    """One listening socket, which the parent owns too: closing it here leaves connections waiting there."""

    def __init__(
        self, config: uvicorn.Config, *, on_accepting: Callable[[], None], on_drain: Drain, on_linger: Linger
    ) -> None:
        super().__init__(config)
        self._on_accepting, self._on_drain, self._on_linger = on_accepting, on_drain, on_linger
        self._is_handing_over = False
        self._idle_seconds = 0

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

    def end(self) -> None:
        """Stop accepting, store, and leave; what is in flight has a moment, and none when asked again."""
        self._leave(END_SECONDS, idle_seconds=0)

    def hand_over(self) -> None:
        """The same with more patience: the next process is accepting meanwhile, and some scripts stay."""
        self._is_handing_over = True
        self._leave(DRAIN_SECONDS, idle_seconds=IDLE_SECONDS)

    def _leave(self, seconds: int, *, idle_seconds: int) -> None:
        self.force_exit = self.should_exit
        self.config.timeout_graceful_shutdown = seconds
        self._idle_seconds = idle_seconds
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._on_drain(lingers=self._is_handing_over and not self.force_exit)
        await self._let_go()
        await self._on_linger()
        await super().shutdown(sockets)

    async def _let_go(self) -> None:
        """WebSockets go over at once, unless they stay. An HTTP connection that is idle has one more answer, and is
        told that it is the last: closed now, it might just be sending a request, which would fail."""
        LastingHttp.is_lasting = False
        for connection in [each for each in self._leaving() if isinstance(each, LimitedWebSocket)]:
            connection.shutdown()
        give_up = time.monotonic() + self._idle_seconds
        while self._leaving() and not self.force_exit and time.monotonic() < give_up:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _leaving(self) -> list[asyncio.Protocol]:
        return [each for each in self.server_state.connections if not getattr(each, "stays", False)]


class LastingHttp(HttpToolsProtocol):
    """HTTP whose connections last from request to request, until the process is about to end."""

    is_lasting = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if not self.is_lasting and self.cycle is not None:
            self.cycle.keep_alive = False
