"""What scripts send, parsed: what means something is taken, what does not is Malformed with a reason."""

import pytest

from pluginhost.protocol import payloads
from pluginhost.protocol.text import cut, first_line, storable


def log(**event):
    return payloads.log(({"session": "s", "level": "INFO", "msg": "hello", **event},), 1000, 100)


def test_a_line_keeps_its_text_and_level():
    line = log(level="ERROR", msg="broken")
    assert (line.session, line.level, line.message, line.extra) == ("s", 40, "broken", "")


@pytest.mark.parametrize(
    ("level", "number"),
    [("debug", 10), ("WARN", 30), ("CRITICAL", 50), ("Level 25", 25), (15, 15), (None, 20), ("what", 20), ([], 20),
     (10**9, 100), (True, 20)],
)  # fmt: skip
def test_every_level_has_a_number(level, number):
    assert payloads.level_of(level) == number


def test_other_keys_become_extra_json():
    assert log(asset="img_1", n=3).extra == '{"asset": "img_1", "n": 3}'


def test_extra_over_the_limit_is_left_out_and_says_so():
    assert "left out" in log(big="x" * 500).extra


def test_a_line_over_the_limit_is_cut_and_says_so():
    line = log(msg="ä" * 5000)
    assert len(line.message.encode()) < 1100
    assert "cut: the line has 5,000 characters" in line.message


def test_what_no_database_takes_is_replaced():
    assert log(msg="a\0b\ud800c").message == "a\N{SYMBOL FOR NULL}b\N{REPLACEMENT CHARACTER}c"


def test_a_message_that_is_no_text_is_kept_as_json():
    assert log(msg={"a": [1, None]}).message == '{"a": [1, null]}'


@pytest.mark.parametrize(
    "arguments",
    [(), (None,), ("text",), ([],), ({},), ({"session": 5, "msg": "x"},), ({"session": "", "msg": "x"},),
     ({"session": "s"},)],
)  # fmt: skip
def test_a_line_without_what_it_needs_is_malformed(arguments):
    with pytest.raises(payloads.Malformed):
        payloads.log(arguments, 1000, 100)


@pytest.mark.parametrize("event", [{}, {"id": 1, "secret": "x"}, {"id": "x"}, {"id": "x", "secret": "y" * 2000}])
def test_a_heartbeat_needs_id_and_secret(event):
    with pytest.raises(payloads.Malformed):
        payloads.heartbeat((event,))


@pytest.mark.parametrize(
    ("value", "form", "body"),
    [
        ("done", "text", "done"),
        (None, "nothing", ""),
        ({"a": 1}, "json", '{"a": 1}'),
        ([], "json", "[]"),
        (b"\x00\xff", "bytes", "AP8="),
        (0, "json", "0"),
    ],
)
def test_every_answer_has_its_form(value, form, body):
    assert payloads.response(({"session": "s", "response": value},)) == payloads.Answer("s", form, body)


def test_an_error_is_an_error_with_or_without_words():
    assert payloads.response(({"session": "s", "error": True},)).form == "error"
    assert payloads.response(({"session": "s", "error": "no GPU"},)).body == "no GPU"


def test_a_value_nested_without_end_is_malformed():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(payloads.Malformed, match="deeply"):
        payloads.answer_of(deep)


@pytest.mark.parametrize(
    ("message", "found"), [("Files [24/3]", (3, 24)), ("[3 / 24] x", (3, 24)), ("[0/0]", None), ("3/24", None)]
)
def test_progress_is_read_from_brackets(message, found):
    assert payloads.progress_in(message) == found


def test_short_text_is_not_cut():
    assert cut("hello", 100) == "hello"


def test_the_first_line_that_says_something():
    assert first_line("\n\n  **Done.** \nmore", 300) == "**Done.**"
    assert first_line("x" * 400, 300).endswith("…")


def test_ordinary_text_stays_as_it_is():
    assert storable("ğüş 🙂") == "ğüş 🙂"
