"""Looking at what nobody else may be looking at: limits that ran out, scripts that are gone, work that waits."""

from __future__ import annotations

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from pluginhost.actions import recovery

SWEPT = "pluginhost.swept"
"""Where the time of the last sweep is noted, for `/readyz`."""


@shared_task(ignore_result=True, expires=60)
def sweep() -> None:
    """End what is over; every few seconds. One that waited for a minute has been followed by others."""
    recovery.sweep()
    cache.set(SWEPT, timezone.now(), timeout=None)


@shared_task(ignore_result=True)
def look_at_queue() -> None:
    """Have queued runs looked at again: at the start of a server."""
    recovery.nudge_queued()
