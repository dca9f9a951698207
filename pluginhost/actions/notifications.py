"""Notifications: what is put under somebody's bell, and that they have read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from pluginhost import nudge
from pluginhost.models import Notification, Plugin, Session
from pluginhost.principal import Principal
from pluginhost.protocol.text import first_line

State = Session.State
LONG = timedelta(seconds=60)


@transaction.atomic
def mark_read(principal: Principal, number: int | None = None) -> int:
    """One of the user's own, or all of them; how many were unread."""
    unread = Notification.objects.filter(user=principal.user, read_at=None)
    marked = (unread if number is None else unread.filter(pk=number)).update(read_at=timezone.now())
    if marked:
        nudge.user(principal.user.pk)
    return marked


def tell_starter(session: Session, state: str, reason: str, moment: datetime) -> None:
    """Of a session's end, where its starter will hardly have waited for it: it took long, or it went wrong.

    Runs in the transaction that ends it. Who is no member any more hears nothing.
    """
    took = moment - (session.started_at or moment)
    if state == State.CANCELLED or (state == State.SUCCEEDED and took < LONG):
        return
    known = Session.objects.filter(pk=session.pk, project__organization__members__user=F("started_by"))
    row = known.select_related("plugin", "project").first()
    if row is None:
        return
    Notification.objects.create(
        user_id=row.started_by_id,
        organization_id=row.project.organization_id,
        title=f"#{row.pk} {row.name or row.plugin.name}: {State(state).label.lower()}"[:200],
        message=f"On {row.project.name}. {_accepted(row)}{first_line(reason, 700)}".strip(),
        link=f"/sessions/{row.pk}/",
    )
    nudge.user(row.started_by_id)


def tell_gave_up(plugin: Plugin, reason: str) -> None:
    """The plugin's owner: its managed script falls over again and again, and is not started any more."""
    Notification.objects.create(
        user_id=plugin.owner_id,
        organization_id=plugin.organization_id,
        title=f"{plugin.name}: its script gave up"[:200],
        message=f"Pluginhost does not start it any more. {first_line(reason, 700)}",
        link=f"/plugins/{plugin.uid}/",
    )
    nudge.user(plugin.owner_id)


def _accepted(session: Session) -> str:
    if not session.accepted:
        return ""
    return f"{session.accepted:,} {'asset' if session.accepted == 1 else 'assets'} accepted. "
