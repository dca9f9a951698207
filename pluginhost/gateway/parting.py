"""How a process parts from its scripts: at its end from all, at a planned restart from those that a cut does not hurt.

A published client raises in the author's code when it writes its log while the line is down, and ends its process when
a heartbeat falls due meanwhile. So whoever is at work, or about to send a heartbeat, stays with the old process, which
gives it no new work and goes on storing what it says, until a cut hurts it no more. Our own client loses nothing and
goes at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from django.db import DatabaseError, InterfaceError

from . import questions
from .inbox import Gone
from .peer import Peer
from .transport import Transport

logger = logging.getLogger(__name__)

QUIET_SECONDS = 0.3
LONGEST_FAREWELL_SECONDS = 2.0
LONGEST_STORING_SECONDS = 5.0
LOOK_SECONDS = 0.5
AT_ONCE = 500
"""Of more, the next process could not accept before their ends are stored, and a client gives up after five seconds."""
REASON = "The server was restarted."


class Parting:
    """`cut` drops a socket; `leave` takes note of its end, behind all that it said."""

    def __init__(
        self,
        peers: Mapping[str, Peer],
        in_thread: Callable[..., Awaitable[Any]],
        *,
        transport: Callable[[Peer], Transport | None],
        cut: Callable[[Peer], None],
        leave: Callable[[Peer, Gone], None],
    ) -> None:
        self._peers, self._in_thread = peers, in_thread
        self._transport, self._cut, self._leave = transport, cut, leave
        self._going: set[Peer] = set()
        self._heard = asyncio.Event()
        self._haste = asyncio.Event()

    def heard(self, peer: Peer) -> None:
        """It has said something, or has gone."""
        if peer in self._going:
            self._heard.set()

    def hurry(self) -> None:
        """Nobody stays any longer."""
        self._haste.set()

    async def part_from_all(self) -> None:
        await self._part(list(self._peers.values()))

    async def part_from_most(self, process_id: int) -> None:
        """From all but those who stay. What the others said is stored, unless the database is away."""
        for peer in self._peers.values():
            peer.is_leaving = True
            peer.wake.set()
        going = await self._next_to_go(process_id)
        for peer in set(self._peers.values()) - set(going):
            transport = self._transport(peer)
            if transport is not None:
                transport.stays = True
        await self._part(going)
        await self._until_stored(going)

    async def linger(self, process_id: int, seconds: float) -> None:
        """Until the last has gone, at most so long; then, or in haste, the rest are still here."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._peers and not self._haste.is_set():
                    await self._part(going := await self._next_to_go(process_id))
                    if len(going) < AT_ONCE:
                        await self._wait()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._haste.wait(), LOOK_SECONDS)

    async def _next_to_go(self, process_id: int) -> list[Peer]:
        """Those first who cannot stay: the requests of long polling come to the next process already."""
        going = await self._may_go(process_id)
        return sorted(going, key=lambda peer: self._transport(peer) is not None)[:AT_ONCE]

    async def _may_go(self, process_id: int) -> list[Peer]:
        """Those of a published client stay that are at work, or about to send a heartbeat; while the database is away,
        it is not known who is at work."""
        try:
            busy = set(await self._in_thread(questions.at_work, process_id))
        except (DatabaseError, InterfaceError) as error:
            logger.warning("it is not known who is at work: %s", error)
            busy = {peer.connection_id for peer in self._peers.values()}
        now = asyncio.get_running_loop().time()
        return [peer for peer in self._peers.values() if not self._stays(peer, busy, now)]

    def _stays(self, peer: Peer, busy: set[int | None], now: float) -> bool:
        if peer.has_said_hello or peer.connection_id is None or self._transport(peer) is None:
            return False
        return peer.is_about_to_send_heartbeat(now) or peer.connection_id in busy

    async def _part(self, peers: Iterable[Peer]) -> None:
        """Close our side first: what the scripts sent until they noticed still comes in, and is stored."""
        self._going = {peer for peer in peers if not peer.is_gone}
        for peer in self._going:
            peer.is_leaving = True
            transport = self._transport(peer)
            if transport is not None:
                transport.half_close()
        await self._hear_out()
        for peer in self._going:
            if not peer.is_gone:
                self._cut(peer)
                self._leave(peer, Gone(REASON))

    async def _hear_out(self) -> None:
        with contextlib.suppress(TimeoutError):  # quiet for a while, or too long is too long
            async with asyncio.timeout(LONGEST_FAREWELL_SECONDS):
                while any(not peer.is_gone for peer in self._going):
                    self._heard.clear()
                    await asyncio.wait_for(self._heard.wait(), QUIET_SECONDS)

    async def _until_stored(self, peers: Iterable[Peer]) -> None:
        try:
            async with asyncio.timeout(LONGEST_STORING_SECONDS):
                for peer in peers:
                    await peer.is_over.wait()
        except TimeoutError:
            logger.error("not all that scripts said could be stored yet; it is tried on")
