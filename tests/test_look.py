"""The socket that tells pages to look again: to whom it speaks, and what it never says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from dashboard.consumers import look
from pluginhost import nudge
from pluginhost.actions import organizations, projects
from pluginhost.models import Member

from . import makers
from .websocket import Socket

pytestmark = pytest.mark.django_db(transaction=True)
LOOK = '{"look": true}'


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


async def send(group: str) -> None:
    await get_channel_layer().group_send(group, nudge.MESSAGE)


def test_it_works(alice, plugin):
    async def story():
        async with Socket(alice, f"/ws/look/?watch=plugin:{plugin.uid}") as socket:
            await joined(socket)
            await send(nudge.plugin_group(plugin.pk))
            assert await socket.text() == LOOK

    run(story)


async def joined(socket: Socket) -> None:
    """Once it hears of everything, it has joined its groups."""
    for _ in range(200):
        await send(nudge.EVERYTHING)
        if not await socket.is_silent():
            assert await socket.text() == LOOK
            break
    while not await socket.is_silent():
        await socket.text()


@pytest.mark.parametrize("kind", ["plugin", "project", "session"])
def test_a_member_may_watch_each_kind(bob, alice, project, plugin, kind):
    session = makers.make_session(alice, project, plugin)
    what, group = {
        "plugin": (f"plugin:{plugin.uid}", nudge.plugin_group(plugin.pk)),
        "project": (f"project:{project.uid}", nudge.project_group(project.pk)),
        "session": (f"session:{session.pk}", nudge.session_group(session.pk)),
    }[kind]

    async def story():
        async with Socket(bob, f"/ws/look/?watch={what}") as socket:
            await joined(socket)
            await send(group)
            assert await socket.text() == LOOK

    run(story)


def test_many_nudges_become_a_few_looks(alice, plugin):
    async def story():
        async with Socket(alice, f"/ws/look/?watch=plugin:{plugin.uid}") as socket:
            await joined(socket)
            for _ in range(50):
                await send(nudge.plugin_group(plugin.pk))
            heard = 0
            while not await socket.is_silent():
                heard += await socket.text() == LOOK
            assert 1 <= heard <= 3

    run(story)


def test_everything_one_may_see_can_be_watched_at_once(bob, plugin, project):
    async def story():
        async with Socket(bob, "/ws/look/?watch=all") as socket:
            await joined(socket)
            for group in (nudge.plugin_group(plugin.pk), nudge.project_group(project.pk)):
                await send(group)
                assert await socket.text() == LOOK

    run(story)


def test_nothing_watched_hears_nothing(alice, plugin):
    async def story():
        async with Socket(alice, "/ws/look/") as socket:
            await send(nudge.plugin_group(plugin.pk))
            assert await socket.is_silent()

    run(story)


def test_a_stranger_is_told_that_it_is_not_there(charlie, plugin):
    async def story():
        async with Socket(charlie, f"/ws/look/?watch=plugin:{plugin.uid}") as socket:
            assert await socket.close_code() == look.NOT_THERE

    run(story)


def test_what_is_not_there_looks_the_same_as_what_one_may_not_see(alice, plugin):
    async def story():
        async with Socket(alice, f"/ws/look/?watch=plugin:{'0' * 24}") as socket:
            assert await socket.close_code() == look.NOT_THERE

    run(story)


def test_one_forbidden_thing_among_many_closes_it(bob, charlie, plugin):
    organizations.create("Charlie's", charlie)
    theirs = projects.create(makers.principal(charlie), charlie.memberships.get().organization, "Secret")

    async def story():
        async with Socket(bob, f"/ws/look/?watch=plugin:{plugin.uid}&watch=project:{theirs.uid}") as socket:
            assert await socket.close_code() == look.NOT_THERE

    run(story)


def test_who_is_not_signed_in_is_told_so(plugin):
    async def story():
        async with Socket(None, f"/ws/look/?watch=plugin:{plugin.uid}") as socket:
            assert await socket.close_code() == look.NOT_SIGNED_IN

    run(story)


def test_a_removed_member_stops_hearing(monkeypatch, bob, plugin):
    monkeypatch.setattr(look, "RECHECK_SECONDS", 0.05)

    async def story():
        async with Socket(bob, f"/ws/look/?watch=plugin:{plugin.uid}") as socket:
            await joined(socket)
            member = await Member.objects.aget(user=bob)
            await database_sync_to_async(organizations.remove_member)(member)
            assert await socket.close_code() == look.NOT_THERE

    run(story)


def test_a_closed_account_stops_hearing(monkeypatch, bob, plugin):
    monkeypatch.setattr(look, "RECHECK_SECONDS", 0.05)

    async def story():
        async with Socket(bob, "/ws/look/?watch=all") as socket:
            await joined(socket)
            bob.is_active = False
            await bob.asave(update_fields=["is_active"])
            assert await socket.close_code() == look.NOT_THERE

    run(story)


@pytest.mark.parametrize("odd", ["watch=", "watch=plugin", "watch=%00", "watch=session:99999999999999999999", "x=1"])
def test_odd_addresses_end_nothing(alice, odd):
    async def story():
        async with Socket(alice, f"/ws/look/?{odd}") as socket:
            await send(nudge.EVERYTHING)
            assert await socket.is_silent() or (await socket.close_code()) == look.NOT_THERE

    run(story)


def test_too_much_to_watch_is_refused(alice, plugin):
    many = "&".join([f"watch=plugin:{plugin.uid}"] * (look.MOST_WATCHED + 1))

    async def story():
        async with Socket(alice, f"/ws/look/?{many}") as socket:
            assert await socket.close_code() == look.NOT_THERE

    run(story)
