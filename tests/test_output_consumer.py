"""The socket of a managed script's output: what it tells, to whom, and that it tells nothing twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from dashboard.consumers import output
from pluginhost import script_files, script_output
from pluginhost.models import Member, Session

from . import makers
from .websocket import Socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, plugin):
    settings.PLUGINHOST_DATA_DIR = tmp_path
    found = script_files.output(plugin.uid, 1)
    found.mkdir(parents=True)
    return found


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


def say(folder, *numbers: int) -> None:
    """The guard's part: lines at the end of a file."""
    with (folder / f"{1:012}{script_output.SUFFIX}").open("ab") as file:
        for number in numbers:
            at = script_output.moment(timezone.now())
            file.write(script_output.head(number, at, "o") + f"line {number}\n".encode())


async def news(socket: Socket) -> dict[str, Any]:
    return json.loads(await socket.text())


def test_it_works(bob, plugin, folder):
    say(folder, 1, 2)

    async def story():
        async with Socket(bob, f"/ws/plugins/{plugin.uid}/output/1/") as socket:
            first = await news(socket)
            assert [line["number"] for line in first["lines"]] == [1, 2]
            assert (first["first"], first["last"]) == (1, 2)
            say(folder, 3)
            assert [line["message"] for line in (await news(socket))["lines"]] == ["line 3"]

    run(story)


def test_who_has_seen_all_hears_only_what_is_new(alice, plugin, folder):
    say(folder, 1, 2)

    async def story():
        async with Socket(alice, f"/ws/plugins/{plugin.uid}/output/1/?after=2") as socket:
            assert await socket.is_silent()
            say(folder, 3)
            assert [line["number"] for line in (await news(socket))["lines"]] == [3]

    run(story)


def test_a_sessions_socket_ends_where_the_session_did(alice, plugin, project, folder):
    session = makers.make_session(alice, project, plugin)
    began = timezone.now()
    say(folder, 1)
    Session.objects.filter(pk=session.pk).update(started_at=began, finished_at=timezone.now(), state="succeeded")
    say(folder, 2)

    async def story():
        async with Socket(alice, f"/ws/sessions/{session.pk}/output/1/") as socket:
            assert [line["number"] for line in (await news(socket))["lines"]] == [1]
            assert await socket.is_silent()

    run(story)


@pytest.mark.parametrize("address", ["/ws/plugins/{uid}/output/1/", "/ws/plugins/{uid}/output/none/"])
def test_strangers_and_odd_names_are_told_that_it_is_not_there(charlie, alice, plugin, address):
    user = charlie if "/1/" in address else alice

    async def story():
        async with Socket(user, address.format(uid=plugin.uid)) as socket:
            assert await socket.close_code() == output.NOT_THERE

    run(story)


def test_nobody_is_told_to_sign_in(plugin):
    async def story():
        async with Socket(None, f"/ws/plugins/{plugin.uid}/output/1/") as socket:
            assert await socket.close_code() == output.NOT_SIGNED_IN

    run(story)


def test_who_is_removed_hears_no_more(bob, plugin, folder, monkeypatch):
    monkeypatch.setattr(output, "RECHECK_S", 0.05)
    say(folder, 1)

    async def story():
        async with Socket(bob, f"/ws/plugins/{plugin.uid}/output/1/") as socket:
            await news(socket)
            await sync_to_async(Member.objects.filter(user=bob).delete)()
            assert await socket.close_code() == output.NOT_THERE

    run(story)
