"""The channel layer in memory: what is too old goes, and nobody looks for it at each nudge."""

import asyncio

import pytest

from pluginhost import memory_layer
from pluginhost.memory_layer import MemoryLayer


@pytest.fixture
def clock(monkeypatch):
    """A time that the test sets."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(memory_layer.time, "monotonic", lambda: Clock.now)
    return Clock


def test_messages_are_heard():
    async def there_and_back():
        layer = MemoryLayer()
        channel = await layer.new_channel()
        await layer.group_add("group", channel)
        await layer.group_send("group", {"type": "nudge"})
        return await layer.receive(channel)

    assert asyncio.run(there_and_back()) == {"type": "nudge"}


def test_what_nobody_fetched_goes_after_a_while(clock):
    async def left():
        layer = MemoryLayer(expiry=0)
        await layer.group_send("group", {"type": "nudge"})  # the first time it looks
        await layer.send("nobody", {"type": "nudge"})
        clock.now += memory_layer.CLEAN_SECONDS - 1
        await layer.group_send("group", {"type": "nudge"})
        before = set(layer.channels)
        clock.now += 2
        await layer.group_send("group", {"type": "nudge"})
        return before, set(layer.channels)

    assert asyncio.run(left()) == ({"nobody"}, set())
