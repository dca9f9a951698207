"""A session's log in the browser: says what the page has not seen, and looks again on a nudge and on a slow tick."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from pluginhost import access, authentication, nudge
from pluginhost.errors import PluginhostError
from pluginhost.log_news import News, Seen, news
from pluginhost.models import User

from .reading import read

logger = logging.getLogger(__name__)

SLOW_TICK_S = 5.0
LEAST_BETWEEN_FRAMES_S, MOST_BETWEEN_FRAMES_S = 0.004, 1.0
USUAL_LOOK_S = 0.016
NOT_SIGNED_IN, NOT_THERE, TRY_AGAIN = 4401, 4404, 1013


class LogConsumer(AsyncWebsocketConsumer):
    """`/ws/sessions/<id>/?after=<line>&event=<id>`; lines carry numbers, so that twice does no harm."""

    async def connect(self) -> None:
        self.wake = asyncio.Event()
        self.looking: asyncio.Task[None] | None = None
        self.seen = _seen(self.scope["query_string"])
        self.user: User = self.scope.get("user")  # type: ignore[assignment]
        await self.accept()
        if self.user is None or not self.user.is_authenticated:
            return await self.close(NOT_SIGNED_IN)
        session_id = await read(_session_id, self.user, self.scope["url_route"]["kwargs"]["session_id"])
        if session_id is None:
            return await self.close(NOT_THERE)
        self.session_id = session_id
        self.allowed_at = asyncio.get_running_loop().time()
        for group in self._joined():
            await self.channel_layer.group_add(group, self.channel_name)
        self.looking = asyncio.create_task(self._keep_looking())

    def _joined(self) -> tuple[str, str]:
        return nudge.session_group(self.session_id), nudge.EVERYTHING

    async def disconnect(self, code: int) -> None:
        if self.looking is None:
            return
        self.looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.looking
        for group in self._joined():
            await self.channel_layer.group_discard(group, self.channel_name)

    async def nudge(self, message: dict[str, Any]) -> None:
        self.wake.set()

    async def _keep_looking(self) -> None:
        try:
            clock = asyncio.get_running_loop().time
            while await self._may_still_look():
                self.wake.clear()
                began = clock()
                await self._look()
                await self._rest(clock() - began)
            await self.close(NOT_THERE)
        except DatabaseError:
            logger.exception("the log of session %s could not be read", self.session_id)
            await self.close(TRY_AGAIN)

    async def _may_still_look(self) -> bool:
        """Asked again on the slow tick: rights end, and sessions go with their projects."""
        now = asyncio.get_running_loop().time()
        if now - self.allowed_at < SLOW_TICK_S:
            return True
        self.allowed_at = now
        return await read(_session_id, self.user, self.session_id) is not None

    async def _rest(self, took: float) -> None:
        """Until the next nudge or the slow tick; nudges meanwhile become one more look.

        A look takes longer where many look or the machine is busy; the rest grows faster than that.
        """
        rest = took * took / USUAL_LOOK_S
        await asyncio.sleep(min(max(LEAST_BETWEEN_FRAMES_S, rest), MOST_BETWEEN_FRAMES_S))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), SLOW_TICK_S)

    async def _look(self) -> None:
        found: News | None = await read(news, self.session_id, self.seen)
        if found is not None:
            self.seen = found.seen
            await self.send(_encoded(found.body))


def _session_id(user: User, asked: str | int) -> int | None:
    """The session's number, if this user may see it (any more)."""
    try:
        fresh = User.objects.get(pk=user.pk, is_active=True)
        return access.session(authentication.by_user(fresh), asked).pk
    except (PluginhostError, User.DoesNotExist):
        return None


def _encoded(body: dict[str, Any]) -> str:
    try:
        return orjson.dumps(body).decode()
    except TypeError:  # a number in a line's further fields that has more than 64 bits
        return json.dumps(body, ensure_ascii=False)


def _seen(query: bytes) -> Seen:
    asked = parse_qs(query.decode("ascii", "replace"))
    return Seen(line=_number(asked.get("after")), event=_number(asked.get("event")))


def _number(values: list[str] | None) -> int:
    text = (values or [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
