"""The Socket.IO server as scripts need it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import socketio
from django.conf import settings
from engineio.payload import Payload

from .packets import NAMESPACE, GuardedPacket, SafeJson
from .transport import transport_of

# The libraries log every packet at INFO, and with it the secret of each heartbeat. A logger that `getLogger` does
# not know keeps its level, whatever is configured later.
_library_logger = logging.Logger("pluginhost.gateway.library", logging.ERROR)
_library_logger.parent = logging.getLogger(__name__)

# Engine.IO answers a long-polling request of more packets with 200 and drops all of them.
Payload.max_decode_packets = 10_000


class ScriptServer(socketio.AsyncServer):  # type: ignore[misc]
    """One that keeps no socket for ever that never asks for the scripts' namespace, or has left it."""

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        self._look_again(eio_sid)
        return await super()._handle_eio_connect(eio_sid, environ)

    def _look_again(self, eio_sid: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(settings.PLUGINHOST_ANONYMOUS_SECONDS, self._drop_if_nameless, eio_sid)

    def _drop_if_nameless(self, eio_sid: str) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is None or socket.closed:
            return
        if self.manager.sid_from_eio_sid(eio_sid, NAMESPACE) is not None:
            self._look_again(eio_sid)
            return
        transport = transport_of(self.environ.get(eio_sid, {}))
        if transport is not None:
            transport.drop()
        else:
            self.start_background_task(socket.close, wait=False, abort=True)


def new_server() -> ScriptServer:
    """With the limits of the settings. Origins: none (scripts) or our own; never `*`."""
    return ScriptServer(
        async_mode="asgi",
        async_handlers=False,  # else log lines overtake each other
        namespaces=[NAMESPACE],
        serializer=GuardedPacket,
        json=SafeJson,
        max_http_buffer_size=settings.PLUGINHOST_MESSAGE_LIMIT,
        ping_interval=settings.PLUGINHOST_PING_INTERVAL,
        ping_timeout=settings.PLUGINHOST_PING_TIMEOUT,
        logger=_library_logger,
        engineio_logger=_library_logger,
    )
