"""Whatever comes over the wire is an event we know, or the event `malformed`."""

import pytest
from socketio import packet

from pluginhost.gateway.packets import GuardedPacket, SafeJson

GuardedPacket.json = SafeJson


def decoded(text):
    return GuardedPacket(encoded_packet=text)


def test_a_known_event_comes_through():
    assert decoded('2/plugin,["log",{"msg":"x"}]').data == ["log", {"msg": "x"}]


@pytest.mark.parametrize(
    "text",
    [
        "2/plugin,[]",
        "2/plugin,{}",
        '2/plugin,"log"',
        "2/plugin,[1]",
        "2/plugin,[{}]",
        '2/plugin,["disconnect"]',
        '2/plugin,["connect",{}]',
        '2/plugin,["close_room"]',
        '2/plugin,["log",{"msg":',
        "2/plugin,[" + "[" * 200_000,
        "2/plugin",
        "2",
        '2/plugin,["log",' + "9" * 5000 + "]",
        '5999-/plugin,["log"]',
        "x",
        b"binary out of the blue",
    ],
)
def test_anything_else_is_malformed_and_says_why(text):
    found = decoded(text)
    assert found.data[0] == "malformed"
    assert isinstance(found.data[1], str)
    assert found.namespace == "/plugin"


def test_an_acknowledgement_without_a_list_is_an_empty_one():
    assert decoded('3/plugin,7"x"').data == []


def test_a_binary_event_is_put_together():
    found = decoded('51-/plugin,["response",{"response":{"_placeholder":true,"num":0}}]')
    assert found.packet_type == packet.BINARY_EVENT
    assert found.add_attachment(b"abc")
    assert found.data == ["response", {"response": b"abc"}]


def test_a_placeholder_that_counts_wrong_spoils_only_its_event():
    found = decoded('51-/plugin,["response",{"response":{"_placeholder":true,"num":7}}]')
    assert found.add_attachment(b"abc")
    assert found.data[0] == "malformed"


def test_a_binary_event_that_announces_nothing_does_not_wait():
    assert decoded('50-/plugin,["log",{}]').packet_type == packet.EVENT
