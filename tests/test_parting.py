"""A process that hands over: who goes at once, who stays, and until when."""

import asyncio
from dataclasses import replace

import pytest
from django.db import OperationalError

from pluginhost.actions.connections import Caller, Verdict
from pluginhost.gateway import parting
from pluginhost.gateway.parting import Parting
from pluginhost.gateway.peer import HEARTBEAT_SECONDS, LATE_SECONDS, SOON_SECONDS, Peer
from pluginhost.models import Connection

PROCESS = 1


class Line:
    is_too_large = stays = is_half_closed = False

    def half_close(self) -> None:
        self.is_half_closed = True


class Scene:
    """Peers with a line each; `busy` are the connections that the database says are at work."""

    def __init__(self, monkeypatch) -> None:
        monkeypatch.setattr(parting, "QUIET_SECONDS", 0.01)
        monkeypatch.setattr(parting, "LOOK_SECONDS", 0.01)
        monkeypatch.setattr(parting, "LONGEST_STORING_SECONDS", 0.05)
        self.peers, self.lines, self.cut = {}, {}, []
        self.busy: set[int] = set()
        self.is_away = False

    def add(self, number: int, **facts) -> Peer:
        peer = Peer(Caller(f"sid-{number}", "127.0.0.1", "websocket", ""))
        peer.verdict = Verdict(connection=Connection(pk=number), is_welcome=True, reason="")
        peer.is_over.set()
        for name, value in facts.items():
            setattr(peer, name, value)
        self.peers[peer.sid] = peer
        self.lines[peer.sid] = Line()
        return peer

    async def in_thread(self, function, process_id):
        assert process_id == PROCESS
        if self.is_away:
            raise OperationalError("away")
        return list(self.busy)

    def leave(self, peer, gone) -> None:
        peer.is_gone = True
        del self.peers[peer.sid]

    @property
    def parting(self) -> Parting:
        return Parting(
            self.peers,
            self.in_thread,
            transport=lambda peer: self.lines[peer.sid],
            cut=self.cut.append,
            leave=self.leave,
        )

    def part_from_most(self) -> None:
        asyncio.run(self.parting.part_from_most(PROCESS))


@pytest.fixture
def scene(monkeypatch):
    return Scene(monkeypatch)


def test_who_is_idle_goes_and_who_is_at_work_stays(scene):
    idle, busy = scene.add(1), scene.add(2)
    scene.busy = {2}
    scene.part_from_most()
    assert scene.cut == [idle]
    assert list(scene.peers.values()) == [busy]
    assert [line.stays for line in scene.lines.values()] == [False, True]
    assert scene.lines[idle.sid].is_half_closed, "what it says until it notices is heard"


def test_nobody_gets_new_work(scene):
    busy = scene.add(2)
    scene.busy = {2}
    scene.part_from_most()
    assert busy.is_leaving
    assert busy.wake.is_set(), "its task ends"


def test_of_thousands_some_go_at_a_time(scene, monkeypatch):
    """Those that wait for their turn stay on the line: the next process accepts meanwhile."""
    monkeypatch.setattr(parting, "AT_ONCE", 2)
    for number in range(5):
        scene.add(number + 1)
    polling = scene.add(6)
    scene.lines[polling.sid] = None
    parted = scene.parting

    async def part() -> None:
        await parted.part_from_most(PROCESS)
        assert {peer.connection_id for peer in scene.cut} == {1, 6}
        assert all(scene.lines[peer.sid].stays for peer in scene.peers.values())
        await asyncio.wait_for(parted.linger(PROCESS, 60), 10)

    asyncio.run(part())
    assert sorted(peer.connection_id for peer in scene.cut) == [1, 2, 3, 4, 5, 6]


def test_our_own_client_goes_also_from_its_work(scene):
    own = scene.add(1, has_said_hello=True)
    scene.busy = {1}
    scene.part_from_most()
    assert scene.cut == [own]


def test_who_has_not_been_let_in_goes(scene):
    stranger = scene.add(1)
    stranger.verdict = replace(stranger.verdict, connection=None, is_welcome=False)
    scene.part_from_most()
    assert scene.cut == [stranger]


def test_long_polling_goes_since_its_requests_come_to_the_next_process(scene):
    polling = scene.add(1)
    scene.lines[polling.sid] = None
    scene.busy = {1}
    scene.part_from_most()
    assert scene.cut == [polling]


def test_while_the_database_is_away_everybody_may_be_at_work(scene):
    scene.add(1)
    scene.is_away = True
    scene.part_from_most()
    assert scene.cut == []


def test_what_cannot_be_stored_does_not_hold_up_the_next_process(scene, caplog):
    scene.add(1).is_over.clear()
    scene.part_from_most()
    assert "could be stored" in caplog.text


@pytest.mark.parametrize(
    ("due_in", "stays"),
    [
        (SOON_SECONDS - 0.5, True),
        (-LATE_SECONDS + 0.5, True),
        (SOON_SECONDS + 1, False),
        (-LATE_SECONDS - 0.5, False),
        (-1e9, False),
    ],
)
def test_who_is_about_to_send_a_heartbeat_stays_for_it(scene, due_in, stays):
    peer = scene.add(1)

    async def part() -> None:
        peer.heartbeat_due_at = asyncio.get_running_loop().time() + due_in
        await scene.parting.part_from_most(PROCESS)

    asyncio.run(part())
    assert (peer.sid in scene.peers) is stays


def test_the_next_heartbeat_is_due_a_minute_after_the_last():
    peer = Peer(Caller("sid", "127.0.0.1", "websocket", ""))
    peer.note_heartbeat(100.0)
    assert not peer.is_about_to_send_heartbeat(101.0)
    assert peer.is_about_to_send_heartbeat(100.0 + HEARTBEAT_SECONDS)


def test_it_lingers_until_the_last_session_has_ended(scene):
    scene.add(1)
    scene.add(2)
    scene.busy = {1, 2}

    async def linger() -> None:
        lingering = asyncio.create_task(scene.parting.linger(PROCESS, 60))
        await asyncio.sleep(0.05)
        assert not scene.cut
        scene.busy = {2}
        await asyncio.sleep(0.1)
        assert [peer.connection_id for peer in scene.cut] == [1]
        scene.busy = set()
        await asyncio.wait_for(lingering, 5)

    asyncio.run(linger())
    assert not scene.peers


def test_it_lingers_no_longer_than_it_may(scene):
    scene.add(1)
    scene.busy = {1}
    asyncio.run(asyncio.wait_for(scene.parting.linger(PROCESS, 0.05), 5))
    assert len(scene.peers) == 1, "the end of the process parts from it"


def test_haste_ends_it_at_once(scene):
    scene.add(1)
    scene.busy = {1}

    async def linger() -> None:
        parted = scene.parting
        lingering = asyncio.create_task(parted.linger(PROCESS, 60))
        await asyncio.sleep(0.02)
        parted.hurry()
        await asyncio.wait_for(lingering, 5)

    asyncio.run(linger())


def test_what_is_said_by_those_who_stay_does_not_prolong_the_farewell(scene, monkeypatch):
    monkeypatch.setattr(parting, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(parting, "LONGEST_FAREWELL_SECONDS", 60)
    scene.add(1)
    talkative = scene.add(2)
    scene.busy = {2}

    async def part() -> None:
        parted = scene.parting
        parting_now = asyncio.create_task(parted.part_from_most(PROCESS))
        while not parting_now.done():
            parted.heard(talkative)
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(part(), 10))
    assert [peer.connection_id for peer in scene.cut] == [1]
