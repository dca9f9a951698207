"""What scripts report: lines numbered without gaps, and the answer that ends a session."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost.actions import log_lines, reports, sessions
from pluginhost.models import LogHead, LogLine, Response, Session, SessionReads
from pluginhost.protocol.numbers import NumberSet

from . import makers


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def add(session, *messages, level=20):
    session.refresh_from_db()
    log_lines.add(session, session.connection, [log_lines.Line(timezone.now(), level, text) for text in messages])


def finish(session, form="text", body="done"):
    session.refresh_from_db()
    reports.finish(session, session.connection, form, body, timezone.now())
    session.refresh_from_db()
    return session


def test_lines_are_numbered_without_gaps(session):
    add(session, "one", "two")
    add(session, "three")
    assert list(LogLine.objects.values_list("number", "message")) == [(1, "one"), (2, "two"), (3, "three")]


def test_the_head_counts_levels(session):
    add(session, "a", level=10)
    add(session, "b", "c", level=30)
    add(session, "d", level=50)
    head = LogHead.objects.get(session=session)
    assert (head.last, head.debug, head.info, head.warning, head.error) == (4, 1, 0, 2, 1)


def test_lines_past_the_limit_are_counted_and_not_kept(session, settings):
    settings.PLUGINHOST_LINES_LIMIT = 2
    add(session, "1", "2", "3", "4")
    head = LogHead.objects.get(session=session)
    assert (head.last, head.dropped, LogLine.objects.count()) == (2, 2, 2)


def test_progress_is_taken_from_the_newest_line_that_has_it(session):
    add(session, "[1/24]", "[2/24]", "hello")
    session.refresh_from_db()
    assert (session.progress_done, session.progress_total) == (2, 24)


def test_a_text_ends_the_session(session):
    finish(session, body="**Done.**\nAll of it.")
    assert (session.state, session.message_head) == (Session.State.SUCCEEDED, "**Done.**")
    assert session.reason == "Nothing was imported."


def test_an_error_fails_it_with_the_last_error_line_as_its_reason(session):
    add(session, "Plugin callback failed: no GPU", level=40)
    finish(session, "error", "")
    assert (session.state, session.reason) == (Session.State.FAILED, "Plugin callback failed: no GPU")


def test_an_acknowledgement_alone_ends_it_without_a_message(session):
    reports.acknowledge(session, session.connection, "nothing", "", timezone.now())
    session.refresh_from_db()
    assert (session.state, session.message_head) == (Session.State.SUCCEEDED, "")


def test_the_acknowledgement_after_an_answer_changes_nothing(session):
    finish(session)
    reports.acknowledge(session, session.connection, "nothing", "", timezone.now())
    assert Response.objects.count() == 1


def test_a_second_answer_is_kept_as_come_late(session):
    finish(session)
    finish(session, body="again")
    assert list(Response.objects.values_list("body", "came_late")) == [("done", False), ("again", True)]
    assert session.message_head == "done"


def test_a_line_after_the_end_is_kept_as_come_late(session):
    finish(session)
    add(session, "late")
    assert LogLine.objects.get().came_late


def test_an_answer_while_it_is_being_cancelled_ends_it_as_cancelled(alice, session):
    sessions.cancel(makers.principal(alice), session)
    finish(session)
    assert (session.state, session.message_head) == (Session.State.CANCELLED, "")
    assert Response.objects.get().came_late


def test_a_line_while_it_is_being_cancelled_came_late_and_tells_no_progress(alice, session):
    sessions.cancel(makers.principal(alice), session)
    session.refresh_from_db()
    add(session, "[3/5] still at it")
    session.refresh_from_db()
    assert LogLine.objects.get().came_late
    assert session.progress_done is None


def test_a_lost_session_runs_again_at_its_next_line(session):
    Session.objects.filter(pk=session.pk).update(state=Session.State.LOST, lost_at=timezone.now())
    add(session, "still here")
    session.refresh_from_db()
    assert (session.state, session.lost_at) == (Session.State.RUNNING, None)


def crashed(session):
    Session.objects.filter(pk=session.pk).update(state=Session.State.CRASHED, finished_at=timezone.now())


def test_a_crashed_session_is_opened_again_by_a_late_line_and_ends_as_always(session):
    crashed(session)
    add(session, "I was only slow")
    assert finish(session).state == Session.State.SUCCEEDED


def test_a_crashed_session_that_was_rerun_stays_crashed(alice, session):
    crashed(session)
    session.refresh_from_db()
    sessions.rerun(makers.principal(alice), session)
    add(session, "too late")
    session.refresh_from_db()
    assert session.state == Session.State.CRASHED


def test_a_final_session_never_changes(session):
    finish(session)
    Session.objects.filter(pk=session.pk).update(reason="as it was")
    finish(session, "error", "no")
    assert (session.state, session.reason) == (Session.State.SUCCEEDED, "as it was")


def test_the_longest_silence_is_remembered(session):
    later = timezone.now() + timedelta(seconds=100)
    log_lines.add(session, session.connection, [log_lines.Line(later, 20, "at last")])
    session.refresh_from_db()
    assert session.longest_silence_s == pytest.approx(100, abs=5)


def test_one_that_imported_a_part_and_read_a_part_is_partial(alice, session):
    makers.make_import(session, accepted=[1, 2])
    SessionReads.objects.filter(session=session).update(numbers_stored=NumberSet.of([1, 2]).to_bytes())
    finish(session)
    assert session.state == Session.State.PARTIAL
    assert session.reason == "3 of 5 assets were not reached."


def test_one_that_imported_for_some_of_what_it_read_has_succeeded(session):
    makers.make_import(session, accepted=[1, 2])
    SessionReads.objects.filter(session=session).update(numbers_stored=NumberSet.up_to(5).to_bytes())
    assert finish(session).state == Session.State.SUCCEEDED


def test_one_with_a_rejected_item_is_partial(session):
    makers.make_import(session, accepted=[1, 2], rejected=[3])
    SessionReads.objects.filter(session=session).update(numbers_stored=NumberSet.up_to(5).to_bytes())
    finish(session)
    assert (session.state, session.reason) == (Session.State.PARTIAL, "1 item was rejected.")


def test_one_that_imported_for_all_of_its_scope_has_nothing_more_to_say(session):
    makers.make_import(session, accepted=[1, 2, 3, 4, 5])
    finish(session)
    assert (session.state, session.reason) == (Session.State.SUCCEEDED, "")
