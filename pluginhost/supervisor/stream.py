"""One of the two streams that a process prints on: read as fast as it comes. Plain Python."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from pluginhost import script_output
from pluginhost.supervisor.output import Budget, Files, Lines, Mask

F_SETPIPE_SZ = 1031
PIPE = CHUNK = 1 << 18
BURST, RATE = 8 * 2**20, 2**20
"""How much may be printed at once, and each second after it, before lines are dropped."""


class Stream:
    """One of the two streams that the process prints on."""

    def __init__(self, name: str, mask: Mask, files: Files) -> None:
        self.name = name
        self.reader, self.writer = os.pipe()
        with contextlib.suppress(OSError):  # each user has so much, and not more
            fcntl.fcntl(self.reader, F_SETPIPE_SZ, PIPE)
        os.set_blocking(self.reader, False)
        self.lines = Lines(mask)
        self._files = files
        self._budget = Budget(BURST, RATE)
        self._dropped = self._dropped_bytes = 0
        self.is_open = True

    def fileno(self) -> int:
        return self.reader

    def read(self) -> list[bytes]:
        """What has come, a line each, as it was written down. What is too much is counted and dropped; of stderr its
        last lines are told all the same, since they may say why it ends."""
        try:
            chunk = os.read(self.reader, CHUNK)
        except BlockingIOError:
            return []
        if not chunk:
            self.is_open = False
            return self._keep(list(self.lines.rest()))
        if self._budget.allows(len(chunk), time.monotonic()):
            return self._keep(list(self.lines.feed(chunk)))
        last = self.lines.glance(chunk) if self.name == script_output.ERR else []
        self._dropped += self.lines.skip(chunk)
        self._dropped_bytes += len(chunk)
        return last

    def show_progress(self) -> None:
        shown = self.lines.progress(time.monotonic())
        if shown is not None:
            self._files.write(self.name, [shown])

    def _keep(self, lines: list[bytes]) -> list[bytes]:
        self.confess()
        self._files.write(self.name, lines)
        return lines

    def confess(self) -> None:
        """Say how much was dropped, where it would have stood."""
        if self._dropped_bytes:
            mb, count = self._dropped_bytes / 2**20, self._dropped
            self._files.write(
                script_output.SYSTEM,
                [f"{count:,} lines dropped ({mb:,.1f} MB): more was printed than {RATE >> 20} MB a second.".encode()],
            )
            self._dropped = self._dropped_bytes = 0

    def close(self) -> None:
        os.close(self.reader)
