"""Events that no client would send: none of them ends a connection, or costs a neighbour a line."""

import json

import pytest

from .peer import EVENT, peer_of
from .waiting import until

pytestmark = pytest.mark.story

DEEP = "[" * 900 + "]" * 900
NOT_EVENTS = {
    "no payload": EVENT + '["{name}"]',
    "a text": EVENT + '["{name}","text"]',
    "a number": EVENT + '["{name}",7]',
    "null": EVENT + '["{name}",null]',
    "a list": EVENT + '["{name}",[1,2]]',
    "an empty dict": EVENT + '["{name}",{}]',
    "two payloads": EVENT + '["{name}",{},{}]',
    "wrong types": EVENT + '["{name}",{"session":7,"msg":{"a":1},"level":[],"id":null,"secret":[1]}]',
    "a deep one": EVENT + '["{name}",{"session":"x","msg":' + DEEP + "}]",
    "a lone surrogate": EVENT + '["{name}",{"session":"\\ud800","msg":"\\udfff","id":"\\ud800","secret":"\\ud800"}]',
    "NUL bytes": EVENT + '["{name}",{"session":"a\\u0000b","msg":"\\u0000","id":"\\u0000","secret":"\\u0000"}]',
    "big numbers": EVENT + '["{name}",{"session":1e400,"msg":123456789012345678901234567890,"level":-1e9}]',
    "an acknowledgement asked": "42/plugin,99" + '["{name}",{}]',
}


@pytest.fixture
def running(server):
    """A running session of a raw peer: (peer, its session on the wire, its number)."""
    plugin = server.new_plugin(name="Odd")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as peer:
        yield peer, peer.wait_order()["session"], number


@pytest.mark.parametrize("name", ["heartbeat", "log", "response", "no such event"])
def test_events_that_are_none_change_nothing(server, running, name):
    peer, session, number = running
    for count, text in enumerate(NOT_EVENTS.values(), start=1):
        peer.frame(text.replace("{name}", name))
        peer.log(session, f"after {count}")
    peer.emit("response", {"response": "still here", "session": session})
    assert server.wait_state(number)["message"] == "still here"
    assert server.messages_of(number) == [f"after {count}" for count in range(1, len(NOT_EVENTS) + 1)]
    assert peer.is_open


@pytest.mark.parametrize(
    "event",
    [
        {"msg": "\x00NUL\x00"},
        {"msg": "huge " + "y" * 2_000_000},
        {"msg": 7},
        {"msg": None},
        {"msg": ["a", {"b": 1}]},
        {"msg": "level", "level": "SHOUTING"},
        {"msg": "level", "level": 10**30},
        {"msg": "level", "level": {"a": 1}},
        {"msg": "extra", "deep": json.loads("[" * 200 + "]" * 200)},
        {"msg": "extra", **{f"key {n}": n for n in range(5_000)}},
        {"msg": "extra", "\x00": "\x00"},
        {"msg": "extra", "session ": "x", "number": 5, "at": "yesterday"},
    ],
    ids=lambda event: json.dumps(event)[:40],
)
def test_an_odd_line_is_a_line(server, running, event):
    """Whatever it holds, it is one numbered line, and the next one follows it."""
    peer, session, number = running
    peer.emit("log", {**event, "session": session})
    peer.log(session, "next")
    until(lambda: server.session(number)["log_lines"] == 2, "both lines")
    lines = server.log_of(number)
    assert [line["number"] for line in lines] == [1, 2]
    assert lines[1]["message"] == "next"
    assert peer.is_open


def test_lone_surrogates_in_a_line_and_a_response(server, running):
    peer, session, number = running
    peer.frame(EVENT + '["log",{"session":"%s","msg":"a\\ud800b","level":"INFO","k\\udfff":"\\ud800"}]' % session)  # noqa: UP031
    peer.frame(EVENT + '["response",{"session":"%s","response":"c\\udc00d"}]' % session)  # noqa: UP031
    ended = server.wait_state(number)
    assert ended["state"] == "succeeded"
    assert ended["message"].startswith("c")
    (line,) = server.messages_of(number)
    assert line.startswith("a")
    assert line.endswith("b")


def test_a_binary_event_without_its_attachment_costs_a_neighbour_nothing(server, running):
    peer, session, number = running
    plugin = server.new_plugin(name="Torn")
    with peer_of(server, plugin) as other:
        other.frame('451-/plugin,["log",{"_placeholder":true,"num":0}]')
        other.frame("garbage")
        other.frame("42/other,[]")
        other.frame("4")
        peer.log(session, "fine")
        peer.emit("response", {"response": "fine", "session": session})
        assert server.wait_state(number)["message"] == "fine"
