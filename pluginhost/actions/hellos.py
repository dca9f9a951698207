"""Our own client says hello: which sessions it still holds is known exactly, and nothing need be presumed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from pluginhost import nudge
from pluginhost.actions import endings, reports, signs
from pluginhost.actions.timeline import tell
from pluginhost.models import Connection, Session
from pluginhost.prepared import Prepared
from pluginhost.protocol import dialects
from pluginhost.protocol.payloads import Hello

State = Session.State


@transaction.atomic
def hear(connection: Connection, hello: Hello, at: datetime) -> list[str]:
    """Adopt the sessions that it names, take back those that it hands back, end those that its instance has forgotten.

    Gives the named ones that it need not go on with: they have ended, or are somebody else's by now.
    """
    is_first = _note(connection, hello)
    named = reports.sessions_of(connection.plugin_id, {*hello.sessions, *hello.handed_back})
    for uid in hello.handed_back:
        if uid in named:
            _hand_back(named[uid], connection, hello, at)
    over = [uid for uid in hello.sessions if uid not in named or not _adopt(named[uid], connection, hello, at)]
    if is_first:
        for session in _forgotten(connection, hello):
            _end_forgotten(session, hello, at)
    nudge.plugin(connection.plugin_id)
    return over


def _note(connection: Connection, hello: Hello) -> bool:
    """Write down who it is; whether this was the first hello of its connection."""
    mine = Connection.objects.filter(pk=connection.pk)
    told = {**hello.told, **({"concurrency": hello.concurrency} if hello.concurrency else {})}
    is_first = mine.filter(instance="").update(
        instance=hello.instance,
        told=told,
        dialect=dialects.OURS,
        client_version=str(hello.told.get("version", ""))[:40],
    )
    if hello.is_leaving:
        mine.update(is_draining=True)
    return bool(is_first)


def _adopt(session: Session, connection: Connection, hello: Hello, at: datetime) -> bool:
    """The session is this connection's from now on; False when there is nothing to go on with."""
    if has_another_script(session, connection, hello.instance):
        return False
    signs.seen(session, at=at, connection=connection)
    return Session.objects.held().filter(pk=session.pk).exclude(state=State.CANCELLING).exists()


def has_another_script(session: Session, connection: Connection, instance: str) -> bool:
    """Whether somebody else is at work on it by now: an answer that waited on a disk for days must not end that."""
    if session.connection_id is None or session.connection_id == connection.pk:
        return False
    holder = session.connection
    return holder is not None and holder.state == Connection.State.OPEN and holder.instance != instance


def _hand_back(session: Session, connection: Connection, hello: Hello, at: datetime) -> None:
    """Its script was stopped in the middle: the session is queued again, at its old place, with a new key."""
    mine = Session.objects.filter(Q(connection=connection) | Q(connection__instance=hello.instance), pk=session.pk)
    if mine.filter(state=State.CANCELLING).exists():
        reason = "Cancelled; its script was stopped."
        endings.end(session, State.CANCELLED, reason, at=at, only_from=[State.CANCELLING])
    else:
        _requeue(session, mine, "Handed back by its script, which was stopped.")


def _requeue(session: Session, mine: QuerySet[Session], sentence: str) -> None:
    moved = mine.filter(state__in=[State.RUNNING, State.LOST]).update(
        state=State.QUEUED,
        connection=None,
        started_at=None,
        sent_at=None,
        last_sign_at=None,
        lost_at=None,
        is_presumed_alive=False,
        key_digest=None,
        reason=sentence,
    )
    if moved:
        tell(session, "queued", f"{sentence} It is back in the queue.")
        nudge.session(session.pk)
        nudge.plugin(session.plugin_id)
        nudge.project(session.project_id)


def _forgotten(connection: Connection, hello: Hello) -> Iterable[Session]:
    """Held by this instance until now, and not named.

    Not where another process of the same name is still here: two scripts that share a name end nothing of each other.
    """
    held = Session.objects.held().filter(plugin=connection.plugin_id, connection__instance=hello.instance)
    others = held.exclude(connection=connection).exclude(uid__in=[*hello.sessions, *hello.handed_back])
    return [
        session
        for session in others.select_related("connection")
        if session.connection is not None
        and (session.connection.state != Connection.State.OPEN or session.connection.told.get("boot") == hello.boot)
    ]


def _end_forgotten(session: Session, hello: Hello, at: datetime) -> None:
    mine = Session.objects.filter(pk=session.pk)
    if session.state == State.CANCELLING:
        endings.end(session, State.CANCELLED, "Cancelled; its script was started anew.", only_from=[State.CANCELLING])
    elif session.last_sign_at is None:
        _requeue(session, mine, "The order did not reach its script before the line broke.")
    else:
        endings.end(session, State.CRASHED, _why(session, hello, at), at=at, only_from=[State.RUNNING, State.LOST])


def _why(session: Session, hello: Hello, at: datetime) -> str:
    holder = session.connection
    if holder is not None and holder.told.get("boot") == hello.boot:
        return "Its script is back and does not know this session any more."
    pid = f", as process {hello.told['pid']}" if "pid" in hello.told else ""
    return f"Its script ended while it was at work; at {at:%H:%M:%S} UTC it was started anew{pid}."


# --- what a script that said hello has to be told ---

_news = Prepared(
    lambda connection: Session.objects.filter(connection=connection, state=State.CANCELLING).values_list("uid"), 1
)
_draining = Prepared(lambda pk: Connection.objects.filter(pk=pk, is_draining=True).values_list("pk"), 1)


def cancelled_on(connection_id: int) -> list[str]:
    """The sessions on which it is still at work though somebody cancelled them."""
    return [uid for (uid,) in _news.rows(connection_id)]


def is_draining(connection_id: int) -> bool:
    return bool(_draining.rows(connection_id))
