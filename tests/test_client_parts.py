"""The parts of our own client, each by itself: no socket, no server."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import enum
import json
import logging
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pluginhost.client import instance
from pluginhost.client.asking import Refused
from pluginhost.client.backoff import Backoff
from pluginhost.client.calling import arguments_for, call
from pluginhost.client.cancelled import Cancelled
from pluginhost.client.delivery import body_of
from pluginhost.client.held import LARGE, Answer, Held
from pluginhost.client.outbox import MOST_UNDER_WAY, UPLOAD, Outbox
from pluginhost.client.plain import NotPlain, plain, plain_or_text
from pluginhost.client.plugin_logger import PluginLogger
from pluginhost.client.plugins import BatchModelPlugin, run
from pluginhost.client.sdk import SDK
from pluginhost.client.spool import Spool
from pluginhost.client.work import Work

ORDER = {"session": "s1", "projectId": "p1", "apiKey": "k", "logger": None, "tags": ["b1"]}


class Host:
    """What a host would have heard, said through an outbox."""

    def __init__(self, outbox):
        self.outbox, self.events = outbox, []

    def listen(self):
        self.outbox.open(self._speak)

    def _speak(self, event, payload):
        self.events.append((event, payload))

    def take_all(self):
        """Everything that is to be said now, in order."""
        while True:
            with self.outbox._changed:
                events = list(self.outbox._events())
            if not events:
                return self.events
            for event, payload in events:
                self._speak(event, payload)

    def lines(self):
        return [payload["line"] for event, payload in self.events if event == "log"]


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def held(outbox):
    made = Held({"session": "s1", "apiKey": "k"})
    outbox.hold(made)
    return made


def say(outbox, held, count):
    for number in range(count):
        outbox.say(held, {"msg": f"line {number}", "session": held.id})


# --- pauses ---


def test_pauses_grow_to_half_a_minute_and_are_drawn_by_lot():
    longest, shortest = Backoff(lambda: 1.0), Backoff(lambda: 0.0)
    assert [longest.pause() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [shortest.pause() for _ in range(3)] == [0.25, 0.5, 1]
    longest.begin_again()
    assert longest.pause() == 0.5


# --- calling ---


@pytest.mark.parametrize(
    "callback",
    [
        lambda data: data,
        lambda order: order,
        lambda *arguments: arguments[0],
        lambda data, **more: data,
        lambda data=None, **more: data,
        lambda data, /: data,
        lambda **data: data,
        lambda projectId, **rest: {"projectId": projectId, **rest},
    ],
)
def test_every_form_of_callback_gets_the_whole_order(callback):
    assert call(callback, dict(ORDER)) == ORDER


def test_a_callback_that_names_what_it_wants_gets_just_that():
    assert arguments_for(lambda projectId, logger: None, ORDER) == ([], {"projectId": "p1", "logger": None})
    assert arguments_for(lambda: None, ORDER) == ([], {})


def test_a_method_and_a_class_are_callbacks_too():
    class Model:
        def callback(self, data):
            return data["session"]

        def __call__(self, data):
            return data["projectId"]

    assert call(Model().callback, ORDER) == "s1"
    assert call(Model(), ORDER) == "p1"


def test_what_an_asynchronous_callback_left_running_is_cancelled():
    left = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            left.append("cancelled")

    async def callback(data):
        left.append(asyncio.create_task(forever()))
        await asyncio.sleep(0)
        return "done"

    assert call(callback, ORDER) == "done"
    assert left[1:] == ["cancelled"]


# --- values ---


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Box:
    x: int
    score: float


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        ({3, 1, 2}, [1, 2, 3]),
        ((1, 2), [1, 2]),
        ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
        (Box(1, float("nan")), {"x": 1, "score": None}),
        (datetime.date(2026, 11, 22), "2026-11-22"),
        (Path("/a/b"), "/a/b"),
        (Colour.RED, "red"),
        ([np.array(float("inf"))], [None]),
    ],
)
def test_what_means_something_in_json_is_converted(value, expected):
    converted = plain(value)
    assert converted == expected
    json.dumps(converted, allow_nan=False)


def test_what_means_nothing_in_json_is_named_with_its_place():
    with pytest.raises(NotPlain, match=r"it\['a'\]\[1\] is a object, which is no JSON"):
        plain({"a": [1, object()]})


def test_a_value_that_holds_itself_is_refused_and_not_followed_for_ever():
    value: list = []
    value.append(value)
    with pytest.raises(NotPlain, match="nested"):
        plain(value)
    assert isinstance(plain_or_text(value), str)


# --- the outbox ---


def test_lines_are_numbered_from_the_one_that_the_host_has(outbox):
    held = Held({"session": "s1"}, last=7)
    outbox.hold(held)
    say(outbox, held, 2)
    host = Host(outbox)
    host.listen()
    host.take_all()
    assert host.lines() == [8, 9]


def test_what_is_not_acknowledged_is_said_again_on_the_next_line_and_in_order(outbox, held):
    host = Host(outbox)
    say(outbox, held, 5)
    host.listen()
    host.take_all()
    outbox.stored("s1", 3)
    outbox.close()
    say(outbox, held, 2)
    host.events.clear()
    host.listen()
    host.take_all()
    assert host.lines() == [4, 5, 6, 7]


def test_receipts_that_come_late_or_twice_do_no_harm(outbox, held):
    host = Host(outbox)
    say(outbox, held, 5)
    host.listen()
    host.take_all()
    outbox.stored("s1", 4)
    outbox.stored("s1", 2)
    outbox.stored("s1", 4)
    outbox.stored("nobody", 9)
    say(outbox, held, 1)
    host.take_all()
    assert host.lines() == [1, 2, 3, 4, 5, 6]
    assert [kept.number for kept in outbox.lines_of(held)] == [5, 6]


def test_the_answer_comes_after_the_last_line_and_until_it_is_acknowledged(outbox, held):
    host = Host(outbox)
    say(outbox, held, 3)
    outbox.answer(held, Answer("done"))
    for _ in range(2):
        host.events.clear()
        host.listen()
        host.take_all()
        assert [event for event, _ in host.events] == ["log", "log", "log", "response"]
    outbox.answered("s1")
    host.events.clear()
    host.listen()
    assert host.take_all() == []


def test_no_more_is_under_way_than_the_host_may_have_to_store(outbox, held):
    host = Host(outbox)
    say(outbox, held, MOST_UNDER_WAY + 500)
    outbox.answer(held, Answer("done"))
    host.listen()
    host.take_all()
    assert len(host.lines()) == MOST_UNDER_WAY
    outbox.stored("s1", MOST_UNDER_WAY)
    host.take_all()
    assert host.lines() == list(range(1, MOST_UNDER_WAY + 501))
    assert host.events[-1][0] == "response"


def test_one_talkative_session_does_not_keep_another_waiting(outbox, held):
    other = Held({"session": "s2"})
    outbox.hold(other)
    say(outbox, held, 1000)
    say(outbox, other, 1)
    host = Host(outbox)
    host.listen()
    with outbox._changed:
        events = list(outbox._events())
    assert "s2" in {payload["session"] for _, payload in events}


def test_when_there_is_no_more_room_the_oldest_go_and_the_log_says_how_many():
    outbox = Outbox(most_kept=10_000)
    held = Held({"session": "s1"})
    outbox.hold(held)
    say(outbox, held, 100)
    host = Host(outbox)
    host.listen()
    host.take_all()
    said = [payload["msg"] for _, payload in host.events]
    dropped = 100 - (len(said) - 1)
    assert said[0].startswith(f"{dropped} lines were dropped here")
    assert said[1:] == [f"line {number}" for number in range(dropped, 100)]
    assert host.lines() == list(range(dropped, 101))


def test_a_line_that_waited_says_how_long_ago_it_was_said(outbox, held):
    say(outbox, held, 1)
    held.lines[0].said_at -= 60
    host = Host(outbox)
    host.listen()
    ((_, payload),) = host.take_all()
    assert payload["ago"] == pytest.approx(60, abs=1)


def test_a_large_answer_waits_until_the_lines_are_stored_and_goes_once(outbox, held):
    host = Host(outbox)
    say(outbox, held, 1)
    outbox.answer(held, Answer("x", size=LARGE + 1))
    host.listen()
    assert [event for event, _ in host.take_all()] == ["log"]
    outbox.stored("s1", 1)
    host.listen()
    assert [event for event, _ in host.take_all()] == ["log", UPLOAD]
    host.listen()
    assert [event for event, _ in host.take_all()] == ["log", UPLOAD]


def test_what_was_taken_for_one_line_is_not_said_on_the_next(outbox, held):
    """Else line 2 could come before line 1, and the host would take line 1 for one that it has."""
    said_on = {"first": [], "second": []}
    say(outbox, held, 2)
    outbox.open(lambda event, payload: said_on["first"].append(payload["line"]))
    speak, events = outbox.take()
    outbox.close()
    outbox.open(lambda event, payload: said_on["second"].append(payload["line"]))
    for event, payload in events:
        speak(event, payload)
    assert said_on == {"first": [1, 2], "second": []}


# --- the logger ---


@pytest.fixture
def logger(outbox, held):
    return PluginLogger("session", held, outbox, "p1")


def said(outbox, held):
    return [kept.event for kept in outbox.lines_of(held)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("%d of %d", 3, 24), "3 of 24"),
        (("%(done)s", {"done": 3}), "3"),
        (("100%",), "100%"),
        (("%d", "no number"), "%d no number"),
        (("a", "b", 3), "a b 3"),
        ((12,), "12"),
        (({"a": 1},), "{'a': 1}"),
    ],
)
def test_messages_are_formatted_and_never_raise(logger, outbox, held, arguments, expected):
    logger.info(*arguments)
    assert said(outbox, held)[0]["msg"] == expected


def test_fields_are_kept_and_those_with_a_taken_name_too(logger, outbox, held):
    logger.warning("x", seconds=np.float32(1.5), msg_="kept", level="mine", extra={"box": {1}}, thing=object)
    (event,) = said(outbox, held)
    assert event["seconds"] == 1.5
    assert (event["level"], event["level_"], event["box"]) == ("WARNING", "mine", [1])
    json.dumps(event)


def test_a_traceback_stands_in_the_log(logger, outbox, held):
    try:
        raise ValueError("no such image")
    except ValueError as error:
        logger.exception("could not read")
        logger.error("again", exc_info=error)
    for event in said(outbox, held):
        assert event["level"] == "ERROR"
        assert event["msg"].splitlines()[1] == "Traceback (most recent call last):"
        assert event["msg"].endswith("ValueError: no such image")


def test_levels_are_all_sent_unless_the_author_sets_one(logger, outbox, held):
    logger.debug("a")
    logger.critical("b")
    logger.log(25, "c")
    logger.setLevel(logging.WARNING)
    logger.info("left out")
    assert [event["level"] for event in said(outbox, held)] == ["DEBUG", "CRITICAL", "Level 25"]


def test_a_message_that_cannot_be_written_out_ends_nobodys_work(logger, caplog):
    class Bad:
        def __str__(self):
            raise RuntimeError("no words")

    logger.info(Bad())
    assert "could not be kept" in caplog.text


def test_an_author_may_add_handlers_of_his_own(logger, outbox, held):
    heard = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append((record.getMessage(), record.funcName))
    logger.addHandler(handler)
    logger.info("%d of %d", 1, 2)
    assert heard == [("1 of 2", "test_an_author_may_add_handlers_of_his_own")]
    assert said(outbox, held)[0]["msg"] == "1 of 2"


# --- the work ---


def work_of(outbox, callback, **options):
    return Work(callback, outbox, **options)


def wait_answer(outbox, session):
    held = outbox.find(session)
    assert outbox.wait_until(lambda _: held.answer is not None, 20)
    return held.answer


def test_an_order_that_comes_twice_is_done_once(outbox):
    calls = []
    work = work_of(outbox, lambda data: calls.append(data["session"]))
    assert work.take({"session": "s1"})
    assert not work.take({"session": "s1"})
    wait_answer(outbox, "s1")
    assert calls == ["s1"]


def test_the_callback_gets_the_order_and_what_we_add(outbox):
    seen = {}
    work = work_of(outbox, seen.update)
    work.take({"session": "s1", "tags": ["b1"], "line": 4, "configJSON": "{}"})
    wait_answer(outbox, "s1")
    assert {"session", "tags", "configJSON", "batches", "logger", "progress", "cancelled"} == set(seen)
    assert seen["batches"] == ["b1"]
    assert isinstance(seen["cancelled"], Cancelled)


def test_no_more_at_once_than_agreed_and_the_rest_in_order(outbox):
    begun, go = [], threading.Event()

    def callback(data):
        begun.append(data["session"])
        assert go.wait(20)

    work = work_of(outbox, callback, concurrency=1)
    for name in ("s1", "s2", "s3"):
        work.take({"session": name})
    assert begun in ([], ["s1"])
    go.set()
    for name in ("s1", "s2", "s3"):
        wait_answer(outbox, name)
    assert begun == ["s1", "s2", "s3"]


def test_a_cancelled_session_that_has_not_begun_is_never_called(outbox):
    go, calls = threading.Event(), []

    def callback(data):
        calls.append(data["session"])
        assert go.wait(20)

    work = work_of(outbox, callback, concurrency=1)
    work.take({"session": "s1"})
    work.take({"session": "s2"})
    work.cancel("s2")
    assert wait_answer(outbox, "s2").error == "Cancelled before it began."
    go.set()
    wait_answer(outbox, "s1")
    assert calls == ["s1"]


def test_a_cancel_that_comes_before_its_order_counts(outbox):
    work = work_of(outbox, lambda data: bool(data["cancelled"]))
    work.cancel("s1")
    work.take({"session": "s1"})
    assert wait_answer(outbox, "s1").value is True


def test_what_is_handed_back_says_nothing_any_more(outbox, held, logger):
    outbox.answered("s1")
    logger.info("too late")
    assert outbox.lines_of(held) == []


# --- the spool ---


def test_an_answer_is_read_again_with_its_lines(tmp_path, outbox, held):
    say(outbox, held, 2)
    outbox.stored("s1", 1)
    spool = Spool(tmp_path / "spool")
    spool.keep(held, Answer({"boxes": [1]}, size=12), outbox.lines_of(held))
    (again,) = Spool(tmp_path / "spool").recall()
    assert (again.id, again.key, again.last) == ("s1", "k", 2)
    assert [kept.number for kept in again.lines] == [2]
    assert again.answer.event("s1") == {"response": {"boxes": [1]}, "session": "s1"}
    spool.forget("s1")
    assert Spool(tmp_path / "spool").recall() == []


def test_bytes_and_errors_come_through_the_spool(tmp_path, held):
    spool = Spool(tmp_path)
    spool.keep(held, Answer(b"\x00\xff", size=2), [])
    assert spool.recall()[0].answer.value == b"\x00\xff"
    spool.keep(held, Answer(error="ValueError: x"), [])
    assert spool.recall()[0].answer.event("s1") == {"error": "ValueError: x", "session": "s1"}


def test_only_the_user_may_read_the_spool(tmp_path, held):
    Spool(tmp_path / "spool").keep(held, Answer("x"), [])
    (path,) = (tmp_path / "spool").glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_cannot_be_read_is_left_and_said(tmp_path, held, caplog):
    spool = Spool(tmp_path)
    (tmp_path / "s0.answer.json").write_text("{oops")
    spool.keep(held, Answer("x"), [])
    assert [again.id for again in spool.recall()] == ["s1"]
    assert "cannot be read" in caplog.text
    assert (tmp_path / "s0.answer.json").exists()


def test_a_session_id_names_no_file_outside(tmp_path):
    spool = Spool(tmp_path / "spool")
    spool.keep(Held({"session": "../../etc/passwd"}), Answer("x"), [])
    assert [path.parent.name for path in tmp_path.rglob("*.json")] == ["spool"]


def test_a_large_answer_is_sent_as_what_it_is():
    assert body_of(Answer("häh"))[0] == "text/plain; charset=utf-8"
    assert body_of(Answer([1])) == ("application/json", b"[1]")
    assert body_of(Answer(b"\x01")) == ("application/octet-stream", b"\x01")


# --- names and addresses ---


def test_two_running_scripts_have_different_names_and_one_that_is_started_anew_its_own_again():
    code = "from pluginhost.client.instance import name_of; print(name_of('a plugin'), flush=True); input()"
    root = Path(__file__).resolve().parent.parent
    environment = {name: value for name, value in os.environ.items() if name != "PLUGINHOST_INSTANCE"}

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    with start() as first, start() as second:
        names = [process.stdout.readline() for process in (first, second)]
        assert len(set(names)) == 2
        first.kill()
        first.wait()
        with start() as again:
            assert again.stdout.readline() == names[0]
            again.kill()
        second.kill()


def test_a_name_that_is_given_is_taken(monkeypatch):
    monkeypatch.setenv("PLUGINHOST_INSTANCE", "worker 3")
    assert instance.name_of("p1") == "worker 3"
    assert instance.name_of("p1", "mine") == "mine"


def test_two_running_scripts_share_no_spool(tmp_path):
    folders = {instance.folder_of("p1", tmp_path) for _ in range(2)}
    assert {folder.name for folder in folders} == {"p1-1", "p1-2"}
    for _ in range(2):
        instance._taken.pop().close()


@pytest.mark.parametrize(
    ("host", "id", "word"),
    [("", "x", "host"), ("<YOUR HOST>", "x", "host"), ("localhost:8000", "x", "scheme"), ("http://x", "<ID>", "id")],
)
def test_what_is_missing_is_said_at_once(monkeypatch, host, id, word):
    monkeypatch.delenv("PLUGINHOST_HOST", raising=False)
    with pytest.raises(ValueError, match=word):
        run(BatchModelPlugin(id, "secret", lambda data: None), host=host)


def test_a_plugin_needs_a_callback():
    with pytest.raises(TypeError, match="callback"):
        BatchModelPlugin("id", "secret")


def test_a_refusal_has_status_and_message():
    error = Refused(403, '{"message": "no"}', "no")
    assert (error.status, error.message, str(error)) == (403, "no", '{"message": "no"}')


def test_an_sdk_needs_a_host(monkeypatch):
    monkeypatch.delenv("PLUGINHOST_HOST", raising=False)
    with pytest.raises(ValueError, match="host"):
        SDK("key")
