"""The Socket.IO server as scripts need it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import socketio
from django.conf import settings
from engineio.packet import MESSAGE, Packet
from engineio.payload import Payload

from .door import Door
from .packets import EVENT_PACKET, NAMESPACE, PROBE, PROBE_NUMBER, GuardedPacket, SafeJson
from .transport import Transport, transport_in, transport_of
from .websocket import ScriptWebSocket

# The libraries log every packet at INFO, and with it the secret of each heartbeat. A logger that `getLogger` does
# not know keeps its level, whatever is configured later.
_library_logger = logging.Logger("pluginhost.gateway.library", logging.ERROR)
_library_logger.parent = logging.getLogger(__name__)

# Engine.IO answers a long-polling request of more packets with 200 and drops all of them.
Payload.max_decode_packets = 10_000


class ScriptServer(socketio.AsyncServer):  # type: ignore[misc]
    """One that keeps no socket for ever that never asks for the scripts' namespace, or has left it, and that knows the
    connection below each, also where long polling has gone over to a WebSocket (all clients up to 1.0 do)."""

    is_known: Callable[[str], bool]
    """Whether the gateway has let the script of this socket in."""
    answered: Callable[[str], None]
    """Called with the socket's name when it has answered a probe."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        websocket = partial(ScriptWebSocket, take=self._take_log, answered=self._take_answer)
        self.eio._async = {**self.eio._async, "websocket": websocket}
        self._upgrades: dict[str, Transport] = {}
        self._door = Door()
        self._closing: set[asyncio.Future[None]] = set()

    def transport_below(self, eio_sid: str | None) -> Transport | None:
        """The connection that carries this socket now; None for long polling."""
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None and socket.upgraded and eio_sid in self._upgrades:
            return self._upgrades[eio_sid]
        return transport_of(self.environ.get(eio_sid, {}))

    def raise_limit(self, eio_sid: str | None) -> None:
        """It has shown its secret: larger messages may come, also by the WebSocket that it is going over to."""
        for transport in (transport_of(self.environ.get(eio_sid, {})), self._upgrades.get(eio_sid or "")):
            if transport is not None:
                transport.raise_limit()

    def drop(self, eio_sid: str | None) -> None:
        """Cut it off without a word. One of long polling is forgotten: its next request is answered 400."""
        transport = self.transport_below(eio_sid)
        if transport is not None:
            transport.drop()
            return
        socket = self.eio.sockets.pop(eio_sid, None)  # one that is found closed would be answered 500
        if socket is not None:
            closing = asyncio.ensure_future(socket.close(wait=False, abort=True))
            self._closing.add(closing)  # the loop itself keeps only a weak reference
            closing.add_done_callback(self._closing.discard)

    async def handle_request(self, scope: dict[str, Any], *channel: Any) -> Any:
        """The whole life of a WebSocket, or one request of long polling."""
        with self._upgrading(scope):
            if scope["type"] != "websocket":
                return await super().handle_request(scope, *channel)
            async with self._door.place(scope):
                return await super().handle_request(scope, *channel)

    async def _handle_connect(self, eio_sid: str, namespace: str, data: Any) -> None:
        await super()._handle_connect(eio_sid, namespace, data)
        self._door.leave(self.environ.get(eio_sid, {}).get("asgi.scope", {}))

    async def _take_log(self, eio_sid: str, packet: str) -> bool:
        """The short way of a log event; what is not quite one, the long way says."""
        sid = self.manager.sid_from_eio_sid(eio_sid, NAMESPACE)
        if not self.manager.is_connected(sid, NAMESPACE) or eio_sid in self._binary_packet:
            return False
        try:
            event = SafeJson.loads(packet[len(EVENT_PACKET) :])
        except ValueError:
            return False
        try:
            await self.namespace_handlers[NAMESPACE].on_log(sid, *event[1:])
        except Exception:  # as on the long way: it must not end the connection
            _library_logger.exception("a log line could not be taken")
        return True

    async def probe(self, eio_sid: str | None) -> bool:
        """Ask whether it is there. Past the library's bookkeeping of acknowledgements: there are thousands a minute."""
        socket = self.eio.sockets.get(eio_sid)
        if socket is None or socket.closed:
            return False
        transport = self.transport_below(eio_sid)
        if transport is not None:
            return transport.say(f"{MESSAGE}{PROBE}")
        await socket.send(Packet(MESSAGE, data=PROBE))
        return True

    def _take_answer(self, eio_sid: str) -> None:
        self.answered(self.manager.sid_from_eio_sid(eio_sid, NAMESPACE) or "")

    async def _handle_ack(self, eio_sid: str, namespace: str, id: int, data: Any) -> None:
        if id == PROBE_NUMBER:
            self._take_answer(eio_sid)
        else:
            await super()._handle_ack(eio_sid, namespace, id, data)

    @contextlib.contextmanager
    def _upgrading(self, scope: dict[str, Any]) -> Iterator[None]:
        """A WebSocket that names a socket is long polling that goes over to it."""
        transport, eio_sid = transport_in(scope), _sid_in(scope)
        socket = self.eio.sockets.get(eio_sid)
        if socket is None or socket.upgraded or transport is None:
            yield
            return
        self._upgrades[eio_sid] = transport
        if self.is_known(eio_sid):
            self.raise_limit(eio_sid)
        loop = asyncio.get_running_loop()
        loop.call_later(settings.PLUGINHOST_ANONYMOUS_SECONDS, self._drop_unless_upgraded, eio_sid, transport)
        try:
            yield
        finally:
            if self._upgrades.get(eio_sid) is transport:
                del self._upgrades[eio_sid]
            if not socket.upgraded:
                socket.upgrading = False  # Engine.IO may leave it on, and polling would get nothing any more

    def _drop_unless_upgraded(self, eio_sid: str, transport: Transport) -> None:
        """Engine.IO waits without end for the packet that completes it."""
        if self.transport_below(eio_sid) is not transport:
            transport.drop()

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
        self.drop(eio_sid)


def _sid_in(scope: dict[str, Any]) -> str:
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("sid", [""])[0]


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
