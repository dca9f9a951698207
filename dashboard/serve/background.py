"""Celery's worker and beat as threads of the web process, for where there is no Redis to share them over."""

from __future__ import annotations

import logging
import threading

from celery import beat
from celery.worker import WorkController, state

from dashboard.celery import app

logger = logging.getLogger(__name__)

THREADS = 4
STOP_SECONDS = 2.0


class Background:
    def __init__(self) -> None:
        # The plain controller: the command line's would install signal handlers.
        self._worker = WorkController(
            app=app,
            hostname="embedded@pluginhost",
            pool="threads",
            concurrency=THREADS,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        # The default scheduler would write a file into the working directory.
        self._beat = beat.Service(app, max_interval=1, scheduler_cls="celery.beat:Scheduler")
        self._threads = [
            threading.Thread(target=self._worker.start, name="celery worker", daemon=True),
            threading.Thread(
                target=self._beat.start, kwargs={"embedded_process": False}, name="celery beat", daemon=True
            ),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more tasks; the one in hand has a moment. Their work is in the database and not lost."""
        state.should_stop = 0
        self._beat.stop()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
