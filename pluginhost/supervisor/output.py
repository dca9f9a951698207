"""What a script prints, on its way into files: folded, cut, masked, and dropped where it is a flood.

Plain Python: the guard of a script imports it. A line costs some microseconds, a dropped megabyte less than one line:
so a script that prints without end never waits for us.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pluginhost import script_output

LONGEST_LINE = 32 * 2**10
MASK = "•••"
SHORTEST_SECRET = 6
SHOWN_EVERY_S = 5.0
"""How often a line that overwrites itself (a progress bar) is kept as it stands."""

_KEYS = rb"\bphs?_[A-Za-z0-9_-]{30,}"
_IN_ADDRESS = rb"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
_FILES = 16
_GLANCE = 1 << 13


class Mask:
    """Secrets, and keys whose look gives them away, are not written down."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words = {line.strip().encode() for secret in secrets for line in secret.splitlines()}
        known = sorted((word for word in words if len(word) >= SHORTEST_SECRET), key=len, reverse=True)
        self.longest = max(map(len, known), default=0)
        self._pattern = re.compile(b"|".join([*map(re.escape, known), _KEYS, _IN_ADDRESS]))

    def __call__(self, text: bytes) -> bytes:
        return self._pattern.sub(MASK.encode(), text)


class Lines:
    """The lines of one stream. What stands before a `\\r` was overwritten, what is too long is cut and says so."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._room = LONGEST_LINE + mask.longest
        self._shown, self._shown_at = b"", 0.0
        self._forget()

    def _forget(self) -> None:
        self._text, self._cut = b"", 0
        self._is_back = self._was_back = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._grow(part)
            yield self._take()
        self._grow(rest)

    def skip(self, chunk: bytes) -> int:
        """Read it without keeping it: how many lines ended in it."""
        end = chunk.rfind(b"\n")
        if end >= 0:
            self._forget()
        self._grow(chunk[end + 1 :])
        return chunk.count(b"\n")

    def glance(self, chunk: bytes) -> list[bytes]:
        """The last lines of what is about to be skipped, as they would have been written."""
        first, *parts = chunk[-_GLANCE:].split(b"\n")
        if parts and len(chunk) <= _GLANCE:  # it ends the line that was begun before
            parts.insert(0, (self._text + first)[: self._room])
        return [self._finished(part, 0) for part in parts[:-1]]

    def rest(self) -> Iterator[bytes]:
        """What was not ended, at the very end."""
        if self._text:
            yield self._take()

    @property
    def is_progress(self) -> bool:
        """Whether the line overwrites itself, and so should be shown now and then."""
        return self._was_back

    def progress(self, now: float) -> bytes | None:
        """The line that overwrites itself, as it stands; each few seconds, where it has changed."""
        if not self._was_back or now < self._shown_at + SHOWN_EVERY_S or self._text in (b"", self._shown):
            return None
        self._shown, self._shown_at = self._text, now
        return self._finished(self._text, self._cut)

    def _grow(self, part: bytes) -> None:
        body = part.rstrip(b"\r")
        at = body.rfind(b"\r")
        if body and (at >= 0 or self._is_back):
            self._forget()
            self._was_back = True
            body = body[at + 1 :]
        room = self._room - len(self._text)
        self._text += body[:room]
        self._cut += max(0, len(body) - room)
        if part:
            self._is_back = part.endswith(b"\r")

    def _take(self) -> bytes:
        text, cut = self._text, self._cut
        self._forget()
        self._shown = b""
        return self._finished(text, cut)

    def _finished(self, text: bytes, cut: int) -> bytes:
        """As it is written: in UTF-8, without secrets."""
        masked = self._mask(text)
        if cut or len(masked) > LONGEST_LINE:
            cut += max(0, len(masked) - LONGEST_LINE)
            head = masked[:LONGEST_LINE].decode(errors="replace")
            return f"{head} … (cut: {cut:,} more bytes)".replace("\0", "�").encode()
        return masked.decode(errors="replace").replace("\0", "�").encode()


class Budget:
    """How many bytes may be kept: a burst at once, and so many a second after it."""

    def __init__(self, burst: int, rate: int) -> None:
        self._burst, self._rate = burst, rate
        self._left = float(burst)
        self._at = 0.0
        self._is_over = False

    def allows(self, size: int, now: float) -> bool:
        """Once over, an eighth of the burst must have come back: otherwise every second line would be missing."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        self._is_over = self._left < (self._burst / 8 if self._is_over else 0)
        if not self._is_over:
            self._left -= size
        return not self._is_over


class Files:
    """The rotating files of one instance. Together they are not larger than `limit`."""

    def __init__(self, folder: Path, limit: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._limit = folder, limit
        self._most = max(1 << 16, limit // _FILES)
        self._number = script_output.last_number(folder)
        self._at = ""
        self._file = -1
        self._size = 0
        self._open()

    def write(self, stream: str, texts: Iterable[bytes]) -> None:
        """All with one time; whole lines with one call, so that a reader sees no half of one.

        A full disk costs lines, never the script: nothing here raises for it.
        """
        self._at = max(self._at, script_output.moment(datetime.now(UTC)))
        drawn: list[bytes] = []
        for text in texts:
            self._number += 1
            drawn.append(script_output.head(self._number, self._at, stream) + text + b"\n")
        if drawn:
            self._append(b"".join(drawn))

    def _append(self, block: bytes) -> None:
        try:
            if self._size + len(block) > self._most and self._size:
                self._rotate(int(block[:12]))
            written = os.write(self._file, block)
            while written < len(block):
                written += os.write(self._file, block[written:])
            self._size += len(block)
        except OSError:
            os.ftruncate(self._file, self._size)  # no half of a line

    def _open(self) -> None:
        """Go on with the newest file; half a line, left by a machine that stopped, is taken out."""
        known = script_output.files(self._folder)
        path = known[-1][1] if known else self._path(1)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        begin = max(0, self._size - (1 << 17))
        tail = os.pread(self._file, self._size - begin, begin)
        if tail and not tail.endswith(b"\n"):
            self._size = begin + tail.rfind(b"\n") + 1
            os.ftruncate(self._file, self._size)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012}{script_output.SUFFIX}"

    def _rotate(self, number: int) -> None:
        file = os.open(self._path(number), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.close(self._file)
        self._file, self._size = file, 0
        known = script_output.files(self._folder)
        for _, path in known[: max(0, len(known) - _FILES)]:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._file)


class Tracebacks:
    """Finds Python tracebacks among the lines of stderr.

    One right below a line of a logger was caught and told of, and is none that ended anything.
    """

    MOST_LINES = 200
    _BEGINS = ("Traceback (most recent call last):", "  + Exception Group Traceback (most recent call last):")
    _GOES_ON = ("During handling of the above", "The above exception was")
    _LOGGED = re.compile(r"\b(DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\b")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._has_ended = False
        self._before = ""

    def feed(self, line: str) -> str | None:
        """The traceback that this line shows to be complete."""
        if not self._lines:
            self._begin(line)
            return None
        begins = line.startswith(self._BEGINS)
        if self._has_ended and line and not begins and not line.startswith(self._GOES_ON):
            found = self.complete()
            self._begin(line)
            return found
        self._has_ended = not begins and (self._has_ended or self._is_last(line))
        if len(self._lines) < self.MOST_LINES:
            self._lines.append(line)
        else:
            self._lines[-1] = line
        return None

    @staticmethod
    def _is_last(line: str) -> bool:
        """The exception itself stands at the margin; a group of them ends with a rule."""
        return bool(line) and (not line[0].isspace() or line.strip(" +") == "-" * 36)

    def complete(self) -> str | None:
        """Nothing more comes for now: the traceback, if its last line was read."""
        if not self._has_ended:
            return None
        found = "\n".join(self._lines).rstrip()
        self._lines, self._has_ended, self._before = [], False, ""
        return found

    @property
    def is_waiting(self) -> bool:
        return self._has_ended

    def _begin(self, line: str) -> None:
        if line.startswith(self._BEGINS) and not self._LOGGED.search(self._before):
            self._lines = [line]
        self._before = line


class Last:
    """The last lines of stderr."""

    MOST = 20

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=self.MOST)

    def add(self, line: str) -> None:
        self._lines.append(line[:2000])

    def text(self) -> str:
        return "\n".join(self._lines)
