"""Every script is asked now and then whether it is there, and how long its answer took is kept."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from pluginhost.actions import round_trips
from pluginhost.actions.round_trips import RoundTrip

from .packets import NAMESPACE
from .peer import Peer
from .server import ScriptServer

logger = logging.getLogger(__name__)

LOOKS_EACH_ROUND = 15
"""So often in a round it is looked whose turn it is: the probes are spread over the round."""
LONGEST_WAIT = 4
"""Rounds after which an answer is not waited for any more."""
_AWAY = (DatabaseError, InterfaceError)


class Probing:
    """A probe is an event that no client knows, with an acknowledgement, which every client sends at once."""

    def __init__(
        self, server: ScriptServer, peers: Mapping[str, Peer], in_thread: Callable[..., Awaitable[Any]]
    ) -> None:
        self._server, self._peers, self._in_thread = server, peers, in_thread
        self._trips: dict[int, RoundTrip] = {}
        self._task: asyncio.Task[None] | None = None
        server.answered = self._answered

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="gateway: probes")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        clock, keep_at = asyncio.get_running_loop().time, 0.0
        while True:
            every = float(settings.PLUGINHOST_PROBE_SECONDS)
            await asyncio.sleep(every / LOOKS_EACH_ROUND)
            await self._probe_due(clock(), every)
            if clock() >= keep_at and self._trips:
                keep_at = clock() + every
                await self._keep()

    async def _probe_due(self, now: float, every: float) -> None:
        """Those whose turn it is; the first turn is drawn by lot, so that they do not come all at once."""
        for peer in list(self._peers.values()):
            if peer.connection_id is None or peer.is_leaving or now < peer.next_probe_at:
                continue
            if peer.next_probe_at and not _is_waited_for(peer, now, every):
                was_asked = await self._server.probe(self._server.manager.eio_sid_from_sid(peer.sid, NAMESPACE))
                peer.probed_at = asyncio.get_running_loop().time() if was_asked else 0.0
            peer.next_probe_at = now + every * (1.0 if peer.next_probe_at else random.random())  # noqa: S311

    def _answered(self, sid: str) -> None:
        peer = self._peers.get(sid)
        if peer is None or peer.connection_id is None or not peer.probed_at:
            return
        milliseconds = (asyncio.get_running_loop().time() - peer.probed_at) * 1000
        peer.probed_at, peer.slowest_ms = 0.0, max(peer.slowest_ms, milliseconds)
        self._trips[peer.connection_id] = RoundTrip(
            peer.connection_id, datetime.now(UTC), round(milliseconds, 1), round(peer.slowest_ms, 1)
        )

    async def _keep(self) -> None:
        """All in one transaction."""
        trips, self._trips = self._trips, {}
        try:
            await self._in_thread(round_trips.note_round_trips, list(trips.values()))
        except _AWAY as error:
            logger.warning("round trips were not kept: %s", error)


def _is_waited_for(peer: Peer, now: float, every: float) -> bool:
    """It has been asked and not answered yet: its answer, when it comes, tells how long it took."""
    return bool(peer.probed_at) and now < peer.probed_at + LONGEST_WAIT * every
