"""What becomes of sessions whose line broke: they are lost, in grace, and a script that comes back takes them over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions.timeline import tell
from pluginhost.models import Connection, Session


def lose_sessions(connection: Connection, reason: str, at: datetime) -> None:
    """What the connection was at work on has nobody to hear from now."""
    for session in Session.objects.held().filter(connection=connection):
        _lose(session, reason, at)
        nudge.session(session.pk)
        nudge.project(session.project_id)


def note_restart(connection: Connection) -> None:
    """The process that held it ended without a word: what it had not stored is gone, at this place of the logs.

    Our own client says it again.
    """
    lines = "" if connection.told else ", lines may be missing"
    for session in Session.objects.held().filter(connection=connection).exclude(sent_at=None):
        tell(session, "restarted", f"Server restarted here{lines}.")


def _lose(session: Session, reason: str, at: datetime) -> None:
    mine = Session.objects.filter(pk=session.pk)
    if mine.filter(state=Session.State.RUNNING, sent_at=None).update(
        state=Session.State.QUEUED, connection=None, started_at=None, key_digest=None
    ):
        tell(session, "queued", "Its script went away before the order was sent; back in the queue.")
    elif mine.filter(
        state=Session.State.RUNNING
    ).update(
        state=Session.State.LOST,
        lost_at=at,
        is_presumed_alive=False,
        longest_silence_s=_longest_silence(session, at),  # also the one in which the line broke tells how it works
        reason=f"Waiting for its script. {reason}"[:500],
    ):
        tell(session, "lost", f"The line to its script broke. {reason}")
    elif mine.filter(state=Session.State.CANCELLING).update(
        state=Session.State.CANCELLED, finished_at=at, reason="Cancelled; its script has gone."
    ):
        tell(session, "cancelled", "Its script has gone; cancelled.")


# --- a script that was here a moment ago ---


def adopt_where_back(broken: Connection, since: datetime, until: datetime) -> None:
    """It broke between these two, which is found out only now: its script may have been back elsewhere since."""
    back = (
        Connection.objects.open()
        .filter(plugin=broken.plugin_id, address=broken.address, instance="", opened_at__gt=since)
        .exclude(pk=broken.pk)
        .exclude(sessions__state__in=Session.HELD)
        .order_by("opened_at")
        .first()
    )
    if back is not None and back.opened_at <= until + _adoption_time(back) and not broken.told:
        for session in Session.objects.filter(state=Session.State.LOST, connection=broken):
            _take_over(session, back)
        nudge.plugin(broken.plugin_id)


def adopt(connection: Connection, known: int | None, at: datetime) -> None:
    """Sessions of one earlier connection are the newcomer's: of its own, or of one presumed to have been its own."""
    earlier = known or _broken_a_moment_ago(connection, at)
    for session in Session.objects.filter(state=Session.State.LOST, connection=earlier) if earlier else ():
        _take_over(session, connection)


def _broken_a_moment_ago(connection: Connection, at: datetime) -> int | None:
    """The connection from the same address that broke first, and whose sessions nobody has taken over yet."""
    return (
        Session.objects.filter(
            plugin_id=connection.plugin_id,
            state=Session.State.LOST,
            connection__address=connection.address,
            lost_at__gte=at - _adoption_time(connection),
            connection__instance="",  # our own client says exactly which are its
        )
        .exclude(connection=connection)
        .order_by("lost_at", "id")
        .values_list("connection", flat=True)
        .first()
    )


def _take_over(session: Session, connection: Connection) -> None:
    lost_at = session.lost_at or timezone.now()
    moved = Session.objects.filter(pk=session.pk, state=Session.State.LOST).update(
        state=Session.State.RUNNING,
        connection=connection,
        is_presumed_alive=True,
        last_sign_at=lost_at,
        longest_silence_s=_longest_silence(session, lost_at),
        lost_at=None,
        reason="",
    )
    if moved:
        tell(session, "adopted", "A script of this plugin is back from the same address; presumed to be the same.")
        nudge.session(session.pk)
        nudge.project(session.project_id)


def _longest_silence(session: Session, until: datetime) -> float:
    last = session.last_sign_at or session.sent_at or until
    return max(session.longest_silence_s, (until - last).total_seconds())


def _adoption_time(connection: Connection) -> timedelta:
    """Older clients begin with long polling and wait longer before they come back."""
    if connection.transport == "polling":
        return timedelta(seconds=settings.PLUGINHOST_ADOPTION_SECONDS_POLLING)
    return timedelta(seconds=settings.PLUGINHOST_ADOPTION_SECONDS)
