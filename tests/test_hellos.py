"""Our own client says hello: what it names is its, what it hands back is queued, what it has forgotten has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost.actions import claims, connection_wishes, connections, hellos, plugins, round_trips, sessions, signs
from pluginhost.actions.connections import Caller
from pluginhost.actions.round_trips import RoundTrip
from pluginhost.gateway import storing
from pluginhost.gateway.inbox import Acknowledged, Item
from pluginhost.gateway.peer import Peer
from pluginhost.models import Connection, LogHead, LogLine, Response, Session
from pluginhost.protocol import dialects, payloads
from pluginhost.protocol.payloads import Answer, Heartbeat, Hello, Log, Malformed

from . import makers

pytestmark = pytest.mark.django_db(transaction=True)
State = Session.State
NOW = timezone.now()


def hello(*names, back=(), instance="box-1", boot="b1", leaving=False, concurrency=None):
    told = {"client": "pluginhost.client", "version": "1.0.0", "boot": boot, "pid": 7}
    return Hello(instance, names, tuple(back), leaving, concurrency, told)


@pytest.fixture
def secret(alice, plugin):
    return plugins.reveal_secret(makers.principal(alice), plugin)


@pytest.fixture
def connect(plugin, secret):
    """A script with our client connects and says hello; gives its connection, and what it need not go on with."""

    def connected(*names, **more):
        caller = Caller("sid", "10.0.0.1", "websocket")
        verdict = connections.greet(caller, None, plugin.uid, secret, None, timezone.now(), True)
        over = hellos.hear(verdict.connection, hello(*names, **more), timezone.now())
        verdict.connection.refresh_from_db()
        return verdict.connection, over

    return connected


@pytest.fixture
def at_work(alice, project, plugin, connect):
    """A session on which a script with our client is at work."""

    def begun(**more):
        session = makers.make_session(alice, project, plugin)
        connection, _ = connect(**more)
        order = claims.claim(connection.pk)
        assert claims.mark_sent(order.session_id, connection.pk)
        signs.seen(Session.objects.get(pk=session.pk), connection=connection)
        session.refresh_from_db()
        return session, connection

    return begun


def close(connection):
    connections.close(connection, "The connection broke.", timezone.now())


def state_of(session):
    session.refresh_from_db()
    return session.state


def test_it_works(at_work, connect):
    session, first = at_work()
    close(first)
    assert state_of(session) == State.LOST
    second, over = connect(session.uid)
    assert (state_of(session), session.connection, over) == (State.RUNNING, second, [])
    assert not session.is_presumed_alive
    assert (second.dialect, second.client_version, second.instance) == ("pluginhost.client", "1.0.0", "box-1")
    assert second.told["pid"] == 7


def test_its_connection_is_taken_over_where_the_old_one_is_not_known_to_be_gone(at_work, connect):
    session, first = at_work()
    second, _ = connect(session.uid)
    close(first)
    assert (state_of(session), session.connection) == (State.RUNNING, second)


def test_nothing_is_presumed_of_a_script_that_announces_a_hello(alice, project, plugin, secret):
    session = makers.make_running(alice, project, plugin)
    close(session.connection)
    caller = Caller("sid", "10.0.0.1", "websocket")
    connections.greet(caller, None, plugin.uid, secret, None, timezone.now(), True)
    assert state_of(session) == State.LOST


def test_no_published_client_is_presumed_to_hold_the_sessions_of_ours(at_work, plugin, secret):
    session, first = at_work()
    close(first)
    connections.greet(Caller("sid", "10.0.0.1", "websocket"), None, plugin.uid, secret, None, timezone.now())
    assert state_of(session) == State.LOST


def test_what_its_instance_has_forgotten_has_crashed_at_once(at_work, connect):
    session, first = at_work()
    close(first)
    connect(boot="b2")
    assert state_of(session) == State.CRASHED
    assert "started anew, as process 7" in session.reason


def test_what_the_same_process_does_not_know_any_more_has_crashed_too(at_work, connect):
    session, _ = at_work()
    connect()
    assert state_of(session) == State.CRASHED
    assert "does not know this session" in session.reason


def test_an_order_that_never_arrived_goes_back_into_the_queue(alice, project, plugin, connect):
    session = makers.make_session(alice, project, plugin)
    first, _ = connect()
    order = claims.claim(first.pk)
    claims.mark_sent(order.session_id, first.pk)
    close(first)
    second, _ = connect()
    assert state_of(session) == State.QUEUED
    assert claims.claim(second.pk).session_id == session.pk


def test_another_instance_ends_nothing(at_work, connect):
    session, first = at_work()
    close(first)
    connect(instance="box-2", boot="b2")
    assert state_of(session) == State.LOST


def test_two_running_scripts_of_one_name_end_nothing_of_each_other(at_work, connect):
    session, _ = at_work()
    connect(boot="b2")
    assert state_of(session) == State.RUNNING


def test_a_crashed_session_that_is_named_lives_again(at_work, connect):
    session, first = at_work()
    close(first)
    connect(boot="b2")
    connect(session.uid, boot="b1")
    assert state_of(session) == State.RUNNING


def test_what_was_handed_back_is_queued_at_its_place_with_a_new_key(alice, at_work, project, plugin, connect):
    session, connection = at_work()
    key = Session.objects.get(pk=session.pk).key_digest
    makers.make_session(alice, project, plugin)
    hellos.hear(connection, hello(back=[session.uid], leaving=True), timezone.now())
    assert (state_of(session), session.connection, session.last_sign_at) == (State.QUEUED, None, None)
    assert claims.claim(connection.pk) is None  # it is leaving
    other, _ = connect(instance="box-2")
    assert claims.claim(other.pk).session_id == session.pk
    assert Session.objects.get(pk=session.pk).key_digest != key


def test_what_a_stranger_hands_back_stays(at_work, connect):
    session, _ = at_work()
    other, _ = connect(instance="box-2")
    hellos.hear(other, hello(back=[session.uid], instance="box-2"), timezone.now())
    assert state_of(session) == State.RUNNING


def test_what_another_script_is_at_work_on_is_not_taken_from_it(at_work, connect):
    session, first = at_work()
    _, over = connect(session.uid, instance="box-2")
    assert over == [session.uid]
    assert (state_of(session), session.connection) == (State.RUNNING, first)


def test_a_cancelled_session_that_is_handed_back_is_cancelled(alice, at_work):
    session, connection = at_work()
    sessions.cancel(makers.principal(alice), session)
    hellos.hear(connection, hello(back=[session.uid]), timezone.now())
    assert state_of(session) == State.CANCELLED


def test_it_is_told_what_it_need_not_go_on_with(alice, at_work, connect):
    session, first = at_work()
    close(first)
    sessions.cancel(makers.principal(alice), session)
    _, over = connect(session.uid, "no such session")
    assert over == [session.uid, "no such session"]


def test_another_plugins_sessions_are_nobodys(alice, organization, project, connect):
    other = makers.make_plugin(alice, organization, name="Other")
    session = makers.make_running(alice, project, other)
    _, over = connect(session.uid, back=[session.uid])
    assert over == [session.uid]
    assert state_of(session) == State.RUNNING


@pytest.mark.parametrize(("takes", "gets"), [(1, 1), (2, 2), (9, 3), (None, 3)])
def test_it_gets_no_more_at_once_than_it_takes_and_its_plugin_allows(alice, project, plugin, connect, takes, gets):
    plugins.edit(makers.principal(alice), plugin, {"concurrency": 3})
    connection, _ = connect(concurrency=takes)
    for _ in range(4):
        makers.make_session(alice, project, plugin)
    assert sum(claims.claim(connection.pk) is not None for _ in range(4)) == gets


def test_a_draining_connection_gets_no_new_sessions(alice, project, plugin, connect):
    connection, _ = connect()
    makers.make_session(alice, project, plugin)
    connection_wishes.drain(makers.principal(alice), connection)
    assert claims.claim(connection.pk) is None
    assert hellos.is_draining(connection.pk)
    connection_wishes.fill_again(makers.principal(alice), connection)
    assert claims.claim(connection.pk) is not None


def test_a_disconnected_one_is_kept_without_work_whatever_it_says(alice, plugin, secret, at_work):
    session, connection = at_work()
    connection_wishes.disconnect(makers.principal(alice), connection)
    assert not connections.recheck(connection.pk, timezone.now())
    assert state_of(session) == State.LOST
    caller = Caller("sid", "10.0.0.1", "websocket")
    verdict = connections.greet(caller, None, plugin.uid, secret, connection.pk, timezone.now())
    assert (verdict.is_welcome, verdict.reason) == (False, connections.ASKED_TO_GO)


# --- through the inbox ---


def peer_of(plugin, connection, has_said_hello=True):
    made = Peer(Caller("sid", "10.0.0.1", "websocket"), plugin.uid, connections.Verdict(connection, True))
    made.has_said_hello = has_said_hello
    return made


def items(peer, *reports):
    return [[Item(peer, timezone.now(), report) for report in reports]]


def lines(session, *numbers):
    return [Log(session.uid, 20, f"line {number}", "", number) for number in numbers]


def test_what_is_said_twice_is_stored_once_and_acknowledged_each_time(plugin, at_work):
    session, connection = at_work()
    peer = peer_of(plugin, connection)
    first = storing.store(items(peer, *lines(session, 1, 2, 3)))
    second = storing.store(items(peer, *lines(session, 2, 3, 4)))
    assert list(LogLine.objects.values_list("number", "message")) == [(n, f"line {n}") for n in (1, 2, 3, 4)]
    assert LogHead.objects.get().told_up_to == 4
    assert [stored.outcome.lines[peer, session.uid] for stored in (first, second)] == [3, 4]


def test_lines_of_published_clients_are_never_taken_for_repeated_ones(plugin, at_work):
    session, connection = at_work()
    peer = peer_of(plugin, connection, has_said_hello=False)
    stored = storing.store(items(peer, *[Log(session.uid, 20, "the same", "")] * 3))
    assert LogLine.objects.count() == 3
    assert not stored.outcome.lines


def test_a_line_that_waited_has_the_time_at_which_it_was_said(plugin, at_work):
    session, connection = at_work()
    before = timezone.now()
    storing.store(items(peer_of(plugin, connection), Log(session.uid, 20, "late", "", 1, 60.0)))
    said = before - LogLine.objects.get().at
    assert timedelta(seconds=59) < said < timedelta(seconds=61)
    session.refresh_from_db()
    assert session.last_sign_at > before - timedelta(seconds=5)


def test_the_second_script_of_a_session_counts_on(plugin, at_work, connect):
    session, connection = at_work()
    storing.store(items(peer_of(plugin, connection), *lines(session, 1, 2)))
    hellos.hear(connection, hello(back=[session.uid]), timezone.now())
    other, _ = connect(instance="box-2")
    claims.claim(other.pk)
    storing.store(items(peer_of(plugin, other), *lines(session, 3)))
    assert list(LogLine.objects.values_list("message", flat=True)) == ["line 1", "line 2", "line 3"]


def test_an_answer_that_is_said_again_is_acknowledged_and_kept_once(plugin, at_work):
    session, connection = at_work()
    peer = peer_of(plugin, connection)
    for _ in range(2):
        stored = storing.store(items(peer, Answer(session.uid, "text", "done")))
        assert stored.outcome.to_tell == [(peer, "answered", {"session": session.uid})]
    assert list(Response.objects.values_list("body", "came_late")) == [("done", False)]


def test_its_acknowledgement_says_that_the_order_came_and_ends_nothing(plugin, at_work):
    session, connection = at_work()
    storing.store(items(peer_of(plugin, connection), Acknowledged(session.pk, ())))
    assert state_of(session) == State.RUNNING


def test_after_quarantine_nothing_is_taken_until_it_says_hello_again(alice, plugin, secret, at_work):
    """A later line that was taken would hide that one before it was refused."""
    session, connection = at_work()
    peer = peer_of(plugin, connection)
    plugins.quarantine(makers.principal(alice), plugin, "Look at it.")
    stored = storing.store(items(peer, Heartbeat(plugin.uid, secret), *lines(session, 1)))
    peer.verdict, peer.is_muted = stored.verdicts[peer], stored.outcome.muted[peer]
    assert peer.is_muted
    plugins.release(makers.principal(alice), plugin)
    stored = storing.store(items(peer, Heartbeat(plugin.uid, secret), *lines(session, 2)))
    assert [event for _, event, _ in stored.outcome.to_tell] == ["again"]
    assert not LogLine.objects.exists()
    peer.verdict = stored.verdicts[peer]
    stored = storing.store(items(peer, hello(session.uid), *lines(session, 1, 2)))
    assert [event for _, event, _ in stored.outcome.to_tell] == ["welcome"]
    assert LogLine.objects.count() == 2


def test_lines_of_a_session_that_is_not_there_are_acknowledged_so_that_it_forgets_them(plugin, connect):
    connection, _ = connect()
    peer = peer_of(plugin, connection)
    gone = [Log("gone", 20, "x", "", 1), Answer("gone", "text", "x")]
    stored = storing.store(items(peer, *gone))
    assert stored.outcome.lines == {(peer, "gone"): 1}
    assert stored.outcome.to_tell == [(peer, "answered", {"session": "gone"})]


def test_what_it_says_of_a_session_that_another_script_has_by_now_is_refused(plugin, at_work, connect):
    session, _ = at_work(instance="box-2", boot="b9")
    late, _ = connect()
    peer = peer_of(plugin, late)
    peer.instance = "box-1"
    stored = storing.store(items(peer, *lines(session, 1), Answer(session.uid, "text", "long ago")))
    assert state_of(session) == State.RUNNING
    assert not LogLine.objects.exists()
    assert (stored.outcome.lines, len(stored.outcome.to_tell)) == ({(peer, session.uid): 1}, 1)


# --- what is learned ---


def test_a_round_trip_is_kept(connect):
    connection, _ = connect()
    round_trips.note_round_trips([RoundTrip(connection.pk, NOW, 1.5, 20.0)])
    connection.refresh_from_db()
    assert (connection.round_trip_ms, connection.slowest_ms, connection.probed_at) == (1.5, 20.0, NOW)


@pytest.mark.parametrize(
    ("report", "dialect"),
    [
        (("error", ""), dialects.DICT_STYLE),
        (("nothing", ""), dialects.KEYWORD_STYLE),
        (("text", "done"), dialects.WEBSOCKET),
    ],
)
def test_an_answer_tells_which_generation_it_is(alice, project, plugin, report, dialect):
    session = makers.make_running(alice, project, plugin)
    caller = Caller("sid", "10.0.0.1", "websocket", dialects.at_first("websocket", ""))
    peer = Peer(caller, plugin.uid, connections.Verdict(session.connection, True))
    storing.store(items(peer, Answer(session.uid, *report)))
    assert (peer.dialect or caller.dialect) == dialect


def test_so_does_silence(alice, project, plugin):
    session = makers.make_running(alice, project, plugin)
    caller = Caller("sid", "10.0.0.1", "websocket", dialects.at_first("websocket", ""))
    peer = Peer(caller, plugin.uid, connections.Verdict(session.connection, True))
    storing.store(items(peer, Acknowledged(session.pk, ())))
    assert Connection.objects.get(pk=session.connection_id).dialect == dialects.DICT_STYLE


def test_long_polling_tells_its_library():
    assert dialects.at_first("polling", "python-requests/2.31 x") == "ango up to 1.0 (python-requests/2.31)"
    assert len(dialects.at_first("polling", "x" * 500)) <= 40


# --- what does not parse ---


@pytest.mark.parametrize(
    "event",
    [
        (),
        ("x",),
        ({},),
        ({"instance": 3},),
        ({"instance": " "},),
        ({"instance": "a", "sessions": "s1"},),
        ({"instance": "a", "sessions": [1]},),
        ({"instance": "a", "handed_back": {}},),
        ({"instance": "a", "sessions": ["s"] * 1_001},),
    ],
)
def test_a_hello_that_is_none_is_refused(event):
    with pytest.raises(Malformed):
        payloads.hello(event)


def test_a_hello_may_hold_odd_things():
    parsed = payloads.hello(
        ({"instance": "a\0" * 500, "pid": 10**40, "concurrency": True, "version": ["x"], "leaving": 1, "other": {}},)
    )
    assert len(parsed.instance) == 120
    assert "\0" not in parsed.instance
    assert (parsed.concurrency, parsed.is_leaving, parsed.told["pid"]) == (None, False, 2**53)
    assert "version" not in parsed.told


@pytest.mark.parametrize("line", [None, 0, -1, 1.5, "1", True, 2**60])
def test_a_line_without_a_good_number_is_refused(line):
    with pytest.raises(Malformed):
        payloads.numbered_log(({"session": "s", "msg": "x", "line": line},), 100, 100)


@pytest.mark.parametrize("ago", [-1, "1", None, float("nan"), 10**12])
def test_an_odd_time_counts_as_now(ago):
    assert payloads.numbered_log(({"session": "s", "msg": "x", "line": 1, "ago": ago},), 100, 100).ago == 0


@pytest.mark.parametrize(("done", "total"), [(None, 1), (1, 0), (-1, 2), ("1", "2"), (1.5, 2), (True, 2)])
def test_progress_that_is_none_is_refused(done, total):
    with pytest.raises(Malformed):
        payloads.progress(({"session": "s", "done": done, "total": total},))


def test_progress_past_its_end_is_the_end():
    assert payloads.progress(({"session": "s", "done": 9, "total": 3},)) == payloads.Progress("s", 3, 3)
