"""Scripts come, are let in or kept in quarantine, and go."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import (
    claims,
    connection_wishes,
    connections,
    plugins,
    processes,
    sessions,
    unknown_callers,
)
from pluginhost.actions.connections import Caller
from pluginhost.models import Connection, Session, UnknownCaller

from . import makers

CALLER = Caller("sid", "10.0.0.1", "websocket")


@pytest.fixture
def secret(alice, plugin):
    return plugins.reveal_secret(makers.principal(alice), plugin)


def greet(plugin, secret, known=None, caller=CALLER, at=None):
    return connections.greet(caller, None, plugin.uid, secret, known, at or timezone.now())


def test_it_works(plugin, secret):
    verdict = greet(plugin, secret)
    assert verdict.is_welcome
    assert verdict.connection.state == Connection.State.OPEN


def test_a_second_heartbeat_renews_the_same_connection(plugin, secret):
    first = greet(plugin, secret).connection
    assert greet(plugin, secret, first.pk).connection == first
    assert Connection.objects.count() == 1


def test_a_mere_renewal_asks_once_and_writes_once(plugin, secret):
    first = greet(plugin, secret).connection
    greet(plugin, secret, first.pk)
    later = timezone.now() + timedelta(minutes=1)
    with CaptureQueriesContext(database) as asked:
        assert greet(plugin, secret, first.pk, at=later).is_welcome
    assert [query["sql"].split()[0] for query in asked if "SAVEPOINT" not in query["sql"]] == ["SELECT", "UPDATE"]
    first.refresh_from_db()
    assert first.last_seen_at == later


def test_a_renewal_of_a_quarantined_plugins_script_is_none(alice, plugin, secret):
    first = greet(plugin, secret).connection
    plugins.quarantine(makers.principal(alice), plugin, "GPU is away.")
    verdict = greet(plugin, secret, first.pk)
    assert (verdict.is_welcome, verdict.connection.pk, verdict.reason) == (False, first.pk, "GPU is away.")


def test_a_renewal_of_one_that_was_asked_to_go_is_none(alice, plugin, secret):
    first = greet(plugin, secret).connection
    Connection.objects.filter(pk=first.pk).update(is_to_go=True)  # asked for just now, and not looked at yet
    assert not greet(plugin, secret, first.pk).is_welcome


def test_a_renewal_passes_for_no_other_process(plugin, secret, django_capture_on_commit_callbacks):
    """Whoever watches the database for others' writing must not take it for theirs, once a minute for each script."""
    first = greet(plugin, secret).connection
    before = nudge.own_writes()
    with django_capture_on_commit_callbacks(execute=True):
        greet(plugin, secret, first.pk)
    assert nudge.own_writes() > before


def test_an_unknown_plugin_has_no_connection_and_is_written_down_once(db):
    for _ in range(3):
        verdict = connections.greet(CALLER, None, "no such id", "x", None, timezone.now())
    assert (verdict.connection, verdict.is_welcome) == (None, False)
    caller = UnknownCaller.objects.get()
    assert (caller.given_id, caller.address, caller.tries, caller.is_deleted) == ("no such id", "10.0.0.1", 3, False)


def test_a_deleted_plugin_is_known_to_have_been_there(alice, plugin):
    plugins.delete(makers.principal(alice), plugin)
    assert greet(plugin, "x").connection is None
    assert UnknownCaller.objects.get().is_deleted


@pytest.mark.parametrize("odd", ["", "x" * 10_000, "nul\0", "\ud800 half of a letter", "<YOUR PLUGIN ID>", "‮"])
def test_whatever_stands_in_the_place_of_an_id_is_kept(db, odd):
    connections.greet(CALLER, None, odd, "x", None, timezone.now())
    given = UnknownCaller.objects.get().given_id
    assert len(given) == min(len(odd), 64)
    assert given.isprintable()


def test_strangers_cannot_fill_the_table(db, monkeypatch):
    monkeypatch.setattr(unknown_callers, "MOST", 5)
    for number in range(8):
        connections.greet(CALLER, None, f"id {number}", "x", None, timezone.now())
    assert [caller.given_id for caller in UnknownCaller.objects.all()] == [f"id {number}" for number in range(7, 2, -1)]


def test_a_wrong_secret_is_listed_once_however_often_it_is_tried(plugin):
    for sid in ("a", "b", "c"):
        assert not greet(plugin, "wrong", caller=Caller(sid, "10.0.0.1", "websocket")).is_welcome
    refused = Connection.objects.get()
    assert (refused.state, refused.refusals, refused.was_accepted) == (Connection.State.QUARANTINED, 3, False)


def test_a_refused_socket_is_let_in_when_the_secret_is_right(plugin, secret):
    refused = greet(plugin, "wrong").connection
    assert greet(plugin, secret, refused.pk).is_welcome
    refused.refresh_from_db()
    assert (refused.state, refused.was_accepted) == (Connection.State.OPEN, True)


def test_the_old_secret_is_good_for_the_time_chosen(alice, plugin, secret):
    plugins.rotate_secret(makers.principal(alice), plugin, 60)
    assert greet(plugin, secret).is_welcome
    late = greet(plugin, secret, at=timezone.now() + timedelta(seconds=61))
    assert not late.is_welcome
    assert "rotated" in late.reason


def test_rotating_with_no_time_left_quarantines_a_connected_script_at_its_next_heartbeat(alice, plugin, secret):
    connection = greet(plugin, secret).connection
    plugins.rotate_secret(makers.principal(alice), plugin, 0)
    assert not greet(plugin, secret, connection.pk).is_welcome
    connection.refresh_from_db()
    assert connection.state == Connection.State.QUARANTINED


def test_a_quarantined_plugin_gets_no_work_until_it_is_released(alice, project, plugin, secret):
    connection = greet(plugin, secret).connection
    plugins.quarantine(makers.principal(alice), plugin)
    session = makers.make_session(alice, project, plugin)
    assert not connections.recheck(connection.pk, timezone.now())
    assert claims.claim(connection.pk) is None
    plugin.refresh_from_db()
    plugins.release(makers.principal(alice), plugin)
    assert connections.recheck(connection.pk, timezone.now())
    assert claims.claim(connection.pk).session_id == session.pk


def test_a_script_with_an_old_secret_is_not_let_out_by_the_release_of_its_plugin(alice, plugin, secret):
    connection = greet(plugin, secret).connection
    plugins.rotate_secret(makers.principal(alice), plugin, 0)
    greet(plugin, secret, connection.pk)
    assert not connections.recheck(connection.pk, timezone.now())


def running(alice, project, plugin, secret, caller=CALLER):
    connection = greet(plugin, secret, caller=caller).connection
    session = makers.make_session(alice, project, plugin)
    claims.claim(connection.pk)
    claims.mark_sent(session.pk, connection.pk)
    return connection, session


def test_a_closed_connection_loses_its_session(alice, project, plugin, secret):
    connection, session = running(alice, project, plugin, secret)
    connections.close(connection, "The connection broke.", timezone.now())
    session.refresh_from_db()
    assert session.state == Session.State.LOST
    assert "broke" in session.reason


def test_what_was_claimed_and_not_sent_goes_back_into_the_queue(alice, project, plugin, secret):
    connection = greet(plugin, secret).connection
    session = makers.make_session(alice, project, plugin)
    claims.claim(connection.pk)
    connections.close(connection, "The connection broke.", timezone.now())
    session.refresh_from_db()
    assert (session.state, session.started_at, session.key_digest) == (Session.State.QUEUED, None, None)


def test_a_script_back_from_the_same_address_is_presumed_alive(alice, project, plugin, secret):
    connection, session = running(alice, project, plugin, secret)
    connections.close(connection, "The connection broke.", timezone.now())
    back = greet(plugin, secret).connection
    session.refresh_from_db()
    assert (session.state, session.connection, session.is_presumed_alive) == (Session.State.RUNNING, back, True)


@pytest.mark.parametrize(
    ("address", "seconds", "transport"),
    [("10.0.0.2", 1, "websocket"), ("10.0.0.1", 7, "websocket"), ("10.0.0.1", 11, "polling")],
)
def test_one_from_elsewhere_or_later_is_not(alice, project, plugin, secret, address, seconds, transport):
    connection, session = running(alice, project, plugin, secret)
    now = timezone.now()
    connections.close(connection, "The connection broke.", now)
    greet(plugin, secret, caller=Caller("new", address, transport), at=now + timedelta(seconds=seconds))
    session.refresh_from_db()
    assert session.state == Session.State.LOST


def test_two_scripts_that_come_back_take_over_one_connection_each(alice, project, plugin, secret):
    one, first = running(alice, project, plugin, secret)
    two, second = running(alice, project, plugin, secret, Caller("two", "10.0.0.1", "websocket"))
    for connection in (one, two):
        connections.close(connection, "The connection broke.", timezone.now())
    taken = {greet(plugin, secret, caller=Caller(sid, "10.0.0.1", "websocket")).connection.pk for sid in "xy"}
    first.refresh_from_db()
    second.refresh_from_db()
    assert {first.connection_id, second.connection_id} == taken


def test_a_refusal_keeps_its_reason_when_the_socket_goes(plugin):
    refused = greet(plugin, "wrong").connection
    connections.close(refused, "The connection was closed.", timezone.now())
    refused.refresh_from_db()
    assert (refused.state, "wrong" in refused.reason) == (Connection.State.CLOSED, True)


def test_an_id_that_is_none_is_unknown(db):
    assert not connections.greet(CALLER, None, "\ud800", "\ud800", None, timezone.now()).is_welcome


def test_a_connection_that_was_closed_over_its_head_goes_on_as_a_new_one_with_its_sessions(
    alice, project, plugin, secret
):
    connection, session = running(alice, project, plugin, secret)
    connections.close(connection, "The server process that held it went silent.", timezone.now())
    verdict = greet(plugin, secret, connection.pk, at=timezone.now() + timedelta(minutes=5))
    session.refresh_from_db()
    assert verdict.is_welcome
    assert (session.state, session.connection) == (Session.State.RUNNING, verdict.connection)
    assert connections.recheck(verdict.connection.pk, timezone.now())


# --- which have something to look for ---


@pytest.fixture
def process(db):
    return processes.begin("web", "a process")


@pytest.fixture
def here(process, plugin, secret):
    return connections.greet(CALLER, process, plugin.uid, secret, None, timezone.now()).connection


def due(process):
    return connections.due(process.pk)


def test_an_idle_connection_has_nothing_to_look_for(process, here):
    assert due(process) == []


def test_one_whose_plugin_has_work_has(alice, project, plugin, process, here):
    makers.make_session(alice, project, plugin)
    assert due(process) == [here.pk]


def test_another_process_looks_for_its_own(alice, project, plugin, process, here):
    makers.make_session(alice, project, plugin)
    assert due(processes.begin("web", "another")) == []


def test_so_has_one_whose_plugin_was_taken_out_of_service_or_put_back(alice, plugin, process, here):
    plugins.quarantine(makers.principal(alice), plugin, "Look at it.")
    assert due(process) == [here.pk]
    connections.recheck(here.pk, timezone.now())
    assert due(process) == []
    plugin.refresh_from_db()
    plugins.release(makers.principal(alice), plugin)
    assert due(process) == [here.pk]
    connections.recheck(here.pk, timezone.now())
    assert due(process) == []


def test_so_has_one_that_was_asked_to_go_once(alice, process, here):
    connection_wishes.disconnect(makers.principal(alice), here)
    assert due(process) == [here.pk]
    connections.recheck(here.pk, timezone.now())
    assert due(process) == []


def test_so_has_our_own_client_when_a_session_of_it_was_cancelled(alice, project, plugin, process, here):
    makers.make_session(alice, project, plugin)
    order = claims.claim(here.pk)
    claims.mark_sent(order.session_id, here.pk)
    sessions.cancel(makers.principal(alice), Session.objects.get(pk=order.session_id))
    assert due(process) == []
    Connection.objects.filter(pk=here.pk).update(instance="box-1")
    assert due(process) == [here.pk]


def test_one_that_has_gone_has_not(alice, project, plugin, process, here):
    connections.close(here, "gone", timezone.now())
    makers.make_session(alice, project, plugin)
    assert due(process) == []
