"""Every ending has an owner: what nobody else ends is ended here, with its reason. Swept every few seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import claims, endings, imports, processes, retries, sessions
from pluginhost.models import LogHead, Plugin, Session
from pluginhost.prepared import Prepared

logger = logging.getLogger(__name__)

State = Session.State
_UNSENT = timedelta(seconds=30)


def sweep() -> int:
    """Look at everything that can wait too long; the number of sessions that were ended.

    Each is looked at by itself: what goes wrong with one must not keep the others waiting for ever.
    """
    _try("processes", processes.end_expired)
    now = timezone.now()
    ended = sum(_try(f"session {session.pk}", _end_one, session, now) is True for session in _held())
    for session in retries.due(now):
        _try(f"the next run of session {session.pk}", sessions.retry, session, now)
    _try("unfinished imports", imports.remove_unfinished)
    return ended


def _try(what: str, look: Callable[..., object], *arguments: object) -> object:
    try:
        return look(*arguments)
    except Exception:  # the edge of the sweep's loop; the next sweep tries again
        logger.exception("the sweep could not look at %s", what)
        return None


def nudge_queued() -> None:
    """Have queued work looked at again, for instance when a server starts."""
    for plugin_id in Plugin.objects.filter(sessions__state=State.QUEUED).distinct().values_list("pk", flat=True):
        nudge.plugin(plugin_id)


def _held() -> list[Session]:
    """All of them at once: a cursor that stays open while we write would lock us out on SQLite."""
    return list(Session.objects.held().select_related("plugin", "connection"))


def _end_one(session: Session, now: datetime) -> bool:
    if session.state == State.CANCELLING:
        return _end_cancelling(session, now)
    if _was_never_sent(session, now):
        return not claims.give_back(session.pk, session.connection_id or 0)
    if session.state == State.LOST and _grace_is_over(session, now):
        seen = f"{session.lost_at:%H:%M:%S} UTC" if session.lost_at else "?"
        reason = f"Its script went away at {seen} and did not come back within {_words(grace_of(session))}."
        return endings.end(session, State.CRASHED, reason, at=now, only_from=[State.LOST])
    if session.is_presumed_alive and _presumption_is_over(session, now):
        return _end_presumed(session, now)
    return _end_by_limit(session, now)


def grace_of(session: Session) -> timedelta:
    """How long a lost session is waited for: three times its longest silence, at least the set time."""
    return timedelta(seconds=max(float(settings.PLUGINHOST_GRACE_SECONDS), 3 * session.longest_silence_s))


def _grace_is_over(session: Session, now: datetime) -> bool:
    return session.lost_at is not None and now > session.lost_at + grace_of(session)


def _was_never_sent(session: Session, now: datetime) -> bool:
    """Claimed and then forgotten, since the database went away in between."""
    began = session.started_at
    return session.state == State.RUNNING and session.sent_at is None and began is not None and now > began + _UNSENT


def _presumption_is_over(session: Session, now: datetime) -> bool:
    """Its script is back, but nothing was heard of the session for its idle limit, counted from the break."""
    broke_at = session.last_sign_at  # adoption sets it to the break
    return broke_at is not None and now > broke_at + timedelta(seconds=session.idle_timeout_s)


def _end_presumed(session: Session, now: datetime) -> bool:
    return endings.end(session, State.CRASHED, _why_presumed(session), at=now, only_from=[State.RUNNING])


def _why_presumed(session: Session) -> str:
    """Its script is the same, and is not at work on it any more: published clients raise where the line is down."""
    broke = f"{session.last_sign_at:%H:%M:%S} UTC"
    if _last_line.value(session.pk):
        return (
            f"The line broke at {broke} while the script was writing its log: its client raises then, which ends the "
            f"callback. The script came back, and the session has said nothing since."
        )
    return (
        f"Its script came back, but the session has said nothing since the connection broke at {broke}. "
        f"A line logged while the connection is down ends the callback."
    )


_last_line = Prepared(lambda session: LogHead.objects.filter(session=session).values_list("last"), 1)


def _end_by_limit(session: Session, now: datetime) -> bool:
    """The hard limit, and the idle limit while a script has it. The script may still be at work: that is said."""
    began = session.started_at or now
    if now > began + timedelta(seconds=session.timeout_s):
        reason = f"It ran longer than its limit of {_words(timedelta(seconds=session.timeout_s))}."
        return endings.end(session, State.TIMED_OUT, reason, at=now, only_from=[State.RUNNING, State.LOST])
    last = session.last_sign_at or session.sent_at
    if session.state == State.RUNNING and last and now > last + timedelta(seconds=session.idle_timeout_s):
        reason = f"No sign of life for {_words(timedelta(seconds=session.idle_timeout_s))}."
        return endings.end(session, State.TIMED_OUT, reason, at=now, only_from=[State.RUNNING])
    return False


def _end_cancelling(session: Session, now: datetime) -> bool:
    patience = timedelta(seconds=settings.PLUGINHOST_CANCEL_SECONDS)
    if session.cancel_asked_at is None or now < session.cancel_asked_at + patience:
        return False
    reason = "Cancelled; its script did not answer and may still be at work."
    return endings.end(session, State.CANCELLED, reason, at=now, only_from=[State.CANCELLING])


def _words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
