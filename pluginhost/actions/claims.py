"""Work is claimed from the database by whoever holds a script's socket; nobody pushes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from pluginhost import credentials, nudge
from pluginhost.actions.timeline import tell
from pluginhost.models import Connection, Plugin, Session

QUEUED, RUNNING = Session.State.QUEUED, Session.State.RUNNING


@dataclass(frozen=True)
class Order:
    """What a script is told to do: the payload of the `plugin` event (PROTOCOL 1.6), for every dialect."""

    session_id: int
    payload: dict[str, Any]


def claim(connection_id: int) -> Order | None:
    """The oldest queued session of the connection's plugin, now running on it; None when there is none for it."""
    with transaction.atomic():
        connection = (
            Connection.objects.open()
            .select_related("plugin")
            .filter(pk=connection_id, plugin__quarantined_at=None, plugin__deleted_at=None)
            .first()
        )
        if connection is None or _is_busy(connection):
            return None
        session = _oldest_queued(connection.plugin)
        if session is None:
            return None
        key = credentials.new_session_key()
        now = timezone.now()
        moved = Session.objects.filter(pk=session.pk, state=QUEUED).update(
            state=RUNNING, reason="", connection=connection, started_at=now, key_digest=credentials.digest(key)
        )
        if not moved:
            return None
        tell(session, "claimed", f"Taken by the script from {connection.address or 'an unknown address'}.")
        _nudge(session)
        return Order(session.pk, _payload(session, key))


def mark_sent(session_id: int, connection_id: int) -> bool:
    """The order is about to be sent; False when the session was cancelled or taken from the connection meanwhile."""
    mine = Session.objects.filter(pk=session_id, state=RUNNING, connection=connection_id)
    moved = mine.update(sent_at=timezone.now())
    nudge.session(session_id)
    return bool(moved)


@transaction.atomic
def give_back(session_id: int, connection_id: int) -> bool:
    """The order was not sent by this connection: the session is queued again, at its old place."""
    mine = Session.objects.filter(pk=session_id, state=RUNNING, connection=connection_id, sent_at=None)
    if not mine.update(state=QUEUED, connection=None, started_at=None, key_digest=None):
        return False
    session = Session.objects.get(pk=session_id)
    tell(session, "queued", "The order could not be sent; back in the queue.")
    _nudge(session)
    return True


def _is_busy(connection: Connection) -> bool:
    """Whether the script has as many sessions as it takes at once."""
    held = Session.objects.held().filter(connection=connection).count()
    return held >= connection.plugin.concurrency


def _oldest_queued(plugin: Plugin) -> Session | None:
    queue = Session.objects.queued_for(plugin)
    if database.features.has_select_for_update_skip_locked:
        queue = queue.select_for_update(skip_locked=True)
    return queue.first()


def _payload(session: Session, key: str) -> dict[str, Any]:
    """The superset of all dialects: `tags` for old clients, `project` for the oldest samples."""
    found = Session.objects.select_related("inputs", "project__organization", "started_by").get(pk=session.pk)
    inputs = found.inputs
    return {
        "projectId": found.project.uid,
        "project": found.project.uid,
        "session": found.uid,
        "apiKey": key,
        "orgId": found.project.organization.uid,
        "runBy": found.started_by.uid,
        "configJSON": inputs.config or "{}",
        "batches": inputs.batches,
        "tags": inputs.batches,
        "categorySchema": inputs.category_schema,
    }


def _nudge(session: Session) -> None:
    nudge.session(session.pk)
    nudge.plugin(session.plugin_id)
    nudge.project(session.project_id)
