"""The log's socket: what it tells, to whom, and that it tells nothing twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from dashboard.consumers import log
from pluginhost import log_news, nudge
from pluginhost.actions import sessions
from pluginhost.models import Member

from . import makers
from .websocket import Socket

pytestmark = pytest.mark.django_db(transaction=True)


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


async def news(socket: Socket) -> dict[str, Any]:
    return json.loads(await socket.text())


async def lines(socket: Socket, session, count: int, **given) -> None:
    """A script's lines, and the nudge that follows them."""
    await sync_to_async(makers.make_lines)(session, count, **given)
    await get_channel_layer().group_send(nudge.session_group(session.pk), nudge.MESSAGE)


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def test_it_works(bob, session):
    makers.make_lines(session, 2)

    async def story():
        async with Socket(bob, f"/ws/sessions/{session.pk}/") as socket:
            first = await news(socket)
            assert [line["number"] for line in first["lines"]] == [1, 2]
            assert (first["last"], first["state"], first["final"]) == (2, "running", False)
            assert first["counts"] == {"debug": 0, "info": 2, "warning": 0, "error": 0}
            await lines(socket, session, 3, level=40)
            then = await news(socket)
            assert [line["number"] for line in then["lines"]] == [3, 4, 5]
            assert then["counts"]["error"] == 3

    run(story)


def test_it_goes_on_where_the_page_is(alice, session):
    makers.make_lines(session, 5)

    async def story():
        async with Socket(alice, f"/ws/sessions/{session.uid}/?after=3") as socket:
            assert [line["number"] for line in (await news(socket))["lines"]] == [4, 5]

    run(story)


def test_events_are_told_once(alice, session):
    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            first = await news(socket)
            assert first["events"][0]["kind"] == "queued"
            await lines(socket, session, 1)
            assert (await news(socket))["events"] == []

    run(story)


def test_far_behind_it_gives_the_number_and_the_page_fetches(alice, session):
    makers.make_lines(session, log_news.MOST_IN_A_FRAME + 1)

    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            first = await news(socket)
            assert (first["last"], first["lines"]) == (log_news.MOST_IN_A_FRAME + 1, None)
            await lines(socket, session, 1)
            assert [line["number"] for line in (await news(socket))["lines"]] == [log_news.MOST_IN_A_FRAME + 2]

    run(story)


def test_nothing_new_is_nothing_said(alice, session):
    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            await news(socket)
            await get_channel_layer().group_send(nudge.session_group(session.pk), nudge.MESSAGE)
            assert await socket.is_silent()

    run(story)


def test_a_change_from_another_process_is_told_too(alice, session):
    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            await news(socket)
            await sync_to_async(makers.make_lines)(session, 1)
            await get_channel_layer().group_send(nudge.EVERYTHING, nudge.MESSAGE)
            assert (await news(socket))["last"] == 1

    run(story)


def test_without_any_nudge_the_slow_tick_finds_it(alice, session, monkeypatch):
    monkeypatch.setattr(log, "SLOW_TICK_S", 0.1)

    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            await news(socket)
            await sync_to_async(makers.make_lines)(session, 1)
            assert (await news(socket))["last"] == 1

    run(story)


def test_a_moved_state_has_another_version(alice, session):
    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            first = await news(socket)
            await sync_to_async(sessions.cancel)(makers.principal(alice), session)
            await get_channel_layer().group_send(nudge.session_group(session.pk), nudge.MESSAGE)
            then = await news(socket)
            assert then["state"] == "cancelling"
            assert then["version"] != first["version"]

    run(story)


def test_lines_alone_do_not_change_the_version(alice, session):
    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            await news(socket)
            await lines(socket, session, 1)  # the first sign of life may change what the page says
            first = await news(socket)
            await lines(socket, session, 1)
            assert (await news(socket))["version"] == first["version"]

    run(story)


def test_many_nudges_lose_nothing_and_tell_nothing_twice(alice, session):
    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/") as socket:
            heard = [line["number"] for line in (await news(socket))["lines"] or []]
            for _ in range(20):
                await lines(socket, session, 5)
            while len(heard) < 100:
                heard += [line["number"] for line in (await news(socket))["lines"] or []]
            assert heard == list(range(1, 101))

    run(story)


def test_a_stranger_is_closed_as_if_there_were_no_session(charlie, session):
    async def story():
        async with Socket(charlie, f"/ws/sessions/{session.pk}/") as socket:
            assert await socket.close_code() == 4404

    run(story)


def test_nobody_is_told_to_sign_in(session):
    async def story():
        async with Socket(None, f"/ws/sessions/{session.pk}/") as socket:
            assert await socket.close_code() == 4401

    run(story)


def test_no_such_session(alice, organization):
    async def story():
        async with Socket(alice, "/ws/sessions/999999/") as socket:
            assert await socket.close_code() == 4404

    run(story)


def test_who_leaves_the_organization_is_closed_on_the_tick(alice, bob, session, organization, monkeypatch):
    monkeypatch.setattr(log, "SLOW_TICK_S", 0.05)

    async def story():
        async with Socket(bob, f"/ws/sessions/{session.pk}/") as socket:
            await news(socket)
            await Member.objects.filter(user=bob).adelete()
            assert await socket.close_code() == 4404

    run(story)
