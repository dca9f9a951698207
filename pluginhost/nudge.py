"""Nudges: «look again». They carry no fact, may be lost, late or doubled, and are sent after the commit.

Only this module sends on the channel layer. In a serving process the event loop is told to us once, and
nudges in quick succession become one message a group; elsewhere (a command, a Celery worker) they are sent at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

MESSAGE = {"type": "nudge"}
EVERYTHING = "everything"
SUPERVISORS = "supervisors"
_GATHER_SECONDS = 0.005


def session(session_id: int) -> None:
    """A session's lines, state or results changed."""
    _after_commit(session_group(session_id))


def plugin(plugin_id: int) -> None:
    """A plugin's queue, connections or settings changed; its scripts' connections look for work."""
    _after_commit(plugin_group(plugin_id))


def project(project_id: int) -> None:
    """A project's assets, plugins, sessions or imports changed."""
    _after_commit(project_group(project_id))


def user(user_id: int) -> None:
    """What somebody alone should know of: a notification, a change of their memberships."""
    _after_commit(user_group(user_id))


def nobody() -> None:
    """What was written here concerns nobody; without this it would pass for another process's writing (serve/watch)."""
    transaction.on_commit(_gathered.count)


def script(plugin_id: int) -> None:
    """What is wanted of a plugin's managed script, or how it stands, changed."""
    _after_commit(script_group(plugin_id))
    _after_commit(SUPERVISORS)


def supervisor() -> None:
    """There is something for supervisors to see to."""
    _after_commit(SUPERVISORS)


def everything() -> None:
    """Another process wrote something; everybody looks."""
    _gathered.add(EVERYTHING)


def session_group(session_id: int) -> str:
    return f"session.{session_id}"


def plugin_group(plugin_id: int) -> str:
    return f"plugin.{plugin_id}"


def project_group(project_id: int) -> str:
    return f"project.{project_id}"


def script_group(plugin_id: int) -> str:
    return f"script.{plugin_id}"


def user_group(user_id: int) -> str:
    return f"user.{user_id}"


def _after_commit(group: str) -> None:
    transaction.on_commit(lambda: _gathered.add(group))


class _Gathered:
    """The groups to nudge, each once, and the loop that will do it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sent_at = 0.0
        self.own_writes = 0

    def serve_on(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._loop = loop

    def count(self) -> None:
        self.own_writes += 1

    def add(self, group: str) -> None:
        self.count()
        loop = self._loop
        if loop is None or loop.is_closed():
            _send_now(group)
            return
        with self._lock:
            is_first = not self._groups
            self._groups.add(group)
        if is_first:
            loop.call_soon_threadsafe(self._send_soon, loop)

    def _send_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """At once after a silence; otherwise with whatever else comes within the next few milliseconds."""
        loop.call_at(max(self._sent_at + _GATHER_SECONDS, loop.time()), self._start_sending, loop)

    def _start_sending(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sent_at = loop.time()
        with self._lock:
            groups, self._groups = self._groups, set()
        task = asyncio.ensure_future(_send(groups))
        _sending.add(task)
        task.add_done_callback(_sending.discard)


_gathered = _Gathered()
_sending: set[asyncio.Future[None]] = set()


def serve_on(loop: asyncio.AbstractEventLoop | None) -> None:
    """Send from this loop from now on; None when it is about to end."""
    _gathered.serve_on(loop)


def own_writes() -> int:
    """How many nudges this process gave: when it stands still, a change in the database came from outside."""
    return _gathered.own_writes


async def _send(groups: set[str]) -> None:
    layer = get_channel_layer()
    for group in groups:
        try:
            await layer.group_send(group, MESSAGE)
        except (OSError, RedisError) as error:  # Redis is away: whoever waits looks on the slow tick
            logger.warning("nudge %s not sent: %s", group, error)


def _send_now(group: str) -> None:
    if not settings.REDIS_URL:
        return  # a layer in memory reaches nobody from here; the others see the database change
    async_to_sync(_send)({group})
