"""A line that can be cut: a little TCP proxy between a script and its server."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from .server import Server

PIECE = 65_536


class CutLine:
    """`cut()` breaks every connection and refuses new ones, `mend()` lets them through again. One that holds `refuses`
    ends there."""

    def __init__(self, server: Server, refuses: bytes = b"") -> None:
        self._refuses = refuses
        self._there = ("127.0.0.1", server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._frozen: set[socket.socket] = set()
        self._is_cut = False
        self.passed = 0
        """Connections that were let through."""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
        self.break_off()

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False

    def freeze(self) -> None:
        """Nothing goes through what is open any more, and nobody is told: a cable that was pulled."""
        with self._lock:
            self._frozen, self._open = self._frozen | self._open, set()

    def break_off(self) -> None:
        """Break what is open, in the middle of whatever is on its way; new connections are let through."""
        with self._lock:
            broken, self._open = self._open, set()
        for end in broken:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.close()
        self.cut()
        for end in self._frozen:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            far = socket.create_connection(self._there, 10)
            with self._lock:
                if not self._is_cut:
                    self._open |= {near, far}
                    self.passed += 1
                    for one, other in ((near, far), (far, near)):
                        threading.Thread(target=self._carry, args=(one, other), daemon=True).start()
                    return
            far.close()
        near.close()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(PIECE):
                if self._refuses and self._refuses in piece:
                    break
                if one in self._frozen:
                    return
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def cut_line(server: Server, refuses: bytes = b"") -> Iterator[CutLine]:
    made = CutLine(server, refuses)
    try:
        yield made
    finally:
        made.close()
