"""What the parent and the others tell each other: lines over a pair of sockets.

    template -> parent   READY              it has loaded and prepared everything
    parent -> template   ACCEPT <name> …    fork one that serves; with it goes its end of a pair of its own
    parent -> template   SUPERVISE <name>   fork one that keeps managed scripts, likewise
    both -> parent       BORN <pid>; a web process also ACCEPTING
    parent -> web        DRAIN              accept and read no more
    web -> parent        HANDED_OVER        the next may accept; scripts that a cut would hurt are still here
    web -> parent        DRAINED            no script is here any more, and all is stored
    parent -> web        ENDED <name>       that one, which had handed over, ended before it was drained

The end of the stream is the end of the other.
"""

from __future__ import annotations

import socket

READY, ACCEPT, SUPERVISE = "READY", "ACCEPT", "SUPERVISE"
BORN, ACCEPTING, DRAIN, HANDED_OVER, DRAINED, ENDED = "BORN", "ACCEPTING", "DRAIN", "HANDED_OVER", "DRAINED", "ENDED"
_MOST = 65_536


class Messages:
    """One end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""
        self.is_open = True

    def fileno(self) -> int:
        return self._end.fileno()

    def say(self, *words: str, handing: socket.socket | None = None) -> None:
        """Tell the other, and hand it a socket; one that is gone is noticed when it is read from."""
        line = " ".join(words).encode() + b"\n"
        try:
            socket.send_fds(self._end, [line], [handing.fileno()] if handing else [])
        except OSError:
            self.is_open = False

    def read(self) -> list[list[str]]:
        """What has come, each a list of words; sets `is_open` to False at the end of the stream."""
        return self.read_with_socket()[0]

    def read_with_socket(self) -> tuple[list[list[str]], socket.socket | None]:
        """Also the socket that was handed over with it."""
        try:
            received, handed, _, _ = socket.recv_fds(self._end, _MOST, 1)
        except OSError:
            received, handed = b"", []
        if not received:
            self.is_open = False
        *lines, self._rest = (self._rest + received).split(b"\n")
        words = [line.decode().split() for line in lines]
        return words, socket.socket(fileno=handed[0]) if handed else None

    def close(self) -> None:
        self.is_open = False
        self._end.close()
