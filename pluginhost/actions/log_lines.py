"""Log lines: numbered without gaps in their sessions, and stored, those of many sessions together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from pluginhost import nudge
from pluginhost.actions import bulk, signs
from pluginhost.models import Connection, LogHead, LogLine, Session
from pluginhost.prepared import Prepared
from pluginhost.protocol.payloads import progress_in

_LINE_FIELDS = ("session", "number", "at", "level", "message", "extra", "came_late")
_HEAD_FIELDS = ("last", "bytes", "debug", "info", "warning", "error", "dropped", "told_up_to")


class Line(NamedTuple):
    at: datetime
    level: int
    message: str
    extra: str = ""
    told: int = 0
    """Our own client's number of it in its session; what it says twice is stored once."""
    ago: float = 0.0
    """Seconds from when it was said to `at`, when it came here."""


@dataclass(frozen=True)
class Spoken:
    """What the script of one session said, in the order it came."""

    session: Session
    connection: Connection | None
    lines: Sequence[Line]


def add(session: Session, connection: Connection | None, lines: Sequence[Line]) -> None:
    """Store one session's lines. To be called in a transaction."""
    add_all([Spoken(session, connection, lines)])


def add_all(spoken: Sequence[Spoken]) -> None:
    """Store the lines of many sessions in few statements, each numbered on from its session's last.

    To be called in a transaction: the heads are ours until the commit, and so are the numbers.
    """
    if not spoken:
        return
    heads = _heads({each.session.pk for each in spoken})
    bulk.insert(LogLine, _LINE_FIELDS, [row for each in spoken for row in _rows(each, heads[each.session.pk])])
    bulk.update(LogHead, _HEAD_FIELDS, "session", [_values(head) for head in heads.values()])
    for each in spoken:
        _note_progress(each)
        if each.lines:
            signs.seen(each.session, at=each.lines[-1].at, connection=each.connection)
        nudge.session(each.session.pk)


def _heads(session_ids: set[int]) -> dict[int, LogHead]:
    """Locked in the order of their sessions, so that two processes never wait for each other."""
    found = LogHead.objects.select_for_update().filter(session__in=session_ids).order_by("session")
    return {head.session_id: head for head in found}


def _values(head: LogHead) -> tuple[Any, ...]:
    return (*(getattr(head, name) for name in _HEAD_FIELDS), head.session_id)


def _rows(spoken: Spoken, head: LogHead) -> Iterator[tuple[Any, ...]]:
    """As many of the lines as the session may still have; the rest is counted. The head moves on."""
    session = spoken.session
    late = _is_late(session)
    lines = _new(spoken.lines, head) if spoken.lines and spoken.lines[-1].told else spoken.lines
    kept = lines[: max(settings.PLUGINHOST_LINES_LIMIT - head.last, 0)]
    head.dropped += len(lines) - len(kept)
    for line in kept:
        head.last += 1
        _count(head, line)
        at = line.at - timedelta(seconds=line.ago) if line.ago else line.at
        yield session.pk, head.last, at, line.level, line.message, line.extra, late


def _is_late(session: Session) -> bool:
    """Whether what is said now is none of it any more: it has ended, or was cancelled, which ends it for its script."""
    return session.state == Session.State.CANCELLING or (session.is_final and not session.is_revisable)


def _new(lines: Sequence[Line], head: LogHead) -> Sequence[Line]:
    """Those that are not stored yet. The head moves in the same transaction, so none is stored twice or left out."""
    new = []
    for line in lines:
        if line.told > head.told_up_to:
            head.told_up_to = line.told
            new.append(line)
    return new


_told_up_to = Prepared(lambda session: LogHead.objects.filter(session=session).values_list("told_up_to"), 1)


def told_up_to(session_id: int) -> int:
    """The number of the newest line that our own client told and that is stored; 0 for none."""
    return _told_up_to.value(session_id) or 0


def _count(head: LogHead, line: Line) -> None:
    head.bytes += len(line.message) + len(line.extra)
    if line.level < 20:
        head.debug += 1
    elif line.level < 30:
        head.info += 1
    elif line.level < 40:
        head.warning += 1
    else:
        head.error += 1


def _note_progress(spoken: Spoken) -> None:
    """The newest `[done/total]` of these lines."""
    session = spoken.session
    if _is_late(session):
        return
    for line in reversed(spoken.lines):
        found = progress_in(line.message)
        if found:
            note_progress(session, *(min(number, 2**31 - 1) for number in found))
            return


def note_progress(session: Session, done: int, total: int) -> None:
    """How far it is, as its script says."""
    if (done, total) != (session.progress_done, session.progress_total):
        Session.objects.filter(pk=session.pk).update(progress_done=done, progress_total=total)
