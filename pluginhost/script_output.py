"""What managed scripts print: lines in rotating files, readable from any line or moment on.

A file is named after its first line's number, and a line has a head of one length:

    000000000042 2026-11-22T15:36:54.123456Z e ModuleNotFoundError: No module named 'pkg_resources'

`o` is stdout, `e` stderr, `s` what Pluginhost itself says of the process. Numbers count without gaps over all starts
of an instance; the oldest files go when there are too many. Plain Python and little of it, since each script's guard
has this in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

OUT, ERR, SYSTEM = "o", "e", "s"
ALL = OUT + ERR + SYSTEM
SUFFIX = ".log"
_DIGITS, _TIME = 12, 27
HEAD = _DIGITS + 1 + _TIME + 3
_BLOCK = 1 << 16


class Line(NamedTuple):
    number: int
    at: datetime
    stream: str
    text: str


class Part(NamedTuple):
    """Some lines in order; `first` and `last` are the numbers of the oldest and newest that are kept, 0 for none."""

    lines: list[Line]
    first: int
    last: int


def head(number: int, at: str, stream: str) -> bytes:
    return f"{number:0{_DIGITS}} {at} {stream} ".encode()


def moment(at: datetime) -> str:
    """As it stands in a line: in UTC, all of one length, so that text sorts as time."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def files(folder: Path) -> list[tuple[int, Path]]:
    """The first number of each file, and the file; in order."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
    except FileNotFoundError:
        return []
    return [(int(name[:_DIGITS]), folder / name) for name in names]


def last_number(folder: Path) -> int:
    """The newest line's; 0 when there is none."""
    for first, path in reversed(files(folder)):
        newest = next(_backwards(path), None)
        return _number(newest) if newest is not None else first - 1
    return 0


# --- reading ---


def tail(folder: Path, count: int = 500, streams: str = ALL) -> Part:
    """The newest lines."""
    return before(folder, 10**_DIGITS - 1, count, streams)


def before(folder: Path, number: int, count: int = 500, streams: str = ALL) -> Part:
    """The `count` lines before this one."""
    found: list[Line] = []
    for first, path in reversed(files(folder)):
        if first >= number:
            continue
        for raw in _backwards(path):
            if len(found) >= count:
                break
            if _number(raw) < number and _stream(raw) in streams:
                found.append(_line(raw))
    return _part(folder, found[::-1])


def after(folder: Path, number: int, count: int = 500, streams: str = ALL) -> Part:
    """The `count` lines that follow this one."""
    return _part(folder, _from(folder, lambda raw: _number(raw) > number, None, count, streams))


def between(folder: Path, since: datetime, until: datetime, count: int = 500, streams: str = ALL) -> Part:
    """The first `count` lines of this span of time, both ends included. More follow by `after`."""
    begin, end = moment(since), moment(until)
    return _part(folder, _from(folder, lambda raw: _at(raw) >= begin, lambda raw: _at(raw) > end, count, streams))


def search(folder: Path, words: str, number: int = 0, count: int = 500, streams: str = ALL) -> Part:
    """The first `count` lines after this one that hold these words, in any case of letters."""
    wanted = words.casefold()
    found = []
    for raw in _raws(folder, lambda raw: _number(raw) > number):
        if _stream(raw) in streams and wanted in _text(raw).casefold():
            found.append(_line(raw))
            if len(found) >= count:
                break
    return _part(folder, found)


def _from(
    folder: Path,
    is_in: Callable[[bytes], bool],
    is_past: Callable[[bytes], bool] | None,
    count: int,
    streams: str,
) -> list[Line]:
    found: list[Line] = []
    for raw in _raws(folder, is_in):
        if len(found) >= count or (is_past and is_past(raw)):
            break
        if _stream(raw) in streams:
            found.append(_line(raw))
    return found


def _raws(folder: Path, is_in: Callable[[bytes], bool]) -> Iterator[bytes]:
    """The lines from the first one on for which it is true; once true, it is so for all that follow."""
    for path in _from_file(files(folder), is_in):
        try:
            with path.open("rb") as file:
                file.seek(_offset(file.fileno(), is_in))
                yield from (raw[:-1] for raw in file if _is_whole(raw) and is_in(raw))
        except FileNotFoundError:
            continue  # it was the oldest, and has just gone


def _from_file(known: list[tuple[int, Path]], is_in: Callable[[bytes], bool]) -> list[Path]:
    """All files but those whose successor begins before what is looked for."""
    paths = [path for _, path in known]
    while len(paths) > 1:
        first = _first_raw(paths[1])
        if first is None or is_in(first):
            break
        del paths[0]
    return paths


def _first_raw(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            raw = file.readline()
    except FileNotFoundError:
        return None
    return raw if _is_whole(raw) else None


def _offset(file: int, is_in: Callable[[bytes], bool]) -> int:
    """Where to begin to read: halving, since numbers and times only grow. At most a block before the place."""
    low, high = 0, os.fstat(file).st_size
    while high - low > _BLOCK:
        middle = (low + high) // 2
        start = _next_line(file, middle, high)
        if start is None or is_in(os.pread(file, HEAD, start)):
            high = middle
        else:
            low = start
    return low


def _next_line(file: int, position: int, end: int) -> int | None:
    """Where the first line after a position begins; None when none does before the end."""
    while position < end:
        block = os.pread(file, _BLOCK, position)
        found = block.find(b"\n")
        if found >= 0:
            start = position + found + 1
            return start if start < end else None
        if not block:
            return None
        position += len(block)
    return None


def _backwards(path: Path) -> Iterator[bytes]:
    """The whole lines of a file, the last one first."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        position = os.fstat(file.fileno()).st_size
        rest, is_half = b"", True  # what stands behind the last line's end is half a line
        while position:
            size = min(_BLOCK, position)
            position -= size
            lines = (os.pread(file.fileno(), size, position) + rest).split(b"\n")
            if is_half:
                del lines[-1]
                is_half = not lines
            yield from reversed(lines[1:])
            rest = lines[0] if lines else b""
        if not is_half:
            yield rest


def _part(folder: Path, lines: list[Line]) -> Part:
    known = files(folder)
    return Part(lines, known[0][0] if known else 0, last_number(folder))


# --- one line ---


def _is_whole(raw: bytes) -> bool:
    return len(raw) > HEAD and raw.endswith(b"\n")


def _number(raw: bytes) -> int:
    return int(raw[:_DIGITS])


def _at(raw: bytes) -> str:
    return raw[_DIGITS + 1 : _DIGITS + 1 + _TIME].decode()


def _stream(raw: bytes) -> str:
    return chr(raw[HEAD - 2])


def _text(raw: bytes) -> str:
    return raw[HEAD:].decode(errors="replace")


def _line(raw: bytes) -> Line:
    return Line(_number(raw), datetime.fromisoformat(_at(raw)), _stream(raw), _text(raw))
