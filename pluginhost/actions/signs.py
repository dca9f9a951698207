"""Signs of life of a session: a log line, a response, an acknowledgement, or any request with its key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions.timeline import tell
from pluginhost.models import Connection, Session

State = Session.State
_WRITTEN_EACH = timedelta(seconds=1)


def seen(session: Session, *, at: datetime | None = None, connection: Connection | None = None) -> None:
    """It lives. A lost session runs again, a crashed one is re-opened where it may be; others only note the time.

    `session` may be some seconds old: what depends on its state is a conditional update.
    """
    moment = at or timezone.now()
    if session.state in (State.LOST, State.CRASHED):
        _come_back(session, moment, connection)
    elif _is_worth_writing(session, moment, connection):
        Session.objects.filter(pk=session.pk, state__in=Session.HELD).update(**_news(session, moment, connection))


def _revisable(mine: QuerySet[Session], moment: datetime) -> QuerySet[Session]:
    """Crashed not long ago, not called off, and with no rerun beside which it would come to life."""
    crashed = mine.filter(state=State.CRASHED, key_revoked_at=None, finished_at__gt=moment - Session.REVISABLE_FOR)
    return crashed.filter(~Exists(Session.objects.filter(rerun_of=OuterRef("pk"))))


def _is_worth_writing(session: Session, moment: datetime, connection: Connection | None) -> bool:
    last = session.last_sign_at
    moved = connection is not None and connection.pk != session.connection_id
    return moved or session.is_presumed_alive or last is None or moment - last >= _WRITTEN_EACH


def _news(session: Session, moment: datetime, connection: Connection | None) -> dict[str, Any]:
    last = session.last_sign_at or session.sent_at or moment
    news: dict[str, Any] = {
        "last_sign_at": moment,
        "longest_silence_s": max(session.longest_silence_s, (moment - last).total_seconds()),
        "is_presumed_alive": False,
    }
    return {**news, "connection": connection} if connection is not None else news


def _come_back(session: Session, moment: datetime, connection: Connection | None) -> None:
    """Lost, or crashed and still revisable: running again."""
    mine = Session.objects.filter(pk=session.pk)
    back = {**_news(session, moment, connection), "state": State.RUNNING, "reason": "", "lost_at": None}
    if mine.filter(state=State.LOST).update(**back):
        tell(session, "back", "Its script is heard of again; nothing of its log was lost here.")
    elif _revisable(mine, moment).update(**back, finished_at=None, error="", retry_at=None):
        tell(session, "reopened", "Its script is heard of again after all; the session is open again.")
    else:
        return
    nudge.session(session.pk)
    nudge.plugin(session.plugin_id)
    nudge.project(session.project_id)
