"""What scripts said, taken one after the other: whose it is, and which verb it is for."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from pluginhost.actions import connections, hellos, log_lines, processes, reports, signs
from pluginhost.actions.connections import Verdict
from pluginhost.models import Connection, Session
from pluginhost.protocol import dialects
from pluginhost.protocol.payloads import Answer, Heartbeat, Hello, Log, Progress, answer_of

from .inbox import Acknowledged, Gone, Item, Refused
from .outcome import Outcome
from .peer import Peer


class Taking:
    """One plugin's items, in order. Lines are gathered until something comes that must not overtake them."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome, self._verdicts = outcome, outcome.verdicts
        self._lines: dict[tuple[Peer, str], list[log_lines.Line]] = {}
        self._refused: dict[Peer, list[str]] = {}

    def take(self, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item.report, Log):
                log = item.report
                line = log_lines.Line(item.at, log.level, log.message, log.extra, log.line, log.ago)
                self._lines.setdefault((item.peer, log.session), []).append(line)
            else:
                self._flush()
                self._take_one(item)
        self._flush()
        self._note_refused()

    def _take_one(self, item: Item) -> None:
        report = item.report
        if isinstance(report, Heartbeat):
            self._greet(item, report)
        elif isinstance(report, Hello):
            self._hear(item, report)
        elif isinstance(report, Progress):
            self._go_on(item, report)
        elif isinstance(report, Answer):
            self._answer(item, report)
        elif isinstance(report, Acknowledged):
            self._acknowledge(item, report)
        elif isinstance(report, Gone):
            self._close(item, report)
        elif isinstance(report, Refused):
            self._refuse(item.peer, report.reason)

    def _greet(self, item: Item, report: Heartbeat) -> None:
        if report.plugin != item.peer.plugin_uid:
            self._refuse(item.peer, "A heartbeat for another plugin came on this connection.")
            return
        before = self._verdict(item.peer)
        known = before.connection.pk if before and before.connection else None
        caller, process, hello = item.peer.caller, processes.current(), report.announces_hello
        verdict = connections.greet(caller, process, report.plugin, report.secret, known, item.at, hello)
        self._verdicts[item.peer] = verdict
        item.peer.is_out = not verdict.is_welcome
        if item.peer.has_said_hello and verdict.is_welcome and before and not before.is_welcome:
            self._outcome.muted[item.peer] = True
            self._tell(item.peer, "again")

    def _hear(self, item: Item, hello: Hello) -> None:
        self._outcome.muted[item.peer] = False
        connection = self._open_connection(item.peer)
        if connection is None:
            return  # in quarantine; it is told so
        for uid in hellos.hear(connection, hello, item.at):
            self._tell(item.peer, "cancel", session=uid)
        for uid in hello.handed_back:
            self._tell(item.peer, "answered", session=uid)
        self._tell(item.peer, "welcome")

    def _go_on(self, item: Item, report: Progress) -> None:
        connection, session = self._own(item.peer, report.session)
        if connection is None or session is None:
            self._refuse(item.peer, _not_yours("progress", report.session))
        else:
            reports.go_on(session, connection, report.done, report.total, item.at)

    def _flush(self) -> None:
        """Store the gathered lines, those of all sessions together."""
        if not self._lines:
            return
        gathered, self._lines = self._lines, {}
        by_plugin: dict[int, set[str]] = {}
        for peer, uid in gathered:
            connection = self._open_connection(peer)
            if connection is not None:
                by_plugin.setdefault(connection.plugin_id, set()).add(uid)
        found = {plugin: reports.sessions_of(plugin, uids) for plugin, uids in by_plugin.items()}
        spoken = []
        for (peer, uid), lines in gathered.items():
            connection = self._open_connection(peer)
            if connection is not None and lines[-1].told:
                self._outcome.lines[peer, uid] = lines[-1].told
            session = found.get(connection.plugin_id, {}).get(uid) if connection else None
            if connection is None and peer.has_said_hello:
                self._outcome.muted[peer] = True
            elif connection is None or session is None or self._is_anothers(peer, connection, session):
                self._refuse(peer, _not_yours("log", uid), len(lines))
            else:
                spoken.append(log_lines.Spoken(session, connection, lines))
        log_lines.add_all(spoken)

    def _answer(self, item: Item, report: Answer) -> None:
        connection, session = self._own(item.peer, report.session)
        if connection is None and item.peer.has_said_hello:
            self._outcome.muted[item.peer] = True
        elif connection is None or session is None or self._is_anothers(item.peer, connection, session):
            self._refuse(item.peer, _not_yours("response", report.session))
        else:
            reports.finish(session, connection, report.form, report.body, item.at)
            self._learn(item.peer, connection, dialects.after_answer(_dialect_of(item.peer), report.form))
        if connection is not None and item.peer.has_said_hello:
            self._tell(item.peer, "answered", session=report.session)

    def _acknowledge(self, item: Item, report: Acknowledged) -> None:
        connection = self._connection(item.peer)
        session = reports.session_of(connection.plugin_id, report.session_id) if connection else None
        if connection is None or session is None:
            return
        if item.peer.has_said_hello:  # our own client acknowledges at once that the order came
            signs.seen(session, at=item.at, connection=connection)
            return
        value = report.values[0] if report.values else None
        if reports.acknowledge(session, connection, *answer_of(value), item.at) and value is None:
            self._learn(item.peer, connection, dialects.after_silence(_dialect_of(item.peer)))

    def _close(self, item: Item, report: Gone) -> None:
        connection = self._connection(item.peer)
        if connection is None:
            return
        if report.was_too_large:
            _fail_only_session(connection, item)
        connections.close(connection, report.reason, item.at)

    def _learn(self, peer: Peer, connection: Connection, dialect: str) -> None:
        if dialect != _dialect_of(peer):
            peer.dialect = dialect
            connections.note_dialect(connection, dialect)

    def _tell(self, peer: Peer, event: str, **payload: str) -> None:
        """After the commit."""
        self._outcome.to_tell.append((peer, event, payload))

    # --- who speaks ---

    def _own(self, peer: Peer, uid: str) -> tuple[Connection | None, Session | None]:
        """Its connection, and the session if it is its plugin's."""
        connection = self._open_connection(peer)
        return connection, reports.sessions_of(connection.plugin_id, [uid]).get(uid) if connection else None

    def _verdict(self, peer: Peer) -> Verdict | None:
        return self._verdicts.get(peer, peer.verdict)

    def _connection(self, peer: Peer) -> Connection | None:
        verdict = self._verdict(peer)
        return verdict.connection if verdict else None

    def _open_connection(self, peer: Peer) -> Connection | None:
        """The connection of a script that was let in, is not in quarantine, and has nothing to say again."""
        verdict = self._verdict(peer)
        is_muted = self._outcome.muted.get(peer, peer.is_muted)
        if verdict is None or not verdict.is_welcome or peer.is_out or is_muted:
            return None
        return verdict.connection

    def _is_anothers(self, peer: Peer, connection: Connection, session: Session) -> bool:
        """Only our own client comes back so long after that somebody else may have its session."""
        if not peer.has_said_hello or session.connection_id == connection.pk:
            return False
        return hellos.has_another_script(session, connection, peer.instance)

    # --- what was refused ---

    def _refuse(self, peer: Peer, reason: str, count: int = 1) -> None:
        self._refused.setdefault(peer, []).extend([reason] * count)

    def _note_refused(self) -> None:
        for peer, reasons in self._refused.items():
            connection = self._connection(peer)
            if connection is not None:
                connections.note_refused(connection, reasons[-1], len(reasons))
        self._refused = {}


def _fail_only_session(connection: Connection, item: Item) -> None:
    """A message over the limit ended the connection: it was most likely the response of its one session."""
    held = list(Session.objects.held().filter(connection=connection)[:2])
    if len(held) == 1:
        limit = settings.PLUGINHOST_MESSAGE_LIMIT // 2**20
        reports.fail(held[0], f"The response is larger than {limit} MB. Import results in parts instead.", item.at)


def _dialect_of(peer: Peer) -> str:
    return peer.dialect or peer.caller.dialect


def _not_yours(event: str, uid: str) -> str:
    return f"A {event} for session {uid[:40]!r} came, which is none of this plugin's."
