"""Signals as something to wait for, beside sockets."""

from __future__ import annotations

import signal
import socket


class Wakeup:
    """The signals that a parent obeys; while it is entered they do nothing by themselves."""

    _HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

    def __enter__(self) -> Wakeup:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        for number in self._HEARD:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()

    def fileno(self) -> int:
        return self._reader.fileno()

    def signals(self) -> set[int]:
        try:
            return set(self._reader.recv(4096))
        except BlockingIOError:
            return set()
