"""The child `web`: pages, WebSockets, Socket.IO and `/v2` on the parent's socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading

import uvicorn
import uvloop
from django.conf import settings
from django.db import connection

from dashboard import asgi
from pluginhost.actions import demo
from pluginhost.errors import NotFound
from pluginhost.models import ServerProcess

from .duties import duties
from .limits import LimitedWebSocket
from .messages import ACCEPTING, DRAIN, DRAINED, ENDED, HANDED_OVER, Messages
from .options import url_of
from .server import END_SECONDS, LastingHttp, Server

LAST_SECONDS = 4.4
"""After SIGTERM the process ends by then, whatever a request's thread is doing."""


class Web:
    """One process that serves, from its fork to its end."""

    def __init__(
        self, role: str, listener: socket.socket, parent: Messages, name: str, dead: list[str], *, greets: bool
    ) -> None:
        self._listener, self._control = listener, parent
        self._greeting = _greeting(listener) if greets else ""
        self._server = Server(_config(), on_accepting=self._tell, on_drain=self._drain, on_linger=self._linger)
        if greets and connection.vendor == "sqlite":
            dead = [*dead, *_left_behind()]
        duties.take(name, dead, has_worker=role == "all" or not settings.REDIS_URL)

    def run(self) -> None:
        """Serve; the process ends here."""
        uvloop.run(self._serve())
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0 if self._server.started else 1)  # not waiting for a request's thread that never ends

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_reader(self._control.fileno(), self._hear)
        await self._server.serve(sockets=[self._listener])

    def _tell(self) -> None:
        self._control.say(ACCEPTING)
        if self._greeting:
            print(self._greeting, flush=True)  # noqa: T201

    # --- what it is told ---

    def _hear(self) -> None:
        for words in self._control.read():
            if words[0] == DRAIN:
                self._server.hand_over()
            elif words[0] == ENDED:
                self._burying = asyncio.create_task(duties.bury(words[1]))
        if not self._control.is_open:
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            self._end()

    def _end(self) -> None:
        self._server.end()
        duties.hurry()
        deadline = threading.Timer(LAST_SECONDS, os._exit, (1,))
        deadline.daemon = True
        deadline.start()

    async def _drain(self, *, lingers: bool) -> None:
        """Nothing is accepted any more; what was received is stored before anybody else is told to accept."""
        await duties.drain(lingers=lingers)
        self._control.say(HANDED_OVER)

    async def _linger(self) -> None:
        await duties.linger()
        self._control.say(DRAINED)


def _left_behind() -> list[str]:
    """Processes of an earlier start that could not say that they ended: the data directory is locked, it is ours."""
    return list(ServerProcess.objects.filter(role="web", ended_at=None).values_list("name", flat=True))


def _greeting(listener: socket.socket) -> str:
    """Where it is, and the one command that connects the demo's script."""
    host, port = listener.getsockname()[:2]
    local = url_of(host, port)
    lines = ["", f"Pluginhost is ready: {settings.PLUGINHOST_URL or local}"]
    with contextlib.suppress(NotFound):
        demo.finder()
        lines += ["To connect the demo's script, in a second terminal:", f"  {demo.connect_command(local)}"]
    return "\n".join([*lines, ""])


def _config() -> uvicorn.Config:
    return uvicorn.Config(
        asgi.application,
        loop="uvloop",
        http=LastingHttp,
        timeout_keep_alive=75,
        ws=LimitedWebSocket,
        ws_max_size=settings.PLUGINHOST_MESSAGE_LIMIT,
        ws_ping_interval=None,  # its 20 s would cut a callback that holds the interpreter; Engine.IO pings
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # dashboard.proxies
        server_header=False,
        timeout_graceful_shutdown=END_SECONDS,
    )
