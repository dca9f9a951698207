"""Scripts come, are let in or kept in quarantine, and go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from pluginhost import credentials, nudge
from pluginhost.actions import broken_lines, unknown_callers
from pluginhost.ids import is_id
from pluginhost.models import Connection, Plugin, ServerProcess, Session
from pluginhost.prepared import Prepared
from pluginhost.protocol import dialects

State = Connection.State
ASKED_TO_GO = "It was disconnected on the plugin's page. Start the script anew to have it work again."


@dataclass(frozen=True)
class Caller:
    """A socket as the gateway knows it: its name in this process, where it comes from, and how."""

    sid: str
    address: str
    transport: str
    dialect: str = ""
    """Which client it is, as far as its way of connecting tells."""


@dataclass(frozen=True)
class Verdict:
    """What became of a heartbeat. `connection` is None when there is no such plugin at all."""

    connection: Connection | None
    is_welcome: bool
    reason: str = ""


@transaction.atomic
def greet(
    caller: Caller,
    process: ServerProcess | None,
    plugin_uid: str,
    secret: str,
    known: int | None,
    at: datetime,
    announces_hello: bool = False,
) -> Verdict:
    """Judge a heartbeat: the first one of a socket (`known` is None) opens a connection, later ones renew it.

    Of one that announces a hello nothing is presumed: it will say which sessions it holds (`actions.hellos`).
    """
    renewed = _renew(known, plugin_uid, secret, at) if known is not None else None
    if renewed is not None:
        return Verdict(renewed, True)
    plugin = Plugin.objects.present().filter(uid=plugin_uid).first() if is_id(plugin_uid) else None
    if plugin is None:
        unknown_callers.note(caller.address, plugin_uid, dialects.OURS if announces_hello else caller.dialect, at)
        return Verdict(None, False, "There is no plugin with this id here. Copy it again from the plugin's page.")
    wrong = _wrong(plugin, secret, at)
    if wrong:
        return Verdict(_refuse(caller, process, plugin, wrong, known, at), False, wrong)
    why = plugin.quarantine_reason if plugin.is_quarantined() else _asked_to_go(known, plugin)
    if why:
        return Verdict(_admit(caller, process, plugin, State.QUARANTINED, why, known, at), False, why)
    presumes = known is not None or not announces_hello
    return Verdict(_admit(caller, process, plugin, State.OPEN, "", known, at, presumes), True)


def _renew(known: int, plugin_uid: str, secret: str, at: datetime) -> Connection | None:
    """The short way of nearly all heartbeats: of a script that is here, and about which nothing has changed."""
    connection: Connection | None = _accepted.first(known)
    if connection is None or connection.state != State.OPEN or _is_out(connection):
        return None
    plugin = connection.plugin
    if plugin.uid != plugin_uid or not credentials.matches(secret, plugin.secret_digest):
        return None
    nudge.nobody()
    is_here = Connection.objects.filter(pk=known, state=State.OPEN).update(last_seen_at=at)
    return connection if is_here else None


def _asked_to_go(known: int | None, plugin: Plugin) -> str:
    connection = _known(known, plugin)
    return ASKED_TO_GO if connection is not None and connection.is_to_go else ""


def _wrong(plugin: Plugin, secret: str, at: datetime) -> str:
    """Why this secret does not open the door; empty when it does."""
    if credentials.matches(secret, plugin.secret_digest):
        return ""
    if credentials.matches(secret, plugin.old_secret_digest):
        if plugin.old_secret_is_good(at):
            return ""
        return "The secret was rotated. Put the new one into the script; the plugin's page shows it."
    return "The secret is wrong. Copy it again from the plugin's page."


def _admit(
    caller: Caller,
    process: ServerProcess | None,
    plugin: Plugin,
    state: str,
    reason: str,
    known: int | None,
    at: datetime,
    presumes: bool = True,
) -> Connection:
    """The connection of a script with a good secret; a newcomer may be one that was here a moment ago."""
    connection = _known(known, plugin)
    was_open = connection is not None and connection.state == State.OPEN
    facts = {"state": State(state), "reason": reason, "was_accepted": True, "last_seen_at": at}
    if connection is None:
        connection = _begin(caller, process, plugin, at, facts)
    else:
        Connection.objects.filter(pk=connection.pk).exclude(state=State.CLOSED).update(**facts)
        connection.state = State(state)
    if state == State.OPEN and not was_open and presumes:
        broken_lines.adopt(connection, known, at)
    if (state == State.OPEN) != was_open:
        nudge.plugin(plugin.pk)
    if state != State.OPEN:
        broken_lines.lose_sessions(connection, reason, at)
    return connection


def _begin(
    caller: Caller, process: ServerProcess | None, plugin: Plugin, at: datetime, facts: dict[str, Any]
) -> Connection:
    return Connection.objects.create(
        plugin=plugin,
        process=process,
        sid=caller.sid,
        address=caller.address,
        transport=caller.transport,
        dialect=caller.dialect,
        opened_at=at,
        **facts,
    )


def _refuse(
    caller: Caller, process: ServerProcess | None, plugin: Plugin, reason: str, known: int | None, at: datetime
) -> Connection:
    """Keep the refusal: once for each address and reason, however often it is tried."""
    connection = _known(known, plugin) or (
        Connection.objects.filter(plugin=plugin, address=caller.address, was_accepted=False, reason=reason)
        .order_by("-id")
        .first()
    )
    fields = {"state": State.QUARANTINED, "reason": reason, "last_seen_at": at, "closed_at": None}
    if connection is None:
        connection = _begin(caller, process, plugin, at, {**fields, "was_accepted": False, "refusals": 1})
    else:
        Connection.objects.filter(pk=connection.pk).update(
            **fields, sid=caller.sid, process=process, refusals=F("refusals") + 1
        )
        broken_lines.lose_sessions(connection, reason, at)
    nudge.plugin(plugin.pk)
    return connection


def _known(known: int | None, plugin: Plugin) -> Connection | None:
    """The socket's connection. One that was closed over its head (its process was thought dead) is begun anew."""
    if known is None:
        return None
    return Connection.objects.filter(pk=known, plugin=plugin).exclude(state=State.CLOSED).first()


_accepted = Prepared(lambda pk: Connection.objects.select_related("plugin").filter(pk=pk, was_accepted=True)[:1], 1)


def recheck(connection_id: int, at: datetime) -> bool:
    """Whether a connected script may have work now; puts it into quarantine or lets it out as its plugin says."""
    connection: Connection | None = _accepted.first(connection_id)
    if connection is None or connection.state == State.CLOSED:
        return False
    plugin = connection.plugin
    is_out = _is_out(connection)
    mine = Connection.objects.filter(pk=connection.pk)
    if is_out and connection.state == State.OPEN:
        reason = plugin.quarantine_reason or (ASKED_TO_GO if connection.is_to_go else "The plugin was deleted.")
        with transaction.atomic():
            mine.filter(state=State.OPEN).update(state=State.QUARANTINED, reason=reason)
            broken_lines.lose_sessions(connection, reason, at)
            nudge.plugin(plugin.pk)
    elif not is_out and connection.state == State.QUARANTINED and connection.reason == plugin.quarantine_reason:
        # It was out only because its plugin was; one with a rotated secret waits for its next heartbeat.
        mine.filter(state=State.QUARANTINED).update(state=State.OPEN, reason="")
        nudge.plugin(plugin.pk)
        return True
    return not is_out and connection.state == State.OPEN


def _is_out(connection: Connection) -> bool:
    """Whether its plugin, or what was asked of it, keeps it from work; `_out` asks the same of the database."""
    plugin = connection.plugin
    return plugin.is_quarantined() or plugin.deleted_at is not None or connection.is_to_go


def due(process_id: int) -> list[int]:
    """A process's connections that have something to look for: work, a cancelled session, another standing than their
    plugin says."""
    return [pk for (pk,) in _due.rows(process_id)]


_out = Q(plugin__quarantined_at__isnull=False) | Q(plugin__deleted_at__isnull=False) | Q(is_to_go=True)
_own = ~Q(instance="")  # only our own client can be told
_of_plugin = Session.objects.filter(plugin=OuterRef("plugin"), state=Session.State.QUEUED)
_cancelling = Session.objects.filter(connection=OuterRef("pk"), state=Session.State.CANCELLING)
_due = Prepared(
    lambda process: (
        Connection.objects.filter(process=process, was_accepted=True)
        .exclude(state=State.CLOSED)
        .filter(
            Q(_out | Exists(_of_plugin) | _own & (Q(is_draining=True) | Exists(_cancelling)), state=State.OPEN)
            | Q(~_out, state=State.QUARANTINED, reason=F("plugin__quarantine_reason"))
        )
        .order_by()
        .values_list("pk")
    ),
    1,
)


def close(connection: Connection, reason: str, at: datetime) -> None:
    """It is gone. Its sessions are lost (in grace), what it had not been sent goes back into the queue."""
    with transaction.atomic():
        moved = (
            Connection.objects.filter(pk=connection.pk)
            .exclude(state=State.CLOSED)
            .update(state=State.CLOSED, closed_at=at, last_seen_at=at, **_ending_reason(connection, reason))
        )
        if moved:
            broken_lines.lose_sessions(connection, reason, at)
            nudge.plugin(connection.plugin_id)


def at_work(process_id: int) -> list[Connection]:
    """Those of the process that have sessions."""
    here = Connection.objects.filter(process=process_id).exclude(state=State.CLOSED)
    return list(here.filter(Exists(Session.objects.held().filter(connection=OuterRef("pk")))))


@transaction.atomic
def close_all(process: ServerProcess, reason: str, at: datetime) -> None:
    """Those of the process that have none: thousands at once, since their scripts wait at the door meanwhile."""
    here = Connection.objects.filter(process=process).exclude(state=State.CLOSED)
    plugins = set(here.values_list("plugin", flat=True))
    facts = {"state": State.CLOSED, "closed_at": at, "last_seen_at": at}
    here.filter(was_accepted=True).update(**facts, reason=reason[:300])
    here.update(**facts)  # a refused one keeps the reason of its refusal
    for plugin_id in plugins:
        nudge.plugin(plugin_id)


def _ending_reason(connection: Connection, reason: str) -> dict[str, str]:
    """A refused connection keeps the reason of its refusal, by which the next try is found again."""
    return {"reason": reason[:300]} if connection.was_accepted else {}


def note_refused(connection: Connection, reason: str, count: int = 1) -> None:
    """An event of a script that was let in could not be taken; its page says so."""
    Connection.objects.filter(pk=connection.pk).update(noted=F("noted") + count, noted_reason=reason[:300])
    nudge.plugin(connection.plugin_id)


def note_dialect(connection: Connection, dialect: str) -> None:
    """More is known now of which client it is."""
    Connection.objects.filter(pk=connection.pk).update(dialect=dialect)
