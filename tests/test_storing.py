"""Storing what waits in the inboxes: in order, all together, and one bad item costs nobody else a line."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost.actions import connections, plugins
from pluginhost.actions.connections import Caller, Verdict
from pluginhost.gateway import questions, storing
from pluginhost.gateway.inbox import Acknowledged, Gone, Inbox, Item, Refused
from pluginhost.gateway.peer import Peer
from pluginhost.models import Connection, LogLine, Response, Session
from pluginhost.protocol.payloads import Answer, Heartbeat, Log

from . import makers

pytestmark = pytest.mark.django_db(transaction=True)


def peer_of(plugin, connection=None):
    verdict = Verdict(connection, True) if connection else None
    return Peer(Caller("sid", "10.0.0.1", "websocket"), plugin.uid, verdict)


def item(peer, report):
    return Item(peer, timezone.now(), report)


def line(session, text, level=20):
    return Log(session.uid, level, text, "")


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


@pytest.fixture
def peer(plugin, session):
    return peer_of(plugin, session.connection)


def test_it_works(peer, session):
    storing.store([[item(peer, line(session, "one")), item(peer, Answer(session.uid, "text", "done"))]])
    session.refresh_from_db()
    assert session.state == Session.State.SUCCEEDED
    assert LogLine.objects.get().message == "one"
    assert not LogLine.objects.get().came_late


def test_a_heartbeat_and_what_follows_it_may_come_in_one_batch(alice, plugin, session):
    secret = plugins.reveal_secret(makers.principal(alice), plugin)
    newcomer = peer_of(plugin)
    stored = storing.store(
        [[item(newcomer, Heartbeat(plugin.uid, secret)), item(newcomer, line(session, "back again"))]]
    )
    assert stored.verdicts[newcomer].is_welcome
    assert LogLine.objects.get().message == "back again"


def test_lines_before_the_secret_was_shown_are_refused(plugin, session):
    stranger = peer_of(plugin)
    storing.store([[item(stranger, line(session, "let me in"))]])
    assert not LogLine.objects.exists()


def test_a_bad_item_costs_nobody_else_a_line(peer, session):
    bad = Log(session.uid, -1, "bad", "")  # a level that no parser lets through, and the database refuses
    storing.store([[item(peer, line(session, "before")), item(peer, bad), item(peer, line(session, "after"))]])
    assert list(LogLine.objects.values_list("number", "message")) == [(1, "before"), (2, "after")]


def test_another_plugins_session_is_refused_and_noted(alice, organization, session):
    other = makers.make_plugin(alice, organization, name="Other")
    connection = makers.make_connection(other)
    thief = peer_of(other, connection)
    storing.store([[item(thief, line(session, "mine")), item(thief, Answer(session.uid, "text", "mine"))]])
    connection.refresh_from_db()
    session.refresh_from_db()
    assert (connection.noted, session.state) == (2, Session.State.RUNNING)
    assert "none of this plugin's" in connection.noted_reason
    assert not LogLine.objects.exists()
    assert not Response.objects.exists()


def test_what_could_not_be_read_is_noted(peer, session):
    storing.store([[item(peer, Refused("A log event needs msg."))]])
    assert Connection.objects.get(pk=session.connection_id).noted_reason == "A log event needs msg."


def test_the_answer_comes_before_the_end_of_the_connection(peer, session):
    storing.store([[item(peer, Answer(session.uid, "text", "done")), item(peer, Gone("closed"))]])
    session.refresh_from_db()
    assert session.state == Session.State.SUCCEEDED
    assert Connection.objects.get().state == Connection.State.CLOSED


def test_an_acknowledgement_with_a_value_is_an_answer(peer, session):
    storing.store([[item(peer, Acknowledged(session.pk, ("done by acknowledgement",)))]])
    session.refresh_from_db()
    assert session.message_head == "done by acknowledgement"


def test_a_message_over_the_limit_fails_the_connections_only_session(peer, session):
    storing.store([[item(peer, Gone("closed", was_too_large=True))]])
    session.refresh_from_db()
    assert session.state == Session.State.FAILED
    assert "larger than 32 MB" in session.reason


def test_lines_of_two_sessions_keep_their_own_order(alice, project, plugin, peer, session):
    second = makers.make_running(alice, project, plugin)
    items = [item(peer, line(one, f"{count}")) for count in range(50) for one in (session, second)]
    storing.store([items])
    for one in (session, second):
        lines = LogLine.objects.filter(session=one).values_list("number", "message")
        assert list(lines) == [(count + 1, str(count)) for count in range(50)]


def test_a_full_inbox_takes_no_more_than_a_transaction_should_have():
    inbox = Inbox()
    for _ in range(2_500):
        inbox.put(Item(None, timezone.now(), Refused("")))
    first = inbox.take()
    inbox.put_back(first)
    assert (len(first), len(inbox)) == (2_000, 2_500)


def test_the_grace_of_a_lost_session_counts_from_when_the_socket_went(peer, session):
    gone = Item(peer, timezone.now() - timedelta(seconds=3), Gone("closed"))
    storing.store([[gone]])
    session.refresh_from_db()
    assert session.lost_at == gone.at


def test_recheck_knows_a_closed_connection(peer, session):
    connections.close(session.connection, "gone", timezone.now())
    assert not questions.recheck(peer)


def test_what_comes_after_a_script_was_found_out_of_service_brings_nothing_back(alice, plugin, peer, session):
    """The loop has not heard of it yet: the verdict on the peer is still the old one."""
    plugins.quarantine(makers.principal(alice), plugin, "Look at it.")
    assert not questions.recheck(peer)
    storing.store([[item(peer, line(session, "still talking"))]])
    session.refresh_from_db()
    assert session.state == Session.State.LOST
    assert not LogLine.objects.exists()
