"""The door of the gateway: few sockets on the threshold at a time, and nobody blocks it."""

import asyncio

from pluginhost.gateway import door
from pluginhost.gateway.door import Door


async def entered(doors, scope, inside, has_come):
    """Comes in and stays for ever, as a WebSocket's request does."""
    async with doors.place(scope):
        inside.append(scope)
        has_come.set()
        await asyncio.Event().wait()


async def turns():
    for _ in range(5):
        await asyncio.sleep(0)


def come(count, then, monkeypatch, longest=3600.0):
    """So many come at once; what `then` finds of who is inside."""
    monkeypatch.setattr(door, "LONGEST_S", longest)

    async def crowd():
        doors, inside, scopes = Door(), [], [{} for _ in range(count)]
        came = [asyncio.Event() for _ in scopes]
        coming = [
            asyncio.create_task(entered(doors, *each)) for each in zip(scopes, [inside] * count, came, strict=True)
        ]
        await turns()
        try:
            return await then(doors, inside, coming, came)
        finally:
            for task in coming:
                task.cancel()
            await asyncio.gather(*coming, return_exceptions=True)

    return asyncio.run(crowd())


def test_no_more_than_some_are_on_the_threshold(monkeypatch):
    async def then(doors, inside, coming, came):
        return len(inside)

    assert come(door.AT_ONCE + 7, then, monkeypatch) == door.AT_ONCE


def test_who_is_in_makes_room_once(monkeypatch):
    async def then(doors, inside, coming, came):
        first = inside[0]
        for _ in range(3):
            doors.leave(first)
        await turns()
        return len(inside)

    assert come(door.AT_ONCE + 7, then, monkeypatch) == door.AT_ONCE + 1


def test_who_goes_makes_room(monkeypatch):
    async def then(doors, inside, coming, came):
        coming[0].cancel()
        await turns()
        return len(inside)

    assert come(door.AT_ONCE + 7, then, monkeypatch) == door.AT_ONCE + 1


def test_who_never_asks_for_the_namespace_keeps_nobody_waiting(monkeypatch):
    async def then(doors, inside, coming, came):
        async with asyncio.timeout(30):
            await asyncio.gather(*(event.wait() for event in came))
        return len(inside)

    assert come(4 * door.AT_ONCE, then, monkeypatch, longest=0.001) == 4 * door.AT_ONCE
