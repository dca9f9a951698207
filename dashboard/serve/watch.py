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
    """A thread with a connection of its own. With PostgreSQL there is none: Redis carries the nudges."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def start(self) -> None:
        if connection.vendor == "sqlite":
            threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        database = sqlite3.connect(connection.get_connection_params()["database"], timeout=20)
        seen = self._look(database)
        while not self._ended.wait(INTERVAL):
            now = self._look(database)
            if now[0] != seen[0] and now[1] == seen[1]:
                nudge.everything()
                now = self._look(database)
            seen = now
        database.close()

    def _look(self, database: sqlite3.Connection) -> tuple[int, int]:
        """The database's version, and how often this process itself has nudged."""
        return database.execute("PRAGMA data_version").fetchone()[0], nudge.own_writes()
