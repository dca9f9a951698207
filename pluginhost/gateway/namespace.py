"""The door for scripts: each handler parses, hands over, returns. No database in here: a slow handler cuts pings."""

from __future__ import annotations

import asyncio
from typing import Any

import socketio
from django.conf import settings

from pluginhost.protocol import payloads

from .gateway import Gateway
from .inbox import Gone, Refused
from .packets import NAMESPACE


class PluginNamespace(socketio.AsyncNamespace):  # type: ignore[misc]
    """`/plugin`. GuardedPacket has seen to it that only events with a method here come in."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(NAMESPACE)
        self._gateway = gateway
        self._limits = (settings.PLUGINHOST_LINE_LIMIT, settings.PLUGINHOST_EXTRA_LIMIT)

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        """Confirmed at once: clients wait one second. Who it is, its first heartbeat tells."""
        self._gateway.welcome(sid, environ)

    async def on_disconnect(self, sid: str, reason: str = "") -> None:
        peer = self._gateway.peer(sid)
        if peer is not None:
            transport = self._gateway.transport(peer)
            self._gateway.leave(peer, Gone(_spoken(reason), transport is not None and transport.is_too_large))

    async def on_heartbeat(self, sid: str, *arguments: Any) -> None:
        peer = self._gateway.peer(sid)
        if peer is None:
            return
        try:
            heartbeat = payloads.heartbeat(arguments)
        except payloads.Malformed as error:
            await self._gateway.put(peer, Refused(str(error)))
        else:
            self._gateway.identify(peer, heartbeat.plugin)
            peer.note_heartbeat(asyncio.get_running_loop().time())
            # A later heartbeat waits no more for a hello that could not be read.
            peer.awaits_hello = heartbeat.announces_hello and peer.verdict is None and not peer.has_said_hello
            await self._gateway.put(peer, heartbeat)

    async def on_hello(self, sid: str, *arguments: Any) -> None:
        peer = self._gateway.peer(sid)
        if peer is None:
            return
        try:
            hello = payloads.hello(arguments)
        except payloads.Malformed as error:
            await self._gateway.put(peer, Refused(str(error)))
        else:
            peer.has_said_hello, peer.instance = True, hello.instance
            await self._gateway.put(peer, hello)

    async def on_test_order(self, sid: str, *arguments: Any) -> None:
        """Our client's doctor asks whether orders come through, and their answers back."""
        peer = self._gateway.peer(sid)
        if peer is not None and peer.is_welcome and peer.has_said_hello:
            await self._gateway.send_test_order(peer)

    async def on_progress(self, sid: str, *arguments: Any) -> None:
        peer = self._gateway.peer(sid)
        if peer is None:
            return
        try:
            progress = payloads.progress(arguments)
        except payloads.Malformed as error:
            await self._gateway.put(peer, Refused(str(error)))
        else:
            await self._gateway.put(peer, progress)

    async def on_log(self, sid: str, *arguments: Any) -> None:
        peer = self._gateway.peer(sid)
        if peer is None:
            return
        try:
            parse = payloads.numbered_log if peer.has_said_hello else payloads.log
            log = parse(arguments, *self._limits)
        except payloads.Malformed as error:
            await self._gateway.put(peer, Refused(str(error)))
        else:
            await self._gateway.put(peer, log)

    async def on_response(self, sid: str, *arguments: Any) -> None:
        peer = self._gateway.peer(sid)
        if peer is None:
            return
        try:
            answer = payloads.response(arguments)
        except payloads.Malformed as error:
            await self._gateway.put(peer, Refused(str(error)))
        else:
            await self._gateway.put(peer, answer)

    async def on_malformed(self, sid: str, reason: str) -> None:
        peer = self._gateway.peer(sid)
        if peer is not None:
            await self._gateway.put(peer, Refused(f"An event could not be read: {reason}."))


def _spoken(reason: str) -> str:
    """Socket.IO's reasons for the end of a connection, in our words."""
    return {
        "client disconnect": "The script closed the connection.",
        "ping timeout": "The script did not answer pings.",
        "transport close": "The connection was closed.",
        "transport error": "The connection broke.",
        "server disconnect": "The server closed the connection.",
    }.get(reason, "The connection was closed.")
