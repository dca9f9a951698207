"""Ending a cancelled session by restarting its managed script, where its owner wants that.

Published clients cannot be told of a cancel: their callback goes on, and holds the script, until it returns.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from pluginhost.actions import managed_scripts
from pluginhost.errors import PluginhostError
from pluginhost.models import Connection, ManagedScript, ScriptStart, Session

State = Session.State


def restart_for_cancelled(scripts: Iterable[ManagedScript], now: datetime) -> int:
    """Restart those that are at work on a cancelled session and on nothing else; how many. Asked at each look."""
    asked = {script.plugin_id: script for script in scripts if _may_restart(script)}
    if not asked:
        return 0
    cancelling = Session.objects.filter(state=State.CANCELLING, plugin__in=asked).select_related("connection")
    by_plugin = {session.plugin_id: session for session in cancelling.order_by("cancel_asked_at")}
    return sum(_restart(asked[plugin], session, now) for plugin, session in by_plugin.items())


def _may_restart(script: ManagedScript) -> bool:
    return script.restarts_on_cancel and script.wanted == ManagedScript.Wanted.RUNNING


def _restart(script: ManagedScript, session: Session, now: datetime) -> bool:
    if not _is_patience_over(session, now) or not _is_its_only_work(script, session):
        return False
    try:
        managed_scripts.restart(None, script.plugin, why=f"#{session.pk} was cancelled")
    except PluginhostError:
        return False  # it may not be started here any more: then it is stopped anyway
    return True


def _is_patience_over(session: Session, now: datetime) -> bool:
    """Our own client hears of the cancel, and its callback may stop by itself."""
    if session.cancel_asked_at is None or session.connection is None:
        return False
    listens = bool(session.connection.told)
    patience = timedelta(seconds=settings.PLUGINHOST_CANCEL_SECONDS / 2 if listens else 0)
    return now >= session.cancel_asked_at + patience


def _is_its_only_work(script: ManagedScript, session: Session) -> bool:
    """Whether nothing else is open, and what is cancelled can only be at work in one of the script's processes.

    A process that was begun since, or is about to be replaced, has nothing to do with it.
    """
    others = Session.objects.held().filter(plugin=script.plugin_id)
    if others.exclude(state=State.CANCELLING).exists():
        return False
    started = _running(script).filter(started_at__lte=session.cancel_asked_at)
    here = Connection.objects.open().filter(plugin=script.plugin_id)
    oldest = started.order_by("started_at").first()
    if oldest is None or session.connection is None or session.connection.opened_at < oldest.started_at:
        return False
    return here.filter(pk=session.connection.pk).exists() and here.count() <= _running(script).count()


def _running(script: ManagedScript) -> QuerySet[ScriptStart]:
    return ScriptStart.objects.filter(instance__script=script, ended_at=None, revision=script.revision)
