"""Every ending has an owner: what nobody else ends is ended here, with its reason. Swept every few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import endings, imports, processes
from pluginhost.models import Plugin, Session

State = Session.State


def sweep() -> int:
    """Look at everything that can wait too long; the number of sessions that were ended."""
    processes.end_expired()
    imports.remove_unfinished()
    now = timezone.now()
    return sum(_end_one(session, now) for session in _held())


def nudge_queued() -> None:
    """Have queued work looked at again, for instance when a server starts."""
    for plugin_id in Plugin.objects.filter(sessions__state=State.QUEUED).distinct().values_list("pk", flat=True):
        nudge.plugin(plugin_id)


def _held() -> Iterator[Session]:
    return Session.objects.held().select_related("plugin", "connection", "log_head").iterator(chunk_size=500)


def _end_one(session: Session, now: datetime) -> bool:
    if session.state == State.CANCELLING:
        return _end_cancelling(session, now)
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


def _presumption_is_over(session: Session, now: datetime) -> bool:
    """A script is back, but this session, which used to say something, has been silent for too long since.

    The client raises in the callback when a line is logged while the connection is down: such a run is dead though
    its process lives. One that had never said anything is waited for until its idle limit.
    """
    broke_at = session.last_sign_at  # adoption sets it to the break
    if broke_at is None:
        return False
    idle = timedelta(seconds=session.idle_timeout_s)
    return now > broke_at + (min(idle, grace_of(session)) if session.log_head.last else idle)


def _end_presumed(session: Session, now: datetime) -> bool:
    reason = (
        f"Its script came back, but the session has said nothing since the connection broke at "
        f"{session.last_sign_at:%H:%M:%S} UTC. A line logged while the connection is down ends the callback."
    )
    return endings.end(session, State.CRASHED, reason, at=now, only_from=[State.RUNNING])


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
