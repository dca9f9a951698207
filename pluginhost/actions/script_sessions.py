"""What the end of a managed script, or its traceback, says of the session that it was at work on.

Only where it is plain which session that is: the one open session of the plugin, on a connection that can only be this
process's. Otherwise the session ends as others do: by its limits, or when its grace is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from pluginhost.actions import endings
from pluginhost.models import Connection, ScriptStart, Session

State = Session.State
ALIVE_AFTER = timedelta(seconds=0.5)
"""A sign of life so long after the traceback means that somebody caught it and went on."""


def open_one(start: ScriptStart) -> int | None:
    """The one session that the plugin has open, if it can only be this process's."""
    plugin_id = start.instance.script.plugin_id
    found = list(Session.objects.held().filter(plugin=plugin_id).select_related("connection")[:2])
    if len(found) != 1 or found[0].connection is None:
        return None
    connection = found[0].connection
    if connection.told:
        return None  # our own client catches what a callback raises, and says so itself
    others = Connection.objects.open().filter(plugin=plugin_id).exclude(pk=connection.pk)
    return found[0].pk if _may_be(connection, start) and not others.exists() else None


def end_raised(session_id: int, traceback: str, heard_at: datetime) -> bool:
    """The script raised and has said nothing since: the session has failed, with the traceback. False when it had
    ended before, or goes on."""
    session = Session.objects.select_related("plugin", "project").get(pk=session_id)
    if session.state not in (State.RUNNING, State.LOST):
        return False
    if session.last_sign_at is not None and session.last_sign_at > heard_at + ALIVE_AFTER:
        return False
    raised = traceback.splitlines()[-1].strip()
    with transaction.atomic():
        reason = f"The script raised {raised[:300]}. Its traceback was found on stderr."
        ended = endings.end(session, State.FAILED, reason, only_from=[State.RUNNING, State.LOST])
        if ended:
            Session.objects.filter(pk=session_id).update(error=traceback)
    return ended


def end_gone(start: ScriptStart, reason: str) -> int:
    """The process has ended, and so have the sessions that it left behind: how many. Asked again until the gateway has
    noticed, since what the script said last is stored before that."""
    left = Session.objects.held().filter(plugin=start.instance.script.plugin_id).select_related("connection")
    return sum(_end_gone(session, start, reason) for session in left)


def _end_gone(session: Session, start: ScriptStart, reason: str) -> bool:
    connection, ended_at = session.connection, start.ended_at
    if ended_at is None or connection is None or connection.told:
        return False  # our own client says itself what it still holds, when it is back
    if session.is_presumed_alive:  # taken over by the next process, which cannot know of it
        is_lost = session.last_sign_at is not None and session.last_sign_at <= ended_at + timedelta(seconds=5)
        return is_lost and connection.opened_at > ended_at and _crash(session, reason, State.RUNNING)
    was_its_own = session.state == State.LOST and _may_be(connection, start) and connection.opened_at <= ended_at
    others = Connection.objects.open().filter(plugin=session.plugin_id, opened_at__lte=ended_at)
    return was_its_own and not others.exists() and _crash(session, reason, State.LOST)


def _crash(session: Session, reason: str, state: str) -> bool:
    return endings.end(session, State.CRASHED, f"Its script's process is gone. {reason}", only_from=[state])


def _may_be(connection: Connection, start: ScriptStart) -> bool:
    """Whether this process can have opened it: it is the plugin's only one, and the connection is younger."""
    return start.instance.script.instances_wanted == 1 and connection.opened_at >= start.started_at
