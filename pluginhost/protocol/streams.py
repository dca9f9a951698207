"""Streams of bytes: read up to a limit, and read once more from the beginning."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Protocol

_SPOOLED_IN_MEMORY = 2**20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Rewindable:
    """A stream that can be read once more from its beginning; what was read is kept until then, on disk past 1 MB."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._kept = tempfile.SpooledTemporaryFile(_SPOOLED_IN_MEMORY)  # noqa: SIM115  # `close` closes it
        self._is_keeping = True
        self._is_replaying = False
        self.size = 0

    def read(self, size: int, /) -> bytes:
        if self._is_replaying:
            piece = self._kept.read(size)
            if piece:
                return piece
            self.close()
        piece = self._stream.read(size)
        self.size += len(piece)
        if self._is_keeping:
            self._kept.write(piece)
        return piece

    def rewind(self) -> None:
        """From the beginning again; what was kept is then read once."""
        self._kept.seek(0)
        self._is_keeping, self._is_replaying = False, True

    def close(self) -> None:
        """There will be no rewinding any more."""
        self._is_keeping = self._is_replaying = False
        self._kept.close()


class Bounded:
    """A stream up to a limit; past it, the error that `too_large` makes."""

    def __init__(self, stream: Readable, limit: int, too_large: Callable[[], Exception]) -> None:
        self._stream, self._left, self._too_large = stream, limit, too_large

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise self._too_large()
        return piece
