"""Celery: what can wait. No task holds the only copy of anything; the queue of runs is the database."""

from __future__ import annotations

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, worker_ready
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("pluginhost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    "sweep": {"task": "pluginhost.tasks.sweeps.sweep", "schedule": float(settings.PLUGINHOST_SWEEP_SECONDS)},
    "exports": {"task": "pluginhost.tasks.exports.build_exports", "schedule": 10.0},
    "retention": {"task": "pluginhost.tasks.retention.apply_all", "schedule": 3600.0},
}
app.autodiscover_tasks(["pluginhost"])


@celeryd_init.connect
def refuse_to_work_alone(**_: Any) -> None:
    """A broker in memory is seen by one process alone: a worker in another would wait for ever."""
    _refuse_without_redis("worker")


@beat_init.connect
def refuse_to_beat_alone(**_: Any) -> None:
    """The same for a beat of its own; the web process has one in a thread."""
    if threading.current_thread() is threading.main_thread():
        _refuse_without_redis("beat")


@worker_ready.connect
def look_at_what_waits(**_: Any) -> None:
    """Whatever was queued while nobody served."""
    app.send_task("pluginhost.tasks.sweeps.look_at_queue")


def _refuse_without_redis(what: str) -> None:
    if not settings.REDIS_URL:
        raise SystemExit(
            f"There is nothing for this {what} to do: without REDIS_URL the broker is inside the web process, which "
            "does the background work itself. Set REDIS_URL here and for `manage.py serve`, or leave this out."
        )
