"""What a managed script printed, read as the viewer asks for it."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pluginhost import output_reading, script_output
from pluginhost.errors import Invalid
from pluginhost.output_reading import Filter, Output

BEGAN = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def write(folder: Path, lines: list[tuple[str, str]], first: int = 1) -> None:
    """A file of these lines of (stream, text), one a second."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{first:012}{script_output.SUFFIX}").open("wb") as file:
        for number, (stream, text) in enumerate(lines, first):
            at = script_output.moment(BEGAN + timedelta(seconds=number))
            file.write(script_output.head(number, at, stream) + text.encode() + b"\n")


@pytest.fixture
def output(tmp_path):
    streams = itertools.cycle("oeos")
    write(tmp_path, [(next(streams), f"line {number}") for number in range(1, 1_201)])
    return Output(tmp_path)


def numbers_of(found) -> list[int]:
    return [line["number"] for line in found["lines"]]


def test_lines_follow_on_a_number(output):
    found = output_reading.lines(output, Filter(), 3, 2)
    assert numbers_of(found) == [4, 5]
    assert found["next"] == 5
    assert found["lines"][0] == {
        "number": 4, "at": "2026-11-22T14:00:04.000Z", "level": "system", "stream": "s", "message": "line 4",
        "extra": None,
    }  # fmt: skip
    assert output_reading.lines(output, Filter(), 1_199)["next"] is None


def test_streams_are_told_apart_and_ours_is_in_both(output):
    assert numbers_of(output_reading.lines(output, Filter.asked("err"), 0, 4)) == [2, 4, 6, 8]
    assert numbers_of(output_reading.lines(output, Filter.asked("out"), 0, 4)) == [1, 3, 4, 5]
    with pytest.raises(Invalid, match="choose out or err"):
        Filter.asked("both")


def test_the_index_opens_a_filtered_list_anywhere(output):
    assert output_reading.index(output, Filter()) == {"first": 1, "total": 1_200, "marks": [], "events": []}
    found = output_reading.index(output, Filter.asked("err"))
    assert (found["total"], found["marks"]) == (600, [1_000])


def test_a_search_takes_what_stands_for_itself(tmp_path):
    write(tmp_path, [("o", "50 % (half)"), ("o", "other"), ("e", "ÄRGER: 50 % (HALF)")])
    which = Filter.asked("", "50 % (half)")
    assert output_reading.numbers(Output(tmp_path), which, 0) == {"numbers": [1, 3], "more": False}
    assert numbers_of(output_reading.lines(Output(tmp_path), which, 0)) == [1, 3]
    assert output_reading.numbers(Output(tmp_path), Filter.asked("", "ärger"), 0)["numbers"] == [3]


def test_errors_are_found_among_what_stderr_says(tmp_path):
    said = ["Loading weights", "Traceback (most recent call last):", "ModuleNotFoundError: No module", "0 errors"]
    write(tmp_path, [("e", text) for text in said])
    assert output_reading.numbers(Output(tmp_path), Filter.asked(is_bad=True), 0)["numbers"] == [2, 3]
    levels = [line["level"] for line in output_reading.lines(Output(tmp_path), Filter(), 0)["lines"]]
    assert levels == ["stderr", "error", "error", "stderr"]


def test_a_stretch_of_time_has_edges_of_its_own(output):
    part = Output(output.folder, BEGAN + timedelta(seconds=10), BEGAN + timedelta(seconds=12))
    assert part.edges() == (10, 12)
    assert numbers_of(output_reading.lines(part, Filter(), 0)) == [10, 11, 12]
    assert output_reading.index(part, Filter.asked("err"))["total"] == 2
    assert b"line 13" not in b"".join(output_reading.chunks(part, Filter(), "text"))


def test_a_stretch_without_lines_is_empty(output, tmp_path):
    before = Output(output.folder, BEGAN - timedelta(hours=2), BEGAN - timedelta(hours=1))
    later = Output(output.folder, BEGAN + timedelta(hours=2), None)
    nothing = Output(tmp_path / "none", BEGAN, None)
    for part in (before, later, nothing, Output(tmp_path / "none")):
        first, last = part.edges()
        assert last == first - 1
        assert output_reading.lines(part, Filter(), 0)["lines"] == []
        assert output_reading.index(part, Filter())["total"] == 0
        assert list(output_reading.chunks(part, Filter(), "text")) == []


def test_what_rotated_away_is_counted_no_more(tmp_path):
    write(tmp_path, [("o", f"line {number}") for number in range(501, 601)], first=501)
    write(tmp_path, [("o", f"line {number}") for number in range(601, 611)], first=601)
    output = Output(tmp_path)
    assert output_reading.index(output, Filter())["first"] == 501
    assert output_reading.index(output, Filter())["total"] == 110
    assert numbers_of(output_reading.lines(output, Filter(), 0, 1)) == [501]
    assert output_reading.numbers(output, Filter.asked("", "line"), 600)["numbers"] == list(range(601, 611))


def test_news_are_what_came_after_or_only_that_it_came(output):
    told = output_reading.news(output, 1_198)
    assert [line["number"] for line in told["lines"]] == [1_199, 1_200]
    assert (told["first"], told["last"], told["counts"]["info"]) == (1, 1_200, 1_200)
    assert output_reading.news(output, 5)["lines"] is None


def test_a_long_line_is_cut_and_says_so(tmp_path):
    write(tmp_path, [("o", "x" * 5_000)])
    line = output_reading.lines(Output(tmp_path), Filter(), 0)["lines"][0]
    assert (len(line["message"]), line["length"]) == (output_reading.CUT_AT, 5_000)
    assert len(output_reading.lines(Output(tmp_path), Filter(), 0, 1, 0)["lines"][0]["message"]) == 5_000


def test_all_of_it_is_downloaded_as_text_and_as_json(output):
    text = b"".join(output_reading.chunks(output, Filter.asked("err"), "text")).decode()
    assert text.startswith("2026-11-22T14:00:02.000Z stderr line 2\n2026-11-22T14:00:04.000Z system line 4\n")
    assert text.count("\n") == 600
    rows = b"".join(output_reading.chunks(output, Filter(), "jsonl")).splitlines()
    assert json.loads(rows[1]) == {"number": 2, "at": "2026-11-22T14:00:02.000Z", "stream": "stderr", "text": "line 2"}
    assert len(rows) == 1_200
