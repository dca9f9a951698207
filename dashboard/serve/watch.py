"""On SQLite the database itself tells that another process wrote: `PRAGMA data_version`, read each 50 ms."""

from __future__ import annotations

import logging
import sqlite3
import threading

from django.db import connection

from pluginhost import nudge

logger = logging.getLogger(__name__)

INTERVAL = 0.05


class Watch:
    """A thread that nudges everybody when there is news. With PostgreSQL there is none: Redis carries the nudges."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def start(self) -> None:
        if connection.vendor == "sqlite":
            threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        version = Version()
        while not self._ended.wait(INTERVAL):
            try:
                if version.has_news():
                    nudge.everything()
                    version.forget_own()
            except sqlite3.OperationalError as error:  # whoever waits looks on the slow tick as well
                logger.warning("the database could not be watched: %s", error)
        version.close()


class Version:
    """The database's version, seen from a connection that never writes."""

    def __init__(self) -> None:
        path = connection.get_connection_params()["database"]
        self._database = sqlite3.connect(path, timeout=20, check_same_thread=False)
        self._seen = self._now()

    def has_news(self) -> bool:
        """Whether it changed since the last time while this process nudged for nothing: so somebody else wrote."""
        before, self._seen = self._seen, self._now()
        return self._seen[0] != before[0] and self._seen[1] == before[1]

    def has_changed(self) -> bool:
        """Whether anybody wrote since the last time, this process included."""
        before, self._seen = self._seen, self._now()
        return self._seen[0] != before[0]

    def forget_own(self) -> None:
        """What this process has nudged for until now says nothing of what it will do next."""
        self._seen = self._seen[0], nudge.own_writes()

    def close(self) -> None:
        self._database.close()

    def _now(self) -> tuple[int, int]:
        return self._database.execute("PRAGMA data_version").fetchone()[0], nudge.own_writes()
