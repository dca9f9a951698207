"""The line between a guard and its supervisor, and what is told over it. Plain Python."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
from typing import Any, TypedDict

LAST_WORDS_S = 5.0


class Order(TypedDict):
    """What is started, and with what."""

    command: list[str]
    cwd: str
    environment: dict[str, str]
    output: str
    output_limit: int
    secrets: list[str]
    lock: str
    says: str
    memory_mb: int | None
    cpu_s: int | None
    until: float | None


class Supervisor:
    """The other end of the socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""
        self.is_gone = False

    def fileno(self) -> int:
        return self._end.fileno()

    def read(self) -> list[dict[str, Any]]:
        try:
            received = self._end.recv(1 << 16)
        except (ConnectionError, BrokenPipeError):
            received = b""
        self.is_gone = not received
        *lines, self._rest = (self._rest + received).split(b"\n")
        return [json.loads(line) for line in lines]

    def order(self) -> Order | None:
        """The first thing that is told; None when the supervisor ended before."""
        while not self.is_gone:
            for told in self.read():
                return told  # type: ignore[return-value]
        return None

    def last_words(self) -> list[dict[str, Any]]:
        """What it says of the end: waited for a moment, since it should be the output's last line."""
        self._end.settimeout(LAST_WORDS_S)
        found: list[dict[str, Any]] = []
        while not self.is_gone and not any("say" in told for told in found):
            try:
                found += self.read()
            except TimeoutError:
                break
        return found

    def tell(self, **words: Any) -> None:
        """One that is gone is noticed when it is read from."""
        with contextlib.suppress(OSError):
            self._end.setblocking(True)
            self._end.sendall(json.dumps(words).encode() + b"\n")
            self._end.setblocking(False)


class Wakeup:
    """Signals as something to wait for, beside sockets."""

    def __enter__(self) -> Wakeup:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)

    def fileno(self) -> int:
        return self._reader.fileno()

    def signals(self) -> set[int]:
        try:
            return set(self._reader.recv(4096))
        except BlockingIOError:
            return set()
