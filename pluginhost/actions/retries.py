"""Running a crashed session again by itself, where its plugin says so: after a minute, then after two, four …

When it is due stands in the crashed session (`retry_at`). A sign of life, a rerun or somebody who calls it off clears
that by a conditional UPDATE, and so does the sweep that runs it: whoever comes second finds nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pluginhost import access
from pluginhost.actions.timeline import tell
from pluginhost.models import Import, Plugin, Session
from pluginhost.principal import Principal

LONGEST_WAIT = timedelta(minutes=30)
_NO_MORE = "It is not run again by itself"


def plan(session: Session, crashed_at: datetime) -> None:
    """It has crashed: write down when it is run again, or why it is not. To be called in that transaction."""
    plugin = Plugin.objects.get(pk=session.plugin_id)
    if not plugin.retries:
        return
    number = made_before(session) + 1
    why_not = _refusal(session, plugin, number)
    if why_not:
        tell(session, "not_retried", f"{_NO_MORE}: {why_not}")
        return
    at = crashed_at + wait_before(number)
    Session.objects.filter(pk=session.pk, state=Session.State.CRASHED).update(retry_at=at)
    tell(session, "retry_planned", f"It will be run again at {at:%H:%M:%S} UTC ({number} of {plugin.retries}).")


def due(now: datetime) -> list[Session]:
    """Crashed sessions whose time to be run again has come."""
    waiting = Session.objects.filter(state=Session.State.CRASHED, retry_at__lte=now).order_by("retry_at")
    return list(waiting.select_related("plugin", "project", "scope", "inputs", "started_by"))


def take(session: Session, now: datetime) -> str | None:
    """The right to run it again now: «2 of 3» for whoever gets it, None for who comes second or may not."""
    taken = Session.objects.filter(pk=session.pk, state=Session.State.CRASHED, retry_at__lte=now)
    if not taken.update(retry_at=None):
        return None
    number = made_before(session) + 1
    why_not = _refusal(session, session.plugin, number)
    if why_not:
        tell(session, "not_retried", f"{_NO_MORE}: {why_not}")
        return None
    return f"{number} of {session.plugin.retries}"


def call_off(principal: Principal, session: Session) -> bool:
    """Nothing comes of a crashed session any more: it is not run again by itself, nor opened by a late sign of life.

    False where nothing of the kind was to be feared.
    """
    now = timezone.now()
    crashed = Session.objects.filter(
        pk=session.pk, state=Session.State.CRASHED, key_revoked_at=None, finished_at__gt=now - Session.REVISABLE_FOR
    )
    if not crashed.update(retry_at=None, key_revoked_at=now):
        return False
    tell(session, "called_off", f"{principal.user.shown_name} called it off: it is not run again by itself.")
    return True


def made_before(session: Session) -> int:
    """How many times in a row Pluginhost ran it by itself until now, since somebody asked for it."""
    made, pk, is_retry = 0, session.rerun_of_id, session.is_retry
    while is_retry:
        made += 1
        row = Session.objects.filter(pk=pk).values_list("rerun_of", "is_retry").first() if pk else None
        pk, is_retry = row or (None, False)
    return made


def wait_before(number: int) -> timedelta:
    """From the crash to the next run: a minute, twice as long each time, half an hour at most."""
    first = timedelta(seconds=settings.PLUGINHOST_RETRY_SECONDS)
    return min(LONGEST_WAIT, first * 2 ** (number - 1))


def _refusal(session: Session, plugin: Plugin, number: int) -> str:
    """Why it may not be run once more; empty when it may."""
    if number > plugin.retries:
        times = "once" if plugin.retries == 1 else f"{plugin.retries} times"
        return f"its plugin allows that {times}."
    if plugin.deleted_at is not None or session.project.deleted_at is not None:
        return "its plugin or its project was deleted."
    if not plugin.retries_after_imports and Import.objects.filter(session=session).exists():
        return "it imported something before, and its plugin does not say that this is safe."
    if not _may_still_run(session):
        return f"{session.started_by.shown_name}, who asked for it, may not run plugins here any more."
    return ""


def _may_still_run(session: Session) -> bool:
    starter = session.started_by
    return starter.is_active and access.may(Principal(starter), session.project.organization_id, access.RUNNER)
