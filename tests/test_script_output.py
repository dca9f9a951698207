"""What scripts print: folded, cut, masked, numbered, rotated; read from any line or moment on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluginhost import script_output
from pluginhost.supervisor.output import LONGEST_LINE, Budget, Files, Last, Lines, Mask, Tracebacks

NOBODY = Mask([])
TRACEBACK = """Traceback (most recent call last):
  File "script.py", line 3, in callback
    1 / 0
ZeroDivisionError: division by zero"""


def lines_of(*chunks, mask=NOBODY):
    lines = Lines(mask)
    found = [text for chunk in chunks for text in lines.feed(chunk)]
    return [text.decode() for text in [*found, *lines.rest()]]


def texts(part):
    return [line.text for line in part.lines]


@pytest.fixture
def files(tmp_path):
    made = Files(tmp_path / "output", 1 << 22)
    yield made
    made.close()


# --- lines ---


def test_lines_are_told_apart():
    assert lines_of(b"one\ntwo\n", b"thr", b"ee\n") == ["one", "two", "three"]


def test_what_has_no_end_comes_at_the_very_end():
    assert lines_of(b"one\ntwo") == ["one", "two"]


def test_a_progress_bar_is_one_line():
    assert lines_of(b"\r 10 %\r 20 %", b"\r 30 %\rdone\n", b"next\n") == ["done", "next"]


def test_a_progress_bar_that_ends_each_state_is_one_line_too():
    assert lines_of(b"10 %\r", b"20 %\r", b"30 %\r", b"\n") == ["30 %"]


def test_lines_of_windows_are_lines():
    assert lines_of(b"one\r\ntwo\r", b"\n") == ["one", "two"]


@given(st.lists(st.text(alphabet="ab\r\n", max_size=30).map(str.encode), max_size=6))
def test_it_does_not_matter_how_it_is_cut_into_chunks(chunks):
    assert lines_of(*chunks) == lines_of(b"".join(chunks))


def test_a_progress_bar_is_shown_each_five_seconds():
    lines = Lines(NOBODY)
    list(lines.feed(b"\r 1 %\r 2 %"))
    assert lines.progress(100.0) == b" 2 %"
    list(lines.feed(b"\r 3 %"))
    assert lines.progress(104.0) is None
    assert lines.progress(105.0) == b" 3 %"
    assert lines.progress(120.0) is None
    assert list(lines.feed(b"\n")) == [b" 3 %"]


def test_a_line_that_is_no_progress_bar_is_shown_once():
    lines = Lines(NOBODY)
    list(lines.feed(b"loading ..."))
    assert lines.progress(100.0) is None


def test_a_long_line_is_cut_and_says_so():
    (line,) = lines_of(b"x" * 50_000, b"x" * 50_000, b"\n")
    assert line == "x" * LONGEST_LINE + f" … (cut: {100_000 - LONGEST_LINE:,} more bytes)"


def test_a_line_as_long_as_may_be_is_whole():
    assert lines_of(b"x" * LONGEST_LINE + b"\n") == ["x" * LONGEST_LINE]


def test_what_is_no_text_is_readable_all_the_same():
    assert lines_of(b"caf\xe9 \0\n") == ["caf� �"]


# --- secrets ---


def test_a_secret_is_masked():
    assert lines_of(b"it is hunter22!\n", mask=Mask(["hunter22"])) == ["it is •••!"]


def test_a_secret_is_masked_where_a_chunk_ends_in_it():
    assert lines_of(b"it is hun", b"ter22\n", mask=Mask(["hunter22"])) == ["it is •••"]


def test_no_half_of_a_secret_is_left_where_a_line_is_cut():
    line = b"x" * (LONGEST_LINE - 4) + b"hunter22" + b"y" * 9
    assert "hun" not in lines_of(line + b"\n", mask=Mask(["hunter22"]))[0]


def test_each_line_of_a_secret_is_masked():
    assert lines_of(b"abcdefgh\nijklmnop\n", mask=Mask(["abcdefgh\nijklmnop"])) == ["•••", "•••"]


def test_short_values_are_left_or_every_one_would_be_masked():
    assert lines_of(b"retry 1 of 10\n", mask=Mask(["1", "10", ""])) == ["retry 1 of 10"]


def test_the_longer_of_two_secrets_is_masked_whole():
    assert lines_of(b"hunter22-and-more\n", mask=Mask(["hunter22", "hunter22-and-more"])) == ["•••"]


def test_keys_are_known_by_their_looks():
    key = "phs_" + "aB3-" * 9
    assert lines_of(f"apiKey={key}\n".encode()) == ["apiKey=•••"]


def test_a_password_in_an_address_is_masked():
    assert lines_of(b"Looking in https://me:s3cr3t@index.example/simple\n") == [
        "Looking in https://•••@index.example/simple"
    ]


# --- floods ---


def test_a_flood_is_counted_and_not_kept():
    lines = Lines(NOBODY)
    list(lines.feed(b"be"))
    assert lines.skip(b"gun\ntwo\nthr") == 2
    assert list(lines.feed(b"ee\nfour\n")) == [b"three", b"four"]


def test_a_flood_without_a_line_end_takes_no_memory():
    lines = Lines(NOBODY)
    for _ in range(100):
        assert lines.skip(b"x" * 100_000) == 0
    (line,) = lines.feed(b"\n")
    assert len(line) < LONGEST_LINE + 100


def test_the_last_lines_of_what_is_skipped_are_whole():
    lines = Lines(NOBODY)
    assert lines.glance(b"one\nat ") == [b"one"]
    lines.skip(b"one\nat ")
    assert lines.glance(b"last\n") == [b"at last"]
    lines.skip(b"last\n")
    assert lines.glance(b"no end") == []
    long = b"cut off\n" * 10_000
    assert set(lines.glance(long)) == {b"cut off"}


def test_a_budget_is_a_burst_and_a_rate():
    budget = Budget(1000, 100)
    assert budget.allows(1000, now=1.0)
    assert budget.allows(100, now=1.0)  # down to below zero once
    assert not budget.allows(100, now=1.5)
    assert not budget.allows(100, now=2.0)  # an eighth of the burst must come back
    assert budget.allows(100, now=4.0)


# --- tracebacks ---


def found_in(text):
    tracebacks = Tracebacks()
    found = [tracebacks.feed(line) for line in text.splitlines()] + [tracebacks.complete()]
    return [one for one in found if one]


def test_a_traceback_is_found():
    assert found_in(f"something\n{TRACEBACK}\nsomething else") == [TRACEBACK]


def test_a_traceback_of_a_thread_is_found():
    assert found_in(f"Exception in thread Thread-7 (run):\n{TRACEBACK}") == [TRACEBACK]


def test_one_that_a_logger_wrote_was_caught():
    assert found_in(f"ERROR:root:it is tried again\n{TRACEBACK}") == []


def test_a_chain_of_exceptions_is_one():
    text = f"{TRACEBACK}\n\nDuring handling of the above exception, another exception occurred:\n\n{TRACEBACK}"
    assert found_in(text) == [text]


def test_two_after_each_other_are_two():
    assert found_in(f"{TRACEBACK}\nbetween\n{TRACEBACK}") == [TRACEBACK, TRACEBACK]


def test_half_a_traceback_is_none():
    assert found_in(TRACEBACK.rpartition("\n")[0]) == []


def test_a_group_of_exceptions_is_found():
    text = (
        '  + Exception Group Traceback (most recent call last):\n  |   File "x.py", line 1, in <module>\n'
        "  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n"
        "    | ValueError: 1\n    +------------------------------------"
    )
    assert found_in(text) == [text]


def test_the_last_lines_are_twenty():
    last = Last()
    for number in range(50):
        last.add(f"line {number}")
    assert last.text().splitlines() == [f"line {number}" for number in range(30, 50)]


# --- files ---


def test_lines_are_numbered_without_gaps(files, tmp_path):
    files.write("o", [b"one", b"two"])
    files.write("e", [b"three"])
    part = script_output.tail(tmp_path / "output")
    assert [(line.number, line.stream, line.text) for line in part.lines] == [
        (1, "o", "one"),
        (2, "o", "two"),
        (3, "e", "three"),
    ]
    assert (part.first, part.last) == (1, 3)


def test_the_next_start_goes_on_with_the_numbers(tmp_path):
    for text in (b"one", b"two"):
        files = Files(tmp_path, 1 << 22)
        files.write("o", [text])
        files.close()
    assert [(line.number, line.text) for line in script_output.tail(tmp_path).lines] == [(1, "one"), (2, "two")]


def test_half_a_line_is_taken_out(tmp_path):
    files = Files(tmp_path, 1 << 22)
    files.write("o", [b"one", b"two"])
    files.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-2])
    assert texts(script_output.tail(tmp_path)) == ["one"]
    files = Files(tmp_path, 1 << 22)
    files.write("o", [b"again"])
    files.close()
    assert [(line.number, line.text) for line in script_output.tail(tmp_path).lines] == [(1, "one"), (2, "again")]


def test_the_oldest_files_go(tmp_path):
    files = Files(tmp_path, 1 << 20)
    for _ in range(40):
        files.write("o", [b"x" * 1000 for _ in range(100)])
    files.close()
    part = script_output.tail(tmp_path, 1)
    assert part.last == 4000
    assert part.first > 1
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2 * 2**20


def test_files_are_for_us_alone(files, tmp_path):
    files.write("o", [b"one"])
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "output").iterdir()} == {0o600}


def test_nothing_is_there_before_the_first_line(tmp_path):
    part = script_output.tail(tmp_path / "none")
    assert (part.lines, part.first, part.last) == ([], 0, 0)


# --- reading ---


@pytest.fixture
def many(tmp_path):
    """5,000 lines in many files, every tenth on stderr."""
    files = Files(tmp_path, 1 << 20)
    for number in range(1, 5001):
        files.write("e" if number % 10 == 0 else "o", [f"line {number} ".encode() + b"x" * 80])
    files.close()
    return tmp_path


def numbers(part):
    return [line.number for line in part.lines]


def test_the_tail_is_the_newest(many):
    assert numbers(script_output.tail(many, 3)) == [4998, 4999, 5000]


def test_it_can_be_read_on_from_any_line(many):
    assert numbers(script_output.after(many, 1234, 3)) == [1235, 1236, 1237]
    assert numbers(script_output.after(many, 0, 2)) == [1, 2]
    assert numbers(script_output.after(many, 5000, 2)) == []


def test_it_can_be_read_back_from_any_line(many):
    assert numbers(script_output.before(many, 1234, 3)) == [1231, 1232, 1233]
    assert numbers(script_output.before(many, 1, 3)) == []


def test_one_stream_can_be_read_alone(many):
    assert numbers(script_output.tail(many, 2, "e")) == [4990, 5000]
    assert numbers(script_output.after(many, 11, 2, "e")) == [20, 30]


def test_every_line_is_found_from_the_one_before(many):
    found, number = [], 0
    while part := numbers(script_output.after(many, number, 700)):
        found += part
        number = part[-1]
    assert found == list(range(1, 5001))


def test_a_span_of_time_is_read(many):
    middle = script_output.after(many, 2499, 3).lines
    part = script_output.between(many, middle[0].at, middle[2].at, 5000)
    assert {2500, 2501, 2502} <= set(numbers(part))
    assert all(middle[0].at <= line.at <= middle[2].at for line in part.lines)
    later = datetime.now(UTC) + timedelta(hours=1)
    assert numbers(script_output.between(many, later, later + timedelta(hours=1))) == []


def test_words_are_searched(many):
    assert numbers(script_output.search(many, "LINE 4321 ")) == [4321]
    assert numbers(script_output.search(many, "line 1", 1500, 2)) == [1501, 1502]
    assert numbers(script_output.search(many, "line 12", 1200, 2)) == [1201, 1202]
