"""The gateway of one serving process: the sockets of scripts on one side, the database on the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from pluginhost.actions import processes
from pluginhost.actions.connections import Caller, Verdict
from pluginhost.models import ServerProcess
from pluginhost.protocol import dialects

from . import storing
from .desk import Desk
from .inbox import Gone, Item, Report
from .looking import Looking
from .packets import NAMESPACE
from .parting import REASON, Parting
from .peer import Peer
from .probing import Probing
from .quarantine import Quarantine
from .script import Script
from .server import ScriptServer
from .telling import Telling
from .transport import Transport, address_of

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.004
RETRY_SECONDS = 1.0


class Gateway:
    """Peers, desks, and the loop that stores what the desks' inboxes hold."""

    def __init__(self, server: ScriptServer) -> None:
        self.server = server
        server.is_known = self._is_welcome
        self._peers: dict[str, Peer] = {}
        self._telling = Telling(server)
        self._probing = Probing(server, self._peers, self.in_thread)
        self._looking = Looking(self._peers, self.in_thread)
        self._quarantine = Quarantine(server, self._peers, post=self._post, drop=self.drop)
        self._parting = Parting(self._peers, self.in_thread, transport=self.transport, cut=self.drop, leave=self.leave)
        self._desks: dict[str, Desk] = {}
        self._anonymous = Desk("")
        self._full: set[Desk] = set()  # those in whose inboxes something waits, as far as it is not being stored
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gateway")
        self._something = asyncio.Event()
        self._process: ServerProcess | None = None
        self._storing: asyncio.Task[None] | None = None
        self._lease: asyncio.Task[None] | None = None
        self._is_stopping = False

    # --- the process ---

    async def start(self, name: str = "", dead: tuple[str, ...] = ()) -> None:
        """Begin to serve. `dead` are processes that the parent saw end: their connections are closed first."""
        for gone in dead:
            await self.in_thread(processes.ended, gone)
        self._process = await self.in_thread(processes.begin, "web", name)
        self._storing = asyncio.create_task(self._store_until_the_end(), name="gateway: storing")
        self._lease = asyncio.create_task(self._renew_lease(), name="gateway: lease")
        self._probing.start()
        self._looking.start(self._process.pk)

    async def hand_over(self) -> None:
        """Part from the scripts that a cut does not hurt, everything of theirs committed. `linger` for the others, then
        `stop`. Nobody must be accepted any more."""
        self._rest()
        if self._process is not None:
            await self._parting.part_from_most(self._process.pk)

    async def linger(self, seconds: float) -> None:
        """Go on storing what the others say until they have gone too; at most so long, or until `hurry`."""
        if self._process is not None:
            await self._parting.linger(self._process.pk, seconds)

    def hurry(self) -> None:
        self._parting.hurry()

    async def bury(self, name: str) -> None:
        """The process called `name` ended while scripts were with it."""
        await self.in_thread(processes.ended_just_now, name)

    async def stop(self) -> None:
        """Hear out the scripts, commit everything, cut their lines. Nobody must be accepted any more."""
        self._rest()
        await self._parting.part_from_all()
        await self._stop_storing()
        await self._store_rest()
        if self._process is not None:
            await self.in_thread(processes.ended, self._process.name, REASON)
        for desk in self._desks.values():
            desk.close()
        await self.in_thread(connections.close_all)
        self._thread.shutdown(wait=True)

    def _rest(self) -> None:
        """Ask no script, and look for no work."""
        self._probing.stop()
        self._looking.stop()

    async def _stop_storing(self) -> None:
        """Let it finish what it has taken out of the inboxes: cancelling it would lose that."""
        if self._lease is not None:
            self._lease.cancel()
        self._is_stopping = True
        self._something.set()
        if self._storing is not None:
            await self._storing

    async def in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run database work in the gateway's one thread, in the order it was asked for."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    # --- sockets ---

    def peer(self, sid: str) -> Peer | None:
        return self._peers.get(sid)

    def limit_for(self, eio_sid: str) -> int:
        """How large a request of this long-polling socket may be: little until it has shown a secret."""
        is_known = self._is_welcome(eio_sid)
        return int(settings.PLUGINHOST_MESSAGE_LIMIT if is_known else settings.PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT)

    def _is_welcome(self, eio_sid: str) -> bool:
        peer = self._peers.get(self.server.manager.sid_from_eio_sid(eio_sid, NAMESPACE) or "")
        return peer is not None and peer.is_welcome

    def transport(self, peer: Peer) -> Transport | None:
        """The connection below it as it is now; None for long polling."""
        return self.server.transport_below(self._eio_sid(peer))

    def _eio_sid(self, peer: Peer) -> str | None:
        return self.server.manager.eio_sid_from_sid(peer.sid, NAMESPACE)  # type: ignore[no-any-return]

    def welcome(self, sid: str, environ: dict[str, Any]) -> None:
        """A socket has opened. Until it tells who it is, it has some seconds and small messages."""
        transport = "polling" if "transport=polling" in environ.get("QUERY_STRING", "") else "websocket"
        address = address_of(environ, settings.PLUGINHOST_TRUSTED_PROXIES)[:64]
        peer = Peer(Caller(sid, address, transport, dialects.at_first(transport, environ.get("HTTP_USER_AGENT", ""))))
        self._peers[sid] = peer
        loop = asyncio.get_running_loop()
        peer.timer = loop.call_later(settings.PLUGINHOST_ANONYMOUS_SECONDS, self._drop_anonymous, peer)

    def identify(self, peer: Peer, plugin_uid: str) -> None:
        """From its first heartbeat on, all it says goes through the inbox of the plugin that it names."""
        if peer.plugin_uid is None:
            peer.plugin_uid = plugin_uid
            desk = self._desks.get(plugin_uid) or self._desks.setdefault(plugin_uid, Desk(plugin_uid))
            desk.peers.add(peer)

    async def put(self, peer: Peer, report: Report) -> None:
        """Into its plugin's inbox; a full one makes this script wait."""
        desk = self._desk_of(peer)
        self._post(peer, report)
        await desk.inbox.wait_for_room()

    def leave(self, peer: Peer, gone: Gone) -> None:
        """The socket has ended; what it said before is stored before."""
        if peer.is_gone:
            return
        peer.is_gone = peer.is_leaving = True
        peer.stop_timer()
        peer.wake.set()
        self._peers.pop(peer.sid, None)
        self._post(peer, gone)

    def drop(self, peer: Peer) -> None:
        """Cut the line without a word: a polite CLOSE is final for clients up to 1.0."""
        self.server.drop(self._eio_sid(peer))

    def _drop_anonymous(self, peer: Peer) -> None:
        if peer.verdict is None:
            self.drop(peer)

    # --- inboxes ---

    def _desk_of(self, peer: Peer) -> Desk:
        return self._desks.get(peer.plugin_uid or "", self._anonymous)

    def _post(self, peer: Peer, report: Report) -> None:
        desk = self._desk_of(peer)
        desk.inbox.put(Item(peer, datetime.now(UTC), report))
        self._full.add(desk)
        self._parting.heard(peer)
        self._something.set()

    async def _store_until_the_end(self) -> None:
        clock, next_at = asyncio.get_running_loop().time, 0.0
        while not self._is_stopping:
            await self._something.wait()
            # The first line after a silence is stored at once; then one commit serves many, more the longer it takes.
            await asyncio.sleep(max(next_at - clock(), 0))
            self._something.clear()
            began = clock()
            try:
                await self._store_once()
            except Exception:  # the edge of the loop that everybody's lines go through: it must go on
                logger.exception("something went wrong after storing")
            next_at = max(began + GATHER_SECONDS, clock() + (clock() - began) / 2)

    async def _store_rest(self) -> None:
        """Everything that is still in the inboxes; the last of it must not wait for a database that is away."""
        while self._full:
            if not await self._store_once():
                logger.error("the database is away: what scripts said last is lost")
                return

    async def _store_once(self) -> bool:
        """Store what the inboxes hold now; False when the database is away, and then what was not stored is kept."""
        full, self._full = self._full, set()
        if not full:
            return True
        taken = [(desk, desk.inbox.take()) for desk in full]
        stored = await self.in_thread(storing.store, [items for _, items in taken])
        for desk, items in taken:
            desk.inbox.put_back([item for item in items if id(item) in stored.left])
            _note_ends([item for item in items if id(item) not in stored.left])
        self._full.update(desk for desk, _ in taken if len(desk.inbox))
        for peer, verdict in stored.verdicts.items():
            await self._judge(peer, verdict)
        await self._telling.tell(stored.outcome)
        self._close_idle_desks([desk for desk, _ in taken])
        if stored.left and not self._is_stopping:
            await asyncio.sleep(RETRY_SECONDS)
        if self._full:
            self._something.set()
        return not stored.left

    def _close_idle_desks(self, desks: list[Desk]) -> None:
        for desk in desks:
            desk.peers = {peer for peer in desk.peers if not peer.is_gone}
            if desk.is_idle and desk is not self._anonymous:
                desk.close()
                self._desks.pop(desk.plugin_uid, None)

    # --- verdicts ---

    async def _judge(self, peer: Peer, verdict: Verdict) -> None:
        """What follows from a heartbeat: work for the welcome, quarantine for the others."""
        before, peer.verdict = peer.verdict, verdict
        if peer.is_gone:
            return
        peer.stop_timer()
        if verdict.connection is not None and peer.work is None:
            self._desks[peer.plugin_uid or ""].listen(verdict.connection.plugin_id, self._looking.soon)
            peer.work = asyncio.create_task(self._script(peer).work(), name=f"script {verdict.connection.pk}")
        if verdict.is_welcome:
            self.server.raise_limit(self._eio_sid(peer))
            if before is None or before.connection != verdict.connection or not before.is_welcome:
                peer.wake.set()  # for a mere renewal there is nothing new to look for
        else:
            await self._quarantine.keep(peer, verdict.reason)

    def _script(self, peer: Peer) -> Script:
        return Script(
            peer, in_thread=self.in_thread, send=self._send_order, put=self._post, tell=self._telling.tell_one
        )

    async def _send_order(self, peer: Peer, order: dict[str, Any], done: Callable[..., None]) -> None:
        await self.server.emit("plugin", order, to=peer.sid, namespace=NAMESPACE, callback=done)

    async def send_test_order(self, peer: Peer) -> None:
        """One that is no session's; its acknowledgement is told."""

        async def answered(*_: Any) -> None:
            await self._telling.tell_one(peer, "test_answered", {})

        await self.server.emit("plugin", {"test": True}, to=peer.sid, namespace=NAMESPACE, callback=answered)

    # --- the end ---

    async def _renew_lease(self) -> None:
        while True:
            await asyncio.sleep(settings.PLUGINHOST_LEASE_SECONDS / 3)
            try:
                await self.in_thread(processes.renew, self._process)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("the lease was not renewed: %s", error)


def _note_ends(stored: list[Item]) -> None:
    for item in stored:
        if isinstance(item.report, Gone):
            item.peer.is_over.set()
