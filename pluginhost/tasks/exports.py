"""Exports that are too large to be built while somebody's request is answered."""

from __future__ import annotations

from celery import shared_task

from pluginhost.actions import exports


@shared_task(ignore_result=True, expires=60)
def build_exports() -> None:
    """Build what waits, one after the other. It names none: which ones wait is in the database.

    Also every few seconds, for those whose builder died, and whose task was lost with its broker.
    """
    exports.sweep()
    while exports.build_next():
        pass
