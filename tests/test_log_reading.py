"""Reading a log: by number, by level, by text; jumping anywhere; downloads."""

import json

import pytest

from pluginhost import log_reading
from pluginhost.actions.timeline import tell
from pluginhost.errors import Invalid
from pluginhost.log_reading import Filter

from . import makers


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_session(alice, project, plugin)


def numbers_of(page):
    return [line["number"] for line in page.lines]


def mixed(session):
    """Ten lines, the third of each level WARNING, the tenth an ERROR."""
    for number in range(1, 11):
        level = 40 if number == 10 else 30 if number % 3 == 0 else 20
        makers.make_lines(session, 1, level=level, text="Line {number} ü")


def test_it_works(session):
    makers.make_lines(session, 3)
    page = log_reading.page(session.pk)
    assert numbers_of(page) == [1, 2, 3]
    assert (page.next, page.total) == (None, 3)
    line = page.lines[0]
    assert line["level"] == "INFO"
    assert line["message"] == "line 1"
    assert line["extra"] is None
    assert line["at"].endswith("Z")
    assert len(line["at"]) == len("2026-11-22T14:04:58.112Z")


def test_a_page_goes_on_where_the_last_one_ended(session):
    makers.make_lines(session, 7)
    first = log_reading.page(session.pk, limit=3)
    second = log_reading.page(session.pk, after=first.next, limit=3)
    third = log_reading.page(session.pk, after=second.next, limit=3)
    assert [numbers_of(page) for page in (first, second, third)] == [[1, 2, 3], [4, 5, 6], [7]]
    assert third.next is None


def test_a_page_that_ends_with_the_log_has_no_next(session):
    makers.make_lines(session, 3)
    assert log_reading.page(session.pk, limit=3).next is None


def test_a_page_has_at_most_500_lines(session):
    makers.make_lines(session, 501)
    assert len(log_reading.page(session.pk, limit=9999).lines) == 500


def test_a_level_shows_it_and_what_is_worse(session):
    mixed(session)
    page = log_reading.page(session.pk, Filter(30))
    assert numbers_of(page) == [3, 6, 9, 10]
    assert page.total == 4


def test_totals_by_level_are_kept_and_not_counted(session, django_assert_num_queries):
    mixed(session)
    with django_assert_num_queries(1):
        assert log_reading.total(session.pk, Filter(20)) == 10


def test_a_search_does_not_mind_the_case_and_takes_signs_as_they_are(session):
    makers.make_lines(session, 1, text="50% DONE")
    makers.make_lines(session, 1, text="50x done")
    page = log_reading.page(session.pk, Filter(0, "50% done"))
    assert (numbers_of(page), page.total) == ([1], 1)


def test_a_page_takes_two_queries(session, django_assert_num_queries):
    makers.make_lines(session, 600)
    with django_assert_num_queries(2):
        log_reading.page(session.pk, after=50)


def test_a_long_message_is_cut_for_lists_and_tells_its_length(session):
    makers.make_lines(session, 1, text="x" * 5000)
    line = log_reading.page(session.pk, cut=4096).lines[0]
    assert (len(line["message"]), line["length"]) == (4096, 5000)
    assert len(log_reading.page(session.pk).lines[0]["message"]) == 5000


def test_extra_fields_come_as_they_were_sent(session):
    makers.make_lines(session, 1, extra='{"asset": "a.jpg", "n": 3}')
    assert log_reading.page(session.pk).lines[0]["extra"] == {"asset": "a.jpg", "n": 3}


@pytest.mark.parametrize(("level", "number"), [("", 0), ("debug", 10), ("Warning", 30), ("error", 40), ("25", 25)])
def test_a_level_is_asked_by_name_or_number(level, number):
    assert Filter.asked(level).level == number


def test_a_level_that_nobody_knows_is_refused():
    with pytest.raises(Invalid, match="no level"):
        Filter.asked("loud")


def test_marks_open_a_filtered_log_anywhere(session):
    makers.make_lines(session, 20)
    makers.make_lines(session, 20, level=40)
    marks = log_reading.marks(session.pk, Filter(40), every=5)
    assert marks == [25, 30, 35, 40]
    after = log_reading.page(session.pk, Filter(40), after=marks[1], limit=5)
    assert numbers_of(after) == [31, 32, 33, 34, 35]


def test_numbers_of_matches(session):
    mixed(session)
    assert log_reading.numbers(session.pk, Filter(30)) == ([3, 6, 9, 10], False)
    assert log_reading.numbers(session.pk, Filter(30), after=6) == ([9, 10], False)


def test_numbers_are_told_so_many_at_once(session, monkeypatch):
    monkeypatch.setattr(log_reading, "MOST_NUMBERS", 2)
    mixed(session)
    assert log_reading.numbers(session.pk, Filter(30)) == ([3, 6], True)


def test_events_stand_between_the_lines_that_a_filter_leaves(session):
    mixed(session)
    tell(session, "lost", "Gone.")
    makers.make_lines(session, 2)
    shown = [(event["sentence"], event["rank"]) for event in log_reading.events(session.pk, Filter(30))]
    assert shown == [("Asked for by alice: 5 assets.", 0), ("Gone.", 4)]
    assert [event["rank"] for event in log_reading.events(session.pk)] == [0, 10]


def test_last_lines_are_in_order(session):
    makers.make_lines(session, 9)
    assert [line["number"] for line in log_reading.last_lines(session.pk, 3)] == [7, 8, 9]


def test_another_sessions_lines_are_not_among_them(session, alice, project, plugin):
    other = makers.make_session(alice, project, plugin)
    makers.make_lines(other, 3)
    makers.make_lines(session, 1)
    assert log_reading.page(session.pk).total == 1


def test_a_download_has_every_line_and_those_that_come_meanwhile(session, monkeypatch):
    monkeypatch.setattr(log_reading, "_STREAMED_AT_ONCE", 2)
    makers.make_lines(session, 3)
    pieces = log_reading.chunks(session.pk, log_reading.ALL, "jsonl")
    first = next(pieces)
    makers.make_lines(session, 2)
    lines = [json.loads(line) for line in (first + b"".join(pieces)).splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3, 4, 5]


def test_a_download_as_text_has_time_level_and_message(session):
    makers.make_lines(session, 1, level=30, text="café", extra='{"n": 1}')
    text = b"".join(log_reading.chunks(session.pk, log_reading.ALL, "text")).decode()
    assert text.split(" ", 1)[1] == 'WARNING  café  {"n": 1}\n'


def test_a_line_that_cannot_be_encoded_does_not_end_a_download():
    line = {"number": 1, "at": "t", "level": "INFO", "message": "\ud800", "extra": None}
    assert log_reading._as_text(line).encode("utf-8", "replace") == b"t INFO     ?\n"
