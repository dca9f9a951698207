"""Reading a session's log: by number, by level, by text, whole or in part. Pages, API and sockets read alike."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from .errors import Invalid
from .models import LogHead, LogLine, SessionEvent
from .prepared import Prepared
from .protocol.payloads import LEVELS

MOST_LINES = 500
MOST_NUMBERS = 20_000
MOST_EVENTS = 500
CUT_AT = 4096
_STREAMED_AT_ONCE = 2_000

Line = dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """`level` is the least level that is shown (up to DEBUG: all), `text` what a line must contain in any case."""

    level: int = 0
    text: str = ""

    @classmethod
    def asked(cls, level: str = "", text: str = "") -> Filter:
        """From a query string; a level is a name or a number."""
        return cls(_level(level), text.replace("\0", ""))

    @property
    def is_all(self) -> bool:
        return self.level <= logging.DEBUG and not self.text

    def lines(self, session_id: int) -> QuerySet[LogLine]:
        found = LogLine.objects.filter(session_id=session_id)
        if self.level > logging.DEBUG:
            found = found.filter(level__gte=self.level)
        if self.text:
            found = found.filter(message__icontains=self.text)
        return found.order_by("number")


ALL = Filter()


@dataclass(frozen=True)
class Page:
    """`next` is what to ask for as `after` to go on, or None at the end; `total` counts all that the filter lets by."""

    lines: list[Line]
    next: int | None
    total: int


def page(
    session_id: int, which: Filter = ALL, *, after: int = 0, limit: int = MOST_LINES, cut: int = 0, counted: bool = True
) -> Page:
    """The lines after a number, in order. `cut` shortens longer messages, for lists; a text is costly to count."""
    limit = max(1, min(limit, MOST_LINES))
    head = head_of(session_id)
    after = max(after, head.deleted_up_to if head else 0)
    found = lines_after(session_id, after, which, limit=limit + 1, cut=cut)
    more = found[limit - 1]["number"] if len(found) > limit else None
    return Page(found[:limit], more, _total(head, which) if head and counted else 0)


def lines_after(
    session_id: int, after: int, which: Filter = ALL, *, limit: int = MOST_LINES, cut: int = 0
) -> list[Line]:
    rows = which.lines(session_id).filter(number__gt=after)[:limit]
    return [_line(*row, cut=cut) for row in rows.values_list(*_COLUMNS)]


def lines_between(session_id: int, after: int, last: int, *, cut: int = 0) -> list[Line]:
    """All lines after `after` up to `last`, for who asks many times a second."""
    return [_line(*row, cut=cut) for row in _between.rows(session_id, after, last)]


def last_lines(session_id: int, count: int, *, cut: int = CUT_AT) -> list[Line]:
    rows = LogLine.objects.filter(session_id=session_id).order_by("-number")[:count]
    return [_line(*row, cut=cut) for row in rows.values_list(*_COLUMNS)][::-1]


def total(session_id: int, which: Filter = ALL) -> int:
    head = head_of(session_id)
    return _total(head, which) if head else 0


def _total(head: LogHead, which: Filter) -> int:
    """Kept in the log's head; counted only for a text or an odd level, and where retention took lines."""
    is_odd = not which.is_all and (which.text or which.level not in (20, 30, 40))
    if is_odd or head.deleted_up_to:
        return which.lines(head.session_id).filter(number__gt=head.deleted_up_to).count()
    by_level = {20: head.info, 30: head.warning, 40: head.error}
    return head.last if which.is_all else sum(count for level, count in by_level.items() if level >= which.level)


def head_of(session_id: int) -> LogHead | None:
    """It also says which lines retention took; their rows may go a little later than that is said."""
    found: LogHead | None = _head.first(session_id)
    return found


_head = Prepared(lambda session_id: LogHead.objects.filter(session=session_id), 1)


def numbers(session_id: int, which: Filter, *, after: int = 0) -> tuple[list[int], bool]:
    """The numbers of the lines that match, and whether there are more than are told at once."""
    rows = which.lines(session_id).filter(number__gt=after).values_list("number", flat=True)
    found = list(rows[: MOST_NUMBERS + 1])
    return found[:MOST_NUMBERS], len(found) > MOST_NUMBERS


def marks(session_id: int, which: Filter, every: int = MOST_LINES) -> list[int]:
    """The number of each five-hundredth line that matches: with these a list can be opened anywhere."""
    placed = which.lines(session_id).annotate(place=Window(RowNumber(), order_by=F("number").asc()))
    return list(placed.annotate(rest=F("place") % every).filter(rest=0).values_list("number", flat=True))


# --- what happened, between the lines ---


def events(session_id: int, which: Filter = ALL, *, after_id: int = 0) -> list[dict[str, Any]]:
    """The newest things that happened, each with how many of the shown lines stand before it (`rank`)."""
    rows = SessionEvent.objects.filter(session_id=session_id, pk__gt=after_id).order_by("-pk")[:MOST_EVENTS]
    found = [
        {"id": row.pk, "after_line": row.after_line, "at": stamp(row.at), "kind": row.kind, "sentence": row.sentence}
        for row in reversed(rows)
    ]
    found.sort(key=lambda event: (event["after_line"], event["id"]))
    return _ranked(session_id, which, found)


def _ranked(session_id: int, which: Filter, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counts from one event to the next, so that all of them together cost one walk over the lines."""
    counted, upto = 0, 0
    for event in found:
        line = event["after_line"]
        if which.is_all:
            counted = line
        elif line > upto:
            counted += which.lines(session_id).filter(number__gt=upto, number__lte=line).count()
        upto = max(upto, line)
        event["rank"] = counted
    return found


# --- whole, for downloads ---


def chunks(session_id: int, which: Filter, form: str) -> Iterator[bytes]:
    """All lines as text or as JSON lines, some thousand at a time; lines that arrive meanwhile are in it."""
    write = _WRITERS[form]
    head = head_of(session_id)
    after = head.deleted_up_to if head else 0
    while found := lines_after(session_id, after, which, limit=_STREAMED_AT_ONCE):
        yield "".join(map(write, found)).encode("utf-8", "replace")
        after = found[-1]["number"]


def _as_text(line: Line) -> str:
    rest = f"  {json.dumps(line['extra'], ensure_ascii=False)}" if line["extra"] else ""
    return f"{line['at']} {line['level']:<8} {line['message']}{rest}\n"


def _as_json(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"


_WRITERS = {"text": _as_text, "jsonl": _as_json}
FORMS = tuple(_WRITERS)


# --- one line ---

_COLUMNS = ("number", "at", "level", "message", "extra", "came_late")
_between = Prepared(
    lambda session_id, after, last: (
        LogLine.objects.filter(session=session_id, number__gt=after, number__lte=last)
        .order_by("number")
        .values_list(*_COLUMNS)
    ),
    3,
)


def _line(number: int, at: datetime, level: int, message: str, extra: str, came_late: bool, *, cut: int) -> Line:
    line: Line = {
        "number": number,
        "at": stamp(at),
        "level": logging.getLevelName(level),
        "message": message,
        "extra": json.loads(extra) if extra else None,
    }
    if came_late:
        line["late"] = True
    if cut and len(message) > cut:
        line["message"] = message[:cut]
        line["length"] = len(message)
    return line


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _level(text: str) -> int:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return int(text)
    known = LEVELS.get(text.upper(), 0 if not text else None)
    if known is None:
        raise Invalid(f"level: there is no level {text[:40]!r}; use debug, info, warning or error.")
    return known
