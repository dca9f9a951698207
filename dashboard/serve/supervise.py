"""The child `supervise`: managed scripts. It outlives web processes, and ends with the parent."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from pluginhost import nudge
from pluginhost.supervisor.consumer import listen
from pluginhost.supervisor.supervisor import Supervisor

from .messages import Messages
from .watch import Version

TICK_SECONDS = 0.25
TICK_WITH_REDIS_SECONDS = 5.0
PR_SET_CHILD_SUBREAPER = 36


class Supervise:
    """A supervisor and what wakes it, until it is told to end. Without a parent it is `manage.py supervise`."""

    def __init__(self, url: str, name: str = "", parent: Messages | None = None) -> None:
        self._supervisor = Supervisor(url, name=name)
        self._parent = parent
        self._ended = asyncio.Event()

    def run(self) -> None:
        """Returns when every script has ended."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a killed guard leaves behind comes to us
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a hand-over is the web process's affair
        asyncio.run(self._supervise())

    def run_as_child(self) -> None:
        """The process ends here."""
        self.run()
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        if self._parent is not None:
            loop.add_reader(self._parent.fileno(), self._hear)
        nudge.serve_on(loop)
        listening = asyncio.create_task(listen(self._supervisor.wake), name="supervisor: nudges")
        await self._supervisor.start()
        try:
            tick = TICK_WITH_REDIS_SECONDS if settings.REDIS_URL else TICK_SECONDS
            await self._supervisor.run(self._ended, tick, _news())
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            await self._supervisor.stop()
            nudge.serve_on(None)

    def _hear(self) -> None:
        """The parent says nothing; that it is gone says enough."""
        assert self._parent is not None  # noqa: S101
        self._parent.read()
        if not self._parent.is_open:
            asyncio.get_running_loop().remove_reader(self._parent.fileno())
            self._ended.set()


def _news() -> Callable[[], bool]:
    """Whether anybody wrote anything since it was last asked. SQLite tells that for next to nothing."""
    if connection.vendor != "sqlite":
        return lambda: True
    version = Version()

    def has_news() -> bool:
        try:
            return version.has_changed()
        except sqlite3.OperationalError:  # it is being written to
            return True

    return has_news
