"""A script's WebSocket as Engine.IO drives it, with a short way for log lines and answers to probes.

A packet costs the libraries a task, a timer, two turns of the loop and a dozen calls: more than storing the line does.
Lines come by thousands, so what is surely one goes to its handler at once, at its place among the other packets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from engineio.async_drivers import asgi

from .packets import LOG_PACKET, PROBE_ANSWER

# Then one goes the long way, on which the loop turns and the library's timer begins anew.
MOST_IN_A_ROW = 50

Take = Callable[[str, str], Awaitable[bool]]


class ScriptWebSocket(asgi.WebSocket):  # type: ignore[misc]
    """`take` gets the socket's id and a packet; False sends it the long way. `answered` gets the id alone."""

    def __init__(
        self, handler: Callable[..., Any], server: Any, *, take: Take, answered: Callable[[str], None]
    ) -> None:
        super().__init__(handler, server)
        self._socket: Any = handler.__self__  # type: ignore[attr-defined]
        self._take, self._answered = take, answered

    async def wait(self) -> str | bytes:
        """The next packet for the library."""
        packet = await super().wait()
        for _ in range(MOST_IN_A_ROW):
            if packet == PROBE_ANSWER and self._socket.upgraded:
                self._answered(self._socket.sid)
            elif not self._may_be_log(packet) or not await self._take(self._socket.sid, packet):
                break
            packet = await super().wait()
        return packet  # type: ignore[no-any-return]

    def _may_be_log(self, packet: str | bytes) -> bool:
        return isinstance(packet, str) and packet.startswith(LOG_PACKET) and bool(self._socket.upgraded)
