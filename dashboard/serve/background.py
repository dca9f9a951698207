"""Celery's worker and beat as threads of the web process, for where nobody else does the background work."""

from __future__ import annotations

import threading

from celery import beat
from celery.worker import WorkController, state

from dashboard.celery import app

THREADS = 4
STOP_SECONDS = 1.5
BEAT_SECONDS = 1
"""How often beat looks whether it should stop."""


class Background:
    """Made and begun in threads of their own: pages need not wait until a worker has checked itself."""

    def __init__(self) -> None:
        self._worker = threading.Thread(target=self._work, name="celery worker", daemon=True)
        # The default scheduler would write a file into the working directory.
        self._service = beat.Service(app, max_interval=BEAT_SECONDS, scheduler_cls="celery.beat:Scheduler")
        self._beat = threading.Thread(target=self._service.start, name="celery beat", daemon=True)

    def _work(self) -> None:
        # The plain controller: the command line's would install signal handlers.
        WorkController(
            app=app,
            hostname="embedded@pluginhost",
            pool="threads",
            concurrency=THREADS,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        ).start()

    def start(self) -> None:
        self._worker.start()
        self._beat.start()

    def stop(self) -> None:
        """Take no more tasks; the work of those in hand is in the database, and not lost."""
        state.should_stop = 0
        self._service.stop()

    def wait(self) -> None:
        """For what is in hand, a moment."""
        self._worker.join(STOP_SECONDS)
