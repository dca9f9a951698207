"""What the end of a managed script, or its traceback, says of its session; and where it says nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost.actions import connections, script_sessions
from pluginhost.models import Connection, ManagedScript, ScriptInstance, ScriptStart, Session

from . import makers

TRACEBACK = "Traceback (most recent call last):\n  File …\nValueError: no model"


@pytest.fixture
def start(plugin):
    """A process that began a minute ago."""
    script = ManagedScript.objects.create(plugin=plugin, source="uploaded", entry="script.py")
    instance = ScriptInstance.objects.create(script=script, number=1, state="up")
    began = timezone.now() - timedelta(minutes=1)
    return ScriptStart.objects.create(instance=instance, number=1, revision=1, pid=4711, started_at=began)


@pytest.fixture
def session(start, alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def ended(start):
    start.ended_at = timezone.now()
    start.save(update_fields=["ended_at"])


def lose(session):
    connections.close(session.connection, "It closed the line.", timezone.now())


# --- a traceback ---


def test_the_one_open_session_is_its(start, session):
    assert script_sessions.open_one(start) == session.pk


def test_of_two_open_sessions_nothing_is_said(start, session, alice, project, plugin):
    makers.make_running(alice, project, plugin)
    assert script_sessions.open_one(start) is None


def test_where_another_script_is_connected_nothing_is_said(start, session, plugin):
    makers.make_connection(plugin, "another")
    assert script_sessions.open_one(start) is None


def test_an_older_connection_is_another_scripts(start, session):
    Connection.objects.update(opened_at=timezone.now() - timedelta(hours=1))
    assert script_sessions.open_one(start) is None


def test_with_several_instances_nothing_is_said(start, session):
    ManagedScript.objects.update(instances_wanted=2)
    assert script_sessions.open_one(ScriptStart.objects.get()) is None


def test_our_own_client_says_itself_what_its_callback_raised(start, session):
    Connection.objects.update(told={"pid": 4711})
    assert script_sessions.open_one(start) is None


def test_a_session_that_says_nothing_more_has_failed(session):
    assert script_sessions.end_raised(session.pk, TRACEBACK, timezone.now())
    session.refresh_from_db()
    assert session.state == "failed"
    assert session.reason == "The script raised ValueError: no model. Its traceback was found on stderr."
    assert session.error == TRACEBACK


def test_a_session_that_goes_on_has_not(session):
    heard_at = timezone.now()
    Session.objects.update(last_sign_at=heard_at + timedelta(seconds=1))
    assert not script_sessions.end_raised(session.pk, TRACEBACK, heard_at)
    assert Session.objects.get().state == "running"


def test_a_session_that_has_ended_stays_as_it_is(session):
    Session.objects.update(state="succeeded", finished_at=timezone.now())
    assert not script_sessions.end_raised(session.pk, TRACEBACK, timezone.now())


# --- the process's end ---


def test_its_session_crashes_as_soon_as_its_line_is_gone(start, session):
    ended(start)
    assert script_sessions.end_gone(start, "It ended with code 7.") == 0, "what it said last may not be stored yet"
    lose(session)
    assert script_sessions.end_gone(start, "It ended with code 7.") == 1
    session.refresh_from_db()
    assert (session.state, session.reason) == ("crashed", "Its script's process is gone. It ended with code 7.")


def test_one_that_the_next_process_took_over_crashes_too(start, session, plugin):
    ended(start)
    lose(session)
    after = makers.make_connection(plugin, "after")
    Session.objects.update(
        state="running", connection=after, is_presumed_alive=True, last_sign_at=timezone.now(), lost_at=None
    )
    assert script_sessions.end_gone(start, "It ended with code 7.") == 1


def test_while_another_script_was_connected_nothing_is_said_of_its_end(start, session, plugin):
    makers.make_connection(plugin, "another")
    ended(start)
    lose(session)
    assert script_sessions.end_gone(start, "It ended with code 7.") == 0


def test_our_own_client_says_itself_what_it_holds(start, session):
    Connection.objects.update(told={"pid": 4711})
    session = Session.objects.select_related("connection").get()
    ended(start)
    lose(session)
    assert script_sessions.end_gone(start, "It ended with code 7.") == 0
