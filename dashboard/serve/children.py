"""A child as the parent sees it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from enum import Enum
from pathlib import Path

from .messages import ACCEPT, ACCEPTING, DRAIN, DRAINED, READY, Messages

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent
SETTLED_SECONDS = 10.0


class State(Enum):
    BOOTING = "booting"
    READY = "ready"
    SERVING = "serving"
    DRAINING = "draining"
    DRAINED = "drained"


_SAID = {READY: State.READY, DRAINED: State.DRAINED}


class Child:
    """One `web` process. It has a process group of its own and ends with the parent."""

    def __init__(self, listener: socket.socket, role: str, *, prepares: bool, greets: bool = False) -> None:
        self.name = secrets.token_hex(8)
        self.accepted = 0.0
        self.state = State.BOOTING
        self.is_accepting = False
        self.drain_asked = 0.0
        ours, theirs = socket.socketpair()
        self.messages = Messages(ours)
        command = self._command(listener.fileno(), theirs.fileno(), role, prepares, greets)
        self.process = subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            pass_fds=(listener.fileno(), theirs.fileno()),
            process_group=0,
        )
        theirs.close()

    def _command(self, listener: int, control: int, role: str, prepares: bool, greets: bool) -> list[str]:
        launcher = [sys.executable, "-S", "-E", "-P", str(_HERE / "launcher.py"), str(os.getpid())]
        given = ["--name", self.name, "--listener", str(listener), "--control", str(control), "--role", role]
        flags = ["--prepare"] * prepares + ["--greet"] * greets
        return [*launcher, sys.executable, "-m", "dashboard.serve.child", *given, *flags]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it lives."""
        return self.process.poll()

    @property
    def has_settled(self) -> bool:
        """Whether it served for a while: its end is then no sign that the next will end as well."""
        return self.accepted > 0 and time.monotonic() - self.accepted > SETTLED_SECONDS

    def listen(self) -> None:
        """Read what it says."""
        for words in self.messages.read():
            self.state = _SAID.get(words[0], self.state)
            self.is_accepting = self.is_accepting or words[0] == ACCEPTING

    def accept(self, dead: list[str]) -> None:
        """Serve from now on; `dead` are the processes before it that ended."""
        self.state = State.SERVING
        self.accepted = time.monotonic()
        self.messages.say(ACCEPT, *dead)

    def drain(self) -> None:
        self.state = State.DRAINING
        self.drain_asked = time.monotonic()
        self.messages.say(DRAIN)

    def end(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.exit_code is None:
            os.killpg(self.pid, number)
