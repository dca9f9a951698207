"""Celery: what can wait. No task holds the only copy of anything; the queue of runs is the database."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("pluginhost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    "sweep": {"task": "pluginhost.tasks.sweeps.sweep", "schedule": float(settings.PLUGINHOST_SWEEP_SECONDS)},
}
app.autodiscover_tasks(["pluginhost"])


@celeryd_init.connect
def refuse_to_work_alone(**_: Any) -> None:
    """A broker in memory is seen by one process alone: a worker in another would wait for ever."""
    if not settings.REDIS_URL:
        raise SystemExit(
            "There is nothing for this worker to do: without REDIS_URL the broker is inside the web process, "
            "which works off its tasks itself. Set REDIS_URL here and for `manage.py serve`, or leave this worker out."
        )
