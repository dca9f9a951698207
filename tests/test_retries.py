"""Crashed sessions are run again by themselves, where their plugin says so."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from pluginhost.actions import endings, plugins, recovery, sessions, signs
from pluginhost.errors import Conflict
from pluginhost.models import Member, Plugin, Session, SessionEvent

from . import makers

CRASHED, QUEUED = Session.State.CRASHED, Session.State.QUEUED


@pytest.fixture
def plugin(alice, organization):
    return makers.make_plugin(alice, organization, retries=2)


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def crash(session):
    assert endings.end(session, CRASHED, "Its script went away.", only_from=Session.OPEN)
    session.refresh_from_db()
    return session


def pass_time(session, **span):
    """Until then, as far as the session's next run is concerned; and the sweep comes by."""
    Session.objects.filter(pk=session.pk).exclude(retry_at=None).update(retry_at=session.retry_at - timedelta(**span))
    recovery.sweep()
    session.refresh_from_db()


def run_again(session):
    pass_time(session, seconds=61 * 60)
    return Session.objects.get(rerun_of=session)


def told(session):
    return list(SessionEvent.objects.filter(session=session).order_by("id").values_list("sentence", flat=True))


def test_it_is_run_again_after_a_minute_and_says_so(session):
    crash(session)
    assert session.retry_at == session.finished_at + timedelta(minutes=1)
    assert told(session)[-1] == f"It will be run again at {session.retry_at:%H:%M:%S} UTC (1 of 2)."
    pass_time(session, seconds=50)
    assert not Session.objects.filter(rerun_of=session).exists()
    pass_time(session, seconds=10)
    again = Session.objects.get(rerun_of=session)
    assert (again.state, again.is_retry, again.attempt, again.started_by) == (QUEUED, True, 2, session.started_by)
    assert again.scope == session.scope
    assert again.inputs.config == session.inputs.config
    assert told(session)[-1] == f"Run again by itself as #{again.pk} (1 of 2)."
    assert told(again)[0].startswith(f"Run again by itself, since #{session.pk} crashed (1 of 2)")


def test_it_waits_twice_as_long_each_time_and_then_it_is_enough(session):
    second = crash(run_again(crash(session)))
    assert second.retry_at == second.finished_at + timedelta(minutes=2)
    third = crash(run_again(second))
    assert third.retry_at is None
    assert told(third)[-1] == "It is not run again by itself: its plugin allows that 2 times."


def test_half_an_hour_is_the_longest(settings, session):
    settings.PLUGINHOST_RETRY_SECONDS = 1200
    second = crash(run_again(crash(session)))
    assert second.retry_at == second.finished_at + timedelta(minutes=30)


def test_somebody_who_runs_it_again_begins_the_count_anew(alice, session):
    third = crash(run_again(crash(run_again(crash(session)))))
    asked = crash(sessions.rerun(makers.principal(alice), third))
    assert told(asked)[-1].endswith("(1 of 2).")


@pytest.mark.parametrize("state", ["failed", "timed_out", "cancelled", "succeeded", "partial"])
def test_other_endings_stay_as_they_are(session, state):
    assert endings.end(session, state, "So it is.", only_from=Session.OPEN)
    session.refresh_from_db()
    assert session.retry_at is None


def test_a_plugin_that_does_not_ask_for_it_has_no_retries(alice, project, organization):
    session = makers.make_running(alice, project, makers.make_plugin(alice, organization, name="Other"))
    assert crash(session).retry_at is None
    assert told(session)[-1].startswith("Crashed.")


def test_not_after_something_was_imported(session):
    makers.make_import(session, accepted=[1])
    assert crash(session).retry_at is None
    assert "it imported something before" in told(session)[-1]


def test_nor_where_it_comes_meanwhile(session):
    crash(session)
    makers.make_import(session, accepted=[1])
    pass_time(session, minutes=2)
    assert session.retry_at is None
    assert not Session.objects.filter(rerun_of=session).exists()
    assert "it imported something before" in told(session)[-1]


def test_unless_its_plugin_says_that_it_is_safe(alice, session, plugin):
    plugins.edit(makers.principal(alice), plugin, {"retries_after_imports": True})
    makers.make_import(session, accepted=[1])
    assert run_again(crash(session)).is_retry


def test_a_sign_of_life_stops_it(session):
    crash(session)
    signs.seen(session)
    pass_time(session, minutes=2)
    assert (session.state, session.retry_at) == (Session.State.RUNNING, None)
    assert not Session.objects.filter(rerun_of=session).exists()


def test_so_does_a_rerun(alice, session):
    crash(session)
    sessions.rerun(makers.principal(alice), session)
    pass_time(session, minutes=2)
    assert Session.objects.get(rerun_of=session).is_retry is False


def test_also_one_of_an_earlier_attempt(alice, session):
    second = crash(run_again(crash(session)))
    asked = sessions.rerun(makers.principal(alice), session)
    pass_time(second, minutes=5)
    assert set(Session.objects.filter(state=QUEUED)) == {asked}


def test_once_it_runs_again_the_crashed_one_stays_so(session):
    run_again(crash(session))
    signs.seen(session)
    session.refresh_from_db()
    assert session.state == CRASHED


def test_two_sweeps_at_once_run_it_once(session):
    crash(session)
    Session.objects.filter(pk=session.pk).update(retry_at=timezone.now())
    seen_by_both = Session.objects.get(pk=session.pk)
    assert sessions.retry(seen_by_both, timezone.now()) is not None
    assert sessions.retry(seen_by_both, timezone.now()) is None
    assert Session.objects.filter(rerun_of=session).count() == 1


def test_calling_it_off(alice, session):
    crash(session)
    sessions.cancel(makers.principal(alice), session)
    pass_time(session, minutes=2)
    assert (session.state, session.retry_at) == (CRASHED, None)
    assert not Session.objects.filter(rerun_of=session).exists()
    signs.seen(session)
    session.refresh_from_db()
    assert session.state == CRASHED
    with pytest.raises(Conflict):
        sessions.cancel(makers.principal(alice), session)


def test_who_may_not_run_it_any_more_does_not(bob, organization, project, plugin):
    Member.objects.filter(organization=organization, user=bob).update(role="runner")
    session = crash(makers.make_running(bob, project, plugin))
    Member.objects.filter(organization=organization, user=bob).update(role="viewer")
    pass_time(session, minutes=2)
    assert not Session.objects.filter(rerun_of=session).exists()
    assert "may not run plugins here any more" in told(session)[-1]


def test_a_deleted_plugin_is_not_run_again(session, plugin):
    crash(session)
    Plugin.objects.filter(pk=plugin.pk).update(deleted_at=timezone.now())
    pass_time(session, minutes=2)
    assert not Session.objects.filter(rerun_of=session).exists()


# --- the page ---


def test_the_page_says_when_and_calls_it_off(as_alice, session):
    crash(session)
    html = as_alice.get(reverse("session", args=[session.pk])).content.decode()
    assert "It will be run again at" in html
    assert "(1 of 2)" in html
    assert "Call it off" in html
    answer = as_alice.post(reverse("session_cancel", args=[session.pk]), follow=True).content.decode()
    assert "is not run again by itself" in answer
    assert "Call it off" not in answer


def test_a_viewer_sees_it_and_cannot_call_it_off(as_bob, session):
    crash(session)
    html = as_bob.get(reverse("session", args=[session.pk])).content.decode()
    assert "It will be run again at" in html
    assert "Call it off" not in html
    assert as_bob.post(reverse("session_cancel", args=[session.pk])).status_code == 403


def test_the_next_one_says_after_which(as_alice, session):
    again = run_again(crash(session))
    html = as_alice.get(reverse("session", args=[again.pk])).content.decode()
    assert "run again by itself, after" in html
