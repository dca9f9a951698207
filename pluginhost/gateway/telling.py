"""What scripts that said hello are told: what is stored and need not be kept, what they need not go on with."""

from __future__ import annotations

import asyncio
from typing import Any

from .outcome import Outcome
from .packets import NAMESPACE
from .peer import Peer
from .server import ScriptServer

GATHER_SECONDS = 0.1


class Telling:
    """Receipts for lines are gathered: one event tells of hundreds."""

    def __init__(self, server: ScriptServer) -> None:
        self._server = server
        self._under_way: set[asyncio.Future[None]] = set()

    async def tell(self, outcome: Outcome) -> None:
        """After the commit; in the order in which it was stored, lines before the answers that came after them."""
        for peer, is_muted in outcome.muted.items():
            peer.is_muted = is_muted
        for peer, event, payload in outcome.to_tell:
            if event == "welcome":
                self._begin(peer)
            await self.tell_one(peer, event, payload)
        for (peer, session), line in outcome.lines.items():
            self._gather(peer, session, line)

    async def tell_one(self, peer: Peer, event: str, payload: dict[str, Any]) -> None:
        if not peer.is_gone:
            await self._server.emit(event, payload, to=peer.sid, namespace=NAMESPACE)

    def _begin(self, peer: Peer) -> None:
        """What it holds is known now: it may have work."""
        peer.awaits_hello = False
        peer.wake.set()

    def _gather(self, peer: Peer, session: str, line: int) -> None:
        if not peer.stored_lines:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._send_soon, peer)
        peer.stored_lines[session] = line

    def _send_soon(self, peer: Peer) -> None:
        sending = asyncio.ensure_future(self._send(peer))
        self._under_way.add(sending)  # the loop itself keeps only a weak reference
        sending.add_done_callback(self._under_way.discard)

    async def _send(self, peer: Peer) -> None:
        gathered, peer.stored_lines = peer.stored_lines, {}
        for session, line in gathered.items():
            await self.tell_one(peer, "stored", {"session": session, "line": line})
