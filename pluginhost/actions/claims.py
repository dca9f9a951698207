"""Work is claimed from the database by whoever holds a script's socket; nobody pushes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from pluginhost import credentials, nudge
from pluginhost.actions.timeline import tell
from pluginhost.models import Connection, Session
from pluginhost.prepared import Prepared

QUEUED, RUNNING = Session.State.QUEUED, Session.State.RUNNING


@dataclass(frozen=True)
class Order:
    """What a script is told to do: the payload of the `plugin` event (PROTOCOL 1.6), for every dialect."""

    session_id: int
    payload: dict[str, Any]


def claim(connection_id: int) -> Order | None:
    """The oldest queued session of the connection's plugin, now running on it; None when there is none for it."""
    if not _queued_for.rows(connection_id) or _free(connection_id) is None:
        return None  # as most looks find: nobody's transaction has to wait for them
    with transaction.atomic():
        connection = _free(connection_id)
        if connection is None:
            return None
        session = _oldest_queued(connection.plugin_id)
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


def _free(connection_id: int) -> Connection | None:
    """The connection, unless its script may have no work, or has as many sessions as it takes at once."""
    found: Connection | None = _claiming.first(connection_id)
    return found if found is not None and len(_held.rows(found.pk)) < _at_once(found) else None


def _at_once(connection: Connection) -> int:
    """As many as its plugin says, and no more than our own client said it takes."""
    return min(connection.plugin.concurrency, connection.told.get("concurrency") or connection.plugin.concurrency)


def _oldest_queued(plugin_id: int) -> Session | None:
    queue = _unlocked if database.features.has_select_for_update_skip_locked else _oldest
    found: Session | None = queue.first(plugin_id)
    return found


def _queue(plugin_id: int) -> QuerySet[Session]:
    queue = Session.objects.filter(plugin=plugin_id, state=QUEUED).order_by("id")
    return queue.select_related("inputs", "project__organization", "started_by")


_oldest = Prepared(lambda plugin: _queue(plugin)[:1], 1)
_unlocked = Prepared(lambda plugin: _queue(plugin).select_for_update(skip_locked=True, of=("self",))[:1], 1)
"""The oldest that no other claimer is looking at."""
_queued_for = Prepared(
    lambda connection: (
        Session.objects.filter(state=QUEUED, plugin__connections=connection).order_by().values_list("pk")[:1]
    ),
    1,
)
_held = Prepared(
    lambda connection: Session.objects.held().filter(connection=connection).order_by().values_list("pk"), 1
)
_claiming = Prepared(
    lambda pk: (
        Connection.objects.open()
        .select_related("plugin")
        .filter(pk=pk, is_draining=False, is_to_go=False, plugin__quarantined_at=None, plugin__deleted_at=None)[:1]
    ),
    1,
)


def _payload(session: Session, key: str) -> dict[str, Any]:
    """The superset of all dialects: `tags` for old clients, `project` for the oldest samples."""
    inputs = session.inputs
    return {
        "projectId": session.project.uid,
        "project": session.project.uid,
        "session": session.uid,
        "apiKey": key,
        "orgId": session.project.organization.uid,
        "runBy": session.started_by.uid,
        "configJSON": inputs.config or "{}",
        "batches": inputs.batches,
        "tags": inputs.batches,
        "categorySchema": inputs.category_schema,
    }


def _nudge(session: Session) -> None:
    nudge.session(session.pk)
    nudge.plugin(session.plugin_id)
    nudge.project(session.project_id)
