"""What parent and child tell each other: lines over a pair of sockets.

A child says READY (it has loaded and prepared everything and could accept), ACCEPTING, and DRAINED (it accepts
and reads no more, and what it received is stored). The parent says ACCEPT, with the names of processes that have
died, and DRAIN. The end of the stream is the end of the other.
"""

from __future__ import annotations

import socket

READY, ACCEPTING, DRAINED = "READY", "ACCEPTING", "DRAINED"
ACCEPT, DRAIN = "ACCEPT", "DRAIN"


class Messages:
    """One end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""
        self.is_open = True

    def fileno(self) -> int:
        return self._end.fileno()

    def say(self, *words: str) -> None:
        """Tell the other; one that is gone is noticed when it is read from."""
        try:
            self._end.sendall(" ".join(words).encode() + b"\n")
        except OSError:
            self.is_open = False

    def read(self) -> list[list[str]]:
        """What has come, each a list of words; sets `is_open` to False at the end of the stream."""
        try:
            received = self._end.recv(65_536)
        except BlockingIOError:
            return []
        except OSError:
            received = b""
        if not received:
            self.is_open = False
        *lines, self._rest = (self._rest + received).split(b"\n")
        return [line.decode().split() for line in lines]

    def close(self) -> None:
        self.is_open = False
        self._end.close()
