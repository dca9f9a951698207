"""A managed script's output in the browser. It is a file that another process writes: so it is looked at, now and then.

A look where nothing is new costs the reading of a folder. While lines come, looks come quicker.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard import outputs
from pluginhost import access, authentication, output_reading
from pluginhost.errors import PluginhostError
from pluginhost.models import User
from pluginhost.output_reading import Output

from .reading import read

logger = logging.getLogger(__name__)

RECHECK_S = 5.0
QUICK_S, SLOW_S = 0.1, 0.5
NOT_SIGNED_IN, NOT_THERE, TRY_AGAIN = 4401, 4404, 1013


class OutputConsumer(AsyncWebsocketConsumer):
    """`/ws/plugins/<uid>/output/<instance or build>/?after=<line>`, and the same of a session; lines have numbers."""

    async def connect(self) -> None:
        self.looking: asyncio.Task[None] | None = None
        self.seen = _number(self.scope["query_string"])
        self.user: User = self.scope.get("user")  # type: ignore[assignment]
        await self.accept()
        if self.user is None or not self.user.is_authenticated:
            return await self.close(NOT_SIGNED_IN)
        self.looking = asyncio.create_task(self._keep_looking())

    async def disconnect(self, code: int) -> None:
        if self.looking is None:
            return
        self.looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.looking

    async def _keep_looking(self) -> None:
        """Rights and the session's end are asked again each few seconds."""
        clock = asyncio.get_running_loop().time
        asked = self.scope["url_route"]["kwargs"]
        try:
            while (output := await read(_output, self.user, asked)) is not None:
                until = clock() + RECHECK_S
                while clock() < until:  # noqa: ASYNC110  # no event tells that a file has grown
                    await asyncio.sleep(QUICK_S if await self._look(output) else SLOW_S)
            await self.close(NOT_THERE)
        except OSError:
            logger.exception("the output %s could not be read", asked)
            await self.close(TRY_AGAIN)

    async def _look(self, output: Output) -> bool:
        """Whether there was something new."""
        news = await read(_news, output, self.seen)
        if news is None:
            return False
        self.seen = news["last"]
        await self.send(orjson.dumps(news).decode())
        return True


def _news(output: Output, seen: int) -> dict[str, Any] | None:
    return output_reading.news(output, seen) if output.edges()[1] > seen else None


def _output(user: User, asked: dict[str, str]) -> Output | None:
    """What is asked for, if this user may see it (any more)."""
    try:
        principal = authentication.by_user(User.objects.get(pk=user.pk, is_active=True))
        if "uid" in asked:
            return outputs.of_plugin(access.plugin(principal, asked["uid"]), asked["which"])
        return outputs.of_session(access.session(principal, asked["session_id"]), asked["which"])
    except (PluginhostError, User.DoesNotExist):
        return None


def _number(query: bytes) -> int:
    text = parse_qs(query.decode("ascii", "replace")).get("after", [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
