"""What is said of a session beyond its columns."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost import summaries
from pluginhost.models import Connection, Plugin, Session

from . import makers

NOW = timezone.now()


def changed(session: Session, **fields) -> Session:
    Session.objects.filter(pk=session.pk).update(**fields)
    return Session.objects.select_related("plugin", "scope", "project").get(pk=session.pk)


def reason(session: Session, **fields) -> str:
    found = summaries.waiting_of(changed(session, **fields), NOW)
    assert found is not None
    return found.reason


@pytest.fixture
def queued(alice, project, plugin):
    return makers.make_session(alice, project, plugin)


@pytest.fixture
def running(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def test_with_no_script_ever_it_waits_for_one(queued):
    assert reason(queued) == "Waiting for the script to connect – it has never been seen"


def test_with_the_script_away_it_says_when_it_was_last_seen(queued, plugin):
    connection = makers.make_connection(plugin)
    seen = timezone.now().replace(hour=14, minute=2)
    Connection.objects.filter(pk=connection.pk).update(state="closed", closed_at=NOW, last_seen_at=seen)
    assert reason(queued) == "Waiting for the script to connect – last seen 14:02 UTC"


def test_the_place_in_the_queue_is_told_with_the_limit(running, alice, project, plugin):
    first = makers.make_session(alice, project, plugin)
    second = makers.make_session(alice, project, plugin)
    assert reason(first) == "1st in the queue for Detector (limit 1)"
    assert summaries.waiting_of(second) == summaries.Waiting("2nd in the queue for Detector (limit 1)", 2)


def test_with_a_free_place_it_is_about_to_be_sent(queued, plugin):
    makers.make_connection(plugin)
    assert reason(queued) == "About to be sent to Detector."


def test_a_quarantined_plugin_is_the_reason(queued, plugin):
    Plugin.objects.filter(pk=plugin.pk).update(quarantined_at=NOW, quarantine_reason="It misbehaves.")
    assert reason(queued) == "Detector is quarantined: It misbehaves."


def test_sent_and_silent_so_far(running):
    assert reason(running, sent_at=NOW - timedelta(seconds=3), last_sign_at=None) == "Sent 3 s ago, no sign of life yet"


def test_a_long_silence_is_told_with_its_end(running):
    said = reason(running, last_sign_at=NOW - timedelta(minutes=12), sent_at=NOW - timedelta(hours=1))
    assert said == "No sign of life for 12 min, ends at 30 min"


def test_a_short_silence_is_not_worth_a_word(running):
    busy = changed(running, last_sign_at=NOW - timedelta(seconds=20), sent_at=NOW - timedelta(hours=1))
    assert summaries.waiting_of(busy, NOW) is None


def test_presumed_alive_is_said(running):
    fields = {"is_presumed_alive": True, "lost_at": NOW - timedelta(seconds=40)}
    assert "has said nothing for 40 s: presumed alive" in reason(running, **fields)


def test_a_lost_one_tells_when_it_is_given_up(running):
    lost = {"state": "lost", "lost_at": NOW - timedelta(seconds=12)}
    assert reason(running, **lost) == (
        "Its connection broke 12 s ago; it counts as crashed in 78 s unless it comes back."
    )


def test_a_lost_one_with_long_silences_has_a_longer_grace(running):
    lost = {"state": "lost", "lost_at": NOW, "longest_silence_s": 100}
    assert "in 5 min unless" in reason(running, **lost)


def test_an_ended_one_waits_for_nothing(running):
    ended = changed(running, state="succeeded", finished_at=NOW)
    assert summaries.waiting_of(ended) is None


# --- progress ---


def test_no_progress_while_it_waits(queued):
    assert summaries.progress_of(queued) is None


def test_progress_is_what_the_script_says(running):
    told = changed(running, progress_done=3, progress_total=24)
    assert summaries.progress_of(told) == summaries.Progress(3, 24)


def test_progress_is_what_it_sent_and_before_that_what_it_read(running):
    assert summaries.progress_of(changed(running, assets_read=2)) == summaries.Progress(2, 5)
    sent = changed(running, assets_read=2, accepted=3, rejected=1)
    assert summaries.progress_of(sent) == summaries.Progress(4, 5)


# --- outcome ---


def test_counts_without_an_import_ask_only_whether_assets_were_deleted(running, django_assert_num_queries):
    session = changed(running, assets_read=2)
    with django_assert_num_queries(1):
        counts = summaries.counts_of(session)
    assert (counts.no_result, counts.not_reached) == (2, 3)


def test_counts_are_of_each_asset(running):
    makers.make_import(running, accepted=[1, 2], rejected=[3])
    counts = summaries.counts_of(changed(running, accepted=2, rejected=1, objects_count=2))
    assert counts == summaries.Counts(accepted=2, rejected=1, not_reached=2, objects=2)


def test_the_sentence_tells_what_was_given_and_what_was_not(running):
    counts = summaries.Counts(accepted=3, rejected=1, not_reached=1)
    assert summaries.outcome_sentence(running, counts) == (
        "3 of 5 assets got pre-labels. 1 was rejected, 1 was not reached."
    )


def test_the_sentence_for_nothing(running):
    assert summaries.outcome_sentence(running, summaries.Counts(not_reached=5)) == "Nothing was imported."


def test_the_sentence_for_a_script_that_reads_one_page(running):
    session = changed(running, assets_read=2, page_size=2)
    said = summaries.outcome_sentence(session, summaries.Counts(accepted=2, not_reached=3))
    assert said.endswith("The script read 2 of 5 assets (page size 2).")


@pytest.mark.parametrize(("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd")])
def test_ordinals(number, word):
    assert summaries.ordinal(number) == word
