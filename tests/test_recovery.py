"""Every ending has an owner: what nobody else ends, the sweep ends, with its reason."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost.actions import connections, processes, recovery, sessions
from pluginhost.models import Connection, LogHead, ServerProcess, Session, SessionEvent

from . import makers


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def after(session, **fields):
    """The session as the sweep leaves it, when these of its fields were so."""
    Session.objects.filter(pk=session.pk).update(**fields)
    recovery.sweep()
    session.refresh_from_db()
    return session


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def test_a_live_session_is_left_alone(session):
    assert after(session).state == Session.State.RUNNING


def test_the_hard_limit_ends_it(session):
    assert after(session, started_at=ago(86_401), last_sign_at=ago(1)).state == Session.State.TIMED_OUT
    assert "24 h" in session.reason


def test_silence_ends_it(session):
    assert after(session, last_sign_at=ago(1801)).state == Session.State.TIMED_OUT
    assert session.reason == "No sign of life for 30 min."


def test_a_script_that_never_said_a_word_counts_from_the_order(session):
    assert after(session, sent_at=ago(1801)).state == Session.State.TIMED_OUT


def test_a_lost_session_is_waited_for(session):
    assert after(session, state="lost", lost_at=ago(80)).state == Session.State.LOST


def test_then_it_has_crashed_and_says_since_when(session):
    assert after(session, state="lost", lost_at=ago(91)).state == Session.State.CRASHED
    assert "went away at" in session.reason


def test_a_script_that_used_to_be_silent_for_long_is_waited_for_longer(session):
    assert after(session, state="lost", lost_at=ago(200), longest_silence_s=100).state == Session.State.LOST
    assert after(session, lost_at=ago(301)).state == Session.State.CRASHED


def test_the_silence_in_which_the_line_broke_counts_as_well(session):
    Session.objects.filter(pk=session.pk).update(sent_at=ago(600))
    session.refresh_from_db()
    connections.close(session.connection, "The connection broke.", timezone.now())
    assert after(session, lost_at=ago(1700)).state == Session.State.LOST
    assert after(session, lost_at=ago(1900)).state == Session.State.CRASHED


def test_cancelling_ends_though_the_script_says_nothing(alice, session):
    sessions.cancel(makers.principal(alice), session)
    assert after(session).state == Session.State.CANCELLING
    assert after(session, cancel_asked_at=ago(31)).state == Session.State.CANCELLED


def test_a_second_cancel_ends_it_at_once(alice, session):
    for _ in range(2):
        sessions.cancel(makers.principal(alice), session)
        session.refresh_from_db()
    assert session.state == Session.State.CANCELLED


def test_the_sessions_of_a_dead_process_are_lost(session):
    process = processes.begin(name="one")
    Connection.objects.update(process=process)
    processes.ended("one")
    session.refresh_from_db()
    assert session.state == Session.State.LOST
    assert Connection.objects.get().state == Connection.State.CLOSED


def test_so_are_its_idle_connections_and_refused_ones_keep_their_reason(plugin):
    process = processes.begin(name="one")
    idle, refused = (makers.make_connection(plugin, sid=sid) for sid in ("idle", "refused"))
    Connection.objects.filter(pk=refused.pk).update(
        was_accepted=False, state="quarantined", reason="The secret is wrong."
    )
    Connection.objects.update(process=process)
    processes.ended("one")
    assert {made.pk: (made.state, made.reason) for made in Connection.objects.all()} == {
        idle.pk: ("closed", "The server process that held it ended."),
        refused.pk: ("closed", "The secret is wrong."),
    }


def test_the_log_says_where_its_server_was_restarted(session):
    process = processes.begin(name="killed")
    Connection.objects.update(process=process)
    makers.make_lines(session, 7)
    processes.ended("killed")
    event = SessionEvent.objects.get(session=session, kind="restarted")
    assert (event.sentence, event.after_line) == ("Server restarted here, lines may be missing.", 7)


def test_of_our_own_client_none_is_missing(session):
    process = processes.begin(name="killed")
    Connection.objects.update(process=process, told={"version": "1"})
    processes.ended("killed")
    assert SessionEvent.objects.get(session=session, kind="restarted").sentence == "Server restarted here."


def test_a_process_whose_lease_ran_out_is_dead(session):
    process = processes.begin(name="two")
    Connection.objects.update(process=process)
    processes.begin(name="we")
    ServerProcess.objects.filter(pk=process.pk).update(lease_until=ago(1))
    assert after(session).state == Session.State.LOST


@pytest.mark.parametrize(("seconds", "is_back"), [(25, True), (5, False), (40, False)])
def test_a_script_that_has_been_back_since_then_goes_on(session, plugin, settings, seconds, is_back):
    """Its machine was last heard of half a minute ago: it came back to another in the time that follows a break."""
    settings.PLUGINHOST_LEASE_SECONDS = 30
    process = processes.begin(name="gone")
    Connection.objects.update(process=process, opened_at=ago(600))
    processes.begin(name="we")
    Connection.objects.filter(pk=makers.make_connection(plugin, sid="back").pk).update(opened_at=ago(seconds))
    ServerProcess.objects.filter(pk=process.pk).update(lease_until=ago(1))
    assert after(session).state == (Session.State.RUNNING if is_back else Session.State.LOST)
    assert session.is_presumed_alive == is_back


@pytest.mark.parametrize(("seconds", "is_back"), [(1, True), (20, False)])
def test_a_process_that_ends_beside_us_may_be_missed_before_we_know(session, plugin, seconds, is_back):
    """Its script is back here a moment before we hear of it; one that has been here for longer is another."""
    process = processes.begin(name="old")
    Connection.objects.update(process=process, opened_at=ago(600))
    Connection.objects.filter(pk=makers.make_connection(plugin, sid="here").pk).update(opened_at=ago(seconds))
    processes.ended_just_now("old")
    session.refresh_from_db()
    assert session.state == (Session.State.RUNNING if is_back else Session.State.LOST)


def test_a_process_that_renews_its_lease_is_not(session):
    process = processes.begin(name="three")
    Connection.objects.update(process=process)
    processes.renew(process)
    assert after(session).state == Session.State.RUNNING


def test_queued_sessions_wait_for_ever(alice, project, plugin):
    queued = makers.make_session(alice, project, plugin)
    assert after(queued, created_at=ago(10**6)).state == Session.State.QUEUED


@pytest.mark.parametrize(
    ("lines", "said"), [(0, "while the connection is down"), (5, "while the script was writing its log")]
)
def test_one_whose_script_came_back_and_that_says_nothing_more_has_crashed_at_its_idle_limit(session, lines, said):
    LogHead.objects.filter(session=session).update(last=lines)
    assert after(session, is_presumed_alive=True, last_sign_at=ago(1790)).state == Session.State.RUNNING
    assert after(session, last_sign_at=ago(1801)).state == Session.State.CRASHED
    assert said in session.reason
    assert f"broke at {session.last_sign_at:%H:%M:%S} UTC" in session.reason


def test_one_that_was_claimed_and_never_sent_is_queued_again(session):
    assert after(session, sent_at=None, started_at=ago(20)).state == Session.State.RUNNING
    assert after(session, started_at=ago(31)).state == Session.State.QUEUED


def test_our_own_process_is_never_thought_dead_by_ourselves(session):
    process = processes.begin(name="slow")
    Connection.objects.update(process=process)
    ServerProcess.objects.filter(pk=process.pk).update(lease_until=ago(1))
    assert after(session).state == Session.State.RUNNING


def test_a_process_that_others_thought_dead_lives_on_when_it_renews_its_lease(db):
    process = processes.begin(name="paused")
    processes.ended("paused")
    processes.renew(process)
    assert ServerProcess.objects.get().ended_at is None


def test_one_that_cannot_be_looked_at_keeps_nobody_waiting(alice, project, plugin, session):
    other = makers.make_running(alice, project, plugin)
    Session.objects.filter(pk=session.pk).update(state="lost", lost_at=ago(10), longest_silence_s=1e300)
    assert after(other, last_sign_at=ago(1801)).state == Session.State.TIMED_OUT
