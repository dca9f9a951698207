"""What managed scripts printed, as the log viewer asks for it: by number, by stream, by text, whole or in part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from . import script_output
from .errors import Invalid
from .script_output import ALL, ERR, OUT, SYSTEM, Line

MOST_LINES = 500
MOST_NUMBERS = 20_000
MOST_IN_A_FRAME = 1_000
CUT_AT = 4096
STREAMS = {"out": OUT + SYSTEM, "err": ERR + SYSTEM, "": ALL}
FORMS = ("text", "jsonl")
_STREAMED_AT_ONCE = 2_000
_AT_END = datetime.max.replace(tzinfo=UTC)
WORDS = {OUT: "stdout", ERR: "stderr", SYSTEM: "system"}
_BAD_WORDS = r"Traceback \(most recent call last\)|\b\w*(?:Error|Exception)\b|\b(?:ERROR|CRITICAL|FATAL)\b"
_BAD = re.compile(_BAD_WORDS)


@dataclass(frozen=True)
class Filter:
    """`streams` are letters of `script_output`, `text` what a line must hold in any case of letters.

    `is_bad` is for lines that look like errors alone, which only `numbers` knows.
    """

    streams: str = ALL
    text: str = ""
    is_bad: bool = False

    @classmethod
    def asked(cls, stream: str = "", text: str = "", *, is_bad: bool = False) -> Filter:
        """From a query string."""
        if stream not in STREAMS:
            raise Invalid("stream: choose out or err, or leave it out.")
        return cls(ERR if is_bad else STREAMS[stream], text.replace("\0", ""), is_bad)

    @property
    def is_all(self) -> bool:
        return self.streams == ALL and not self.text and not self.is_bad

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of a line in a file that it lets by; the group is its number."""
        words = _BAD_WORDS if self.is_bad else re.escape(self.text)
        flags = re.MULTILINE if self.is_bad else re.MULTILINE | re.IGNORECASE
        return re.compile(rf"^(\d+) \S+ [{self.streams}] " + (rf"[^\n]*?(?:{words})" if words else ""), flags)


@dataclass(frozen=True)
class Output:
    """All that is kept in a folder, or what was printed between two moments."""

    folder: Path
    since: datetime | None = None
    until: datetime | None = None

    def edges(self) -> tuple[int, int]:
        """The numbers of the first and the last line; the last is one less than the first when there is none."""
        first = _first_from(self.folder, self.since) if self.since else _oldest(self.folder)
        last = script_output.last_number(self.folder)
        if first is None:
            return last + 1, last
        if self.until:
            later = _first_from(self.folder, self.until + timedelta(microseconds=1))
            last = last if later is None else later - 1
        return first, max(last, first - 1)


def _oldest(folder: Path) -> int | None:
    known = script_output.files(folder)
    return known[0][0] if known else None


def _first_from(folder: Path, at: datetime) -> int | None:
    found = script_output.between(folder, at, _AT_END, 1).lines
    return found[0].number if found else None


# --- what the viewer's list is made of ---


def lines(output: Output, which: Filter, after: int, limit: int = MOST_LINES, cut: int = CUT_AT) -> dict[str, Any]:
    """The lines after a number, in order; `next` is what to ask for to go on."""
    first, last = output.edges()
    limit = max(1, min(limit, MOST_LINES))
    found = _after(output.folder, which, max(after, first - 1), limit + 1, last)
    shown = [_shown(line, cut) for line in found[:limit]]
    return {"lines": shown, "next": found[limit - 1].number if len(found) > limit else None}


def _after(folder: Path, which: Filter, after: int, count: int, last: int) -> list[Line]:
    if which.text:
        found = script_output.search(folder, which.text, after, count, which.streams).lines
    else:
        found = script_output.after(folder, after, count, which.streams).lines
    return [line for line in found if line.number <= last]


def last_lines(output: Output, count: int) -> list[dict[str, Any]]:
    first, last = output.edges()
    found = script_output.before(output.folder, last + 1, count).lines
    return [_shown(line, CUT_AT) for line in found if line.number >= first]


def index(output: Output, which: Filter) -> dict[str, Any]:
    """How many lines there are, and with a filter the number of each five-hundredth, to open the list anywhere."""
    first, last = output.edges()
    marks: list[int] = []
    total = last - first + 1
    if not which.is_all:
        total = 0
        for number in _numbers(output.folder, which, first - 1, last):
            total += 1
            if total % MOST_LINES == 0:
                marks.append(number)
    return {"first": first, "total": total, "marks": marks, "events": []}


def numbers(output: Output, which: Filter, after: int) -> dict[str, Any]:
    """Of the lines that match; `more` when there are too many for one answer."""
    first, last = output.edges()
    found: list[int] = []
    for number in _numbers(output.folder, which, max(after, first - 1), last):
        if len(found) == MOST_NUMBERS:
            return {"numbers": found, "more": True}
        found.append(number)
    return {"numbers": found, "more": False}


def _numbers(folder: Path, which: Filter, after: int, last: int) -> Iterator[int]:
    """Through the files as they are: to make each line an object would take ten times as long."""
    known = script_output.files(folder)
    for place, (_, path) in enumerate(known):
        if place + 1 < len(known) and known[place + 1][0] <= after + 1:
            continue
        try:
            text = path.read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            continue  # it was the oldest, and has just gone
        for found in which.pattern.finditer(text):
            number = int(found[1])
            if number > last:
                return
            if number > after:
                yield number


def news(output: Output, seen: int) -> dict[str, Any]:
    """What has come after a line; without the lines themselves when there are too many for one frame."""
    first, last = output.edges()
    return {
        "first": first,
        "last": last,
        "counts": counts(first, last),
        "lines": _fresh(output.folder, max(seen, first - 1), last),
        "events": [],
        "event": 0,
        "state": "running",
        "final": False,
        "version": "output",
    }


def _fresh(folder: Path, seen: int, last: int) -> list[dict[str, Any]] | None:
    if not 0 < last - seen <= MOST_IN_A_FRAME:
        return None
    found = script_output.after(folder, seen, last - seen).lines
    return [_shown(line, CUT_AT) for line in found if line.number <= last]


def counts(first: int, last: int) -> dict[str, int]:
    return {"debug": 0, "info": last - first + 1, "warning": 0, "error": 0}


def _shown(line: Line, cut: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "number": line.number,
        "at": _stamp(line.at),
        "level": _level(line),
        "stream": line.stream,
        "message": line.text,
        "extra": None,
    }
    if cut and len(line.text) > cut:
        shown["message"], shown["length"] = line.text[:cut], len(line.text)
    return shown


def _level(line: Line) -> str:
    """As the viewer colours it: much that goes to stderr is no error."""
    if line.stream == SYSTEM:
        return "system"
    if line.stream == OUT:
        return "info"
    return "error" if _BAD.search(line.text) else "stderr"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


# --- all of it, as a file ---


def chunks(output: Output, which: Filter, form: str) -> Iterator[bytes]:
    """Text or JSON lines, in pieces."""
    after, last = output.edges()[0] - 1, output.edges()[1]
    write = _as_json if form == "jsonl" else _as_text
    while found := _after(output.folder, which, after, _STREAMED_AT_ONCE, last):
        yield "".join(map(write, found)).encode("utf-8", "replace")
        after = found[-1].number


def _as_text(line: Line) -> str:
    return f"{_stamp(line.at)} {WORDS[line.stream]:<6} {line.text}\n"


def _as_json(line: Line) -> str:
    told = {"number": line.number, "at": _stamp(line.at), "stream": WORDS[line.stream], "text": line.text}
    return json.dumps(told, ensure_ascii=False) + "\n"
