"""Scripts that are kept without work: their sockets stay open, since who is cut off comes back in a storm."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping

from django.conf import settings

from .inbox import Refused, Report
from .packets import NAMESPACE
from .peer import Peer
from .server import ScriptServer

logger = logging.getLogger(__name__)


class Quarantine:
    def __init__(
        self,
        server: ScriptServer,
        peers: Mapping[str, Peer],
        *,
        post: Callable[[Peer, Report], None],
        drop: Callable[[Peer], None],
    ) -> None:
        self._server, self._peers, self._post, self._drop = server, peers, post, drop

    async def keep(self, peer: Peer, reason: str) -> None:
        """Tell it once, in the name of an event, and leave it be."""
        if peer.told != reason:
            peer.told = reason
            await self._server.emit(f"pluginhost: {reason}", to=peer.sid, namespace=NAMESPACE)
            logger.info("a script from %s is kept without work: %s", peer.caller.address, reason)
        loop = asyncio.get_running_loop()
        peer.timer = loop.call_later(settings.PLUGINHOST_QUARANTINE_SECONDS, self._thin_out, peer)

    def _thin_out(self, peer: Peer) -> None:
        """Beyond so many an address, they are cut all the same."""
        if peer.is_welcome or peer.is_gone:
            return
        kept = (other for other in self._peers.values() if other.verdict and not other.is_welcome)
        most = settings.PLUGINHOST_QUARANTINE_PER_ADDRESS
        if Counter(other.caller.address for other in kept)[peer.caller.address] > most:
            self._post(peer, Refused(f"Cut off: from one address, no more than {most} that are refused may stay."))
            self._drop(peer)
