"""Tells a page to look again. Which page may watch what is asked of `access`, at first and on a slow tick."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer

from pluginhost import access, authentication, nudge
from pluginhost.errors import PluginhostError
from pluginhost.models import User
from pluginhost.principal import Principal

from .reading import read

RECHECK_SECONDS = 15.0
LEAST_BETWEEN_LOOKS_S = 0.1
MOST_WATCHED = 200
MOST_OF_EVERYTHING = 500
NOT_SIGNED_IN, NOT_THERE = 4401, 4404


class LookConsumer(AsyncWebsocketConsumer):
    """`/ws/look/?watch=plugin:<uid>&watch=project:<uid>&watch=session:<id>`, or `watch=all` for what one may see.

    Of a plugin, also how its managed script stands. `watch=me` is for what concerns the user alone: notifications.

    It sends {"look": true} and never a fact: the page fetches itself, through its own doors.
    """

    groups: list[str]

    async def connect(self) -> None:
        self.joined: set[str] = set()
        self.tasks: list[asyncio.Task[None]] = []
        self.wake = asyncio.Event()
        self.user: User = self.scope.get("user")  # type: ignore[assignment]
        self.watched = _watched(self.scope["query_string"])
        await self.accept()
        if self.user is None or not self.user.is_authenticated:
            return await self.close(NOT_SIGNED_IN)
        if await self._join():
            self.tasks = [asyncio.create_task(self._keep_telling()), asyncio.create_task(self._keep_checking())]

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for group in self.joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def nudge(self, message: dict[str, Any]) -> None:
        self.wake.set()

    async def _keep_telling(self) -> None:
        """Nudges that come while we pause become one more look."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            await self.send('{"look": true}')
            await asyncio.sleep(LEAST_BETWEEN_LOOKS_S)

    async def _keep_checking(self) -> None:
        """Who was removed from an organization hears nothing more of it; and a lost nudge costs seconds, no more."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if not await self._join():
                return
            if self.joined:
                self.wake.set()

    async def _join(self) -> bool:
        """Be in the groups of what may be watched now, and in no other; False when it closed the socket."""
        groups = await read(_groups, self.user, self.watched)
        if groups is None:
            await self.close(NOT_THERE)
            return False
        for group in groups - self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
        for group in self.joined - groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        self.joined = groups
        return True


def _watched(query: bytes) -> list[str]:
    return parse_qs(query.decode("ascii", "replace")).get("watch", [])


def _groups(user: User, watched: list[str]) -> set[str] | None:
    """The nudge groups of what is watched; None when the user may not see one of them (any more)."""
    if len(watched) > MOST_WATCHED:
        return None
    try:
        principal = authentication.by_user(User.objects.get(pk=user.pk, is_active=True))
        found = {group for what in watched for group in _groups_of(principal, what)}
    except (PluginhostError, User.DoesNotExist):
        return None
    return {*found, nudge.EVERYTHING} if found else set()


def _groups_of(principal: Principal, what: str) -> list[str]:
    kind, _, identifier = what.partition(":")
    if kind == "plugin":
        plugin = access.plugin(principal, identifier).pk
        return [nudge.plugin_group(plugin), nudge.script_group(plugin)]
    if kind == "project":
        return [nudge.project_group(access.project(principal, identifier).pk)]
    if kind == "session":
        return [nudge.session_group(access.session(principal, identifier).pk)]
    if what == "me":
        return [nudge.user_group(principal.user.pk)]
    return _all_groups(principal) if what == "all" else []


def _all_groups(principal: Principal) -> list[str]:
    plugins = list(access.plugins(principal).order_by("-pk").values_list("pk", flat=True)[:MOST_OF_EVERYTHING])
    projects = access.projects(principal).order_by("-pk").values_list("pk", flat=True)[:MOST_OF_EVERYTHING]
    return [*map(nudge.plugin_group, plugins), *map(nudge.script_group, plugins), *map(nudge.project_group, projects)]
