"""The children as the parent sees them: the template, and what was forked from it: web processes, supervise."""

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

from .messages import ACCEPT, ACCEPTING, BORN, DRAIN, DRAINED, ENDED, HANDED_OVER, READY, SUPERVISE, Messages

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent
SETTLED_SECONDS = 10.0


class Template:
    """A process that has loaded everything and serves nobody. It has a group of its own and ends with the parent."""

    def __init__(self, listener: socket.socket, role: str, *, prepares: bool) -> None:
        ours, theirs = socket.socketpair()
        self.messages = Messages(ours)
        self.is_ready = False
        self._is_ending = False
        launcher = [sys.executable, "-S", "-E", "-P", str(_HERE / "launcher.py"), str(os.getpid())]
        fds = ["--listener", str(listener.fileno()), "--control", str(theirs.fileno())]
        self.process = subprocess.Popen(
            [*launcher, sys.executable, "-m", "dashboard.serve.child", *fds, "--role", role, *["--prepare"] * prepares],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            pass_fds=(listener.fileno(), theirs.fileno()),
            process_group=0,
        )
        theirs.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it lives."""
        return self.process.poll()

    def listen(self) -> None:
        self.is_ready = any(words[0] == READY for words in self.messages.read()) or self.is_ready

    def fork(self, dead: list[str], *, greets: bool) -> Web:
        """One that serves from now on; `dead` are the processes before it that ended."""
        ours, theirs = socket.socketpair()
        web = Web(ours)
        self.messages.say(ACCEPT, web.name, "greet" if greets else "-", *dead, handing=theirs)
        theirs.close()
        return web

    def supervise(self) -> Supervise:
        """One that keeps managed scripts from now on."""
        ours, theirs = socket.socketpair()
        made = Supervise(ours)
        self.messages.say(SUPERVISE, made.name, handing=theirs)
        theirs.close()
        return made

    def end(self) -> None:
        """Once is enough: a second time means haste."""
        if not self._is_ending:
            self._is_ending = True
            self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        if self.exit_code is None:
            os.kill(self.pid, number)


class State(Enum):
    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"
    HANDED_OVER = "handed over"
    DRAINED = "drained"


_SAID = {ACCEPTING: State.SERVING, HANDED_OVER: State.HANDED_OVER, DRAINED: State.DRAINED}


class Forked:
    """A process that was forked from the template."""

    def __init__(self, end: socket.socket) -> None:
        self.name = secrets.token_hex(8)
        self.messages = Messages(end)
        self.pid = 0
        self.exit_code: int | None = None
        self._began = time.monotonic()
        self._is_ending = False

    @property
    def has_settled(self) -> bool:
        """Whether it served for a while: its end is then no sign that the next will end as well."""
        return time.monotonic() - self._began > SETTLED_SECONDS

    def listen(self) -> None:
        """Read what it says."""
        for words in self.messages.read():
            self._note(words)

    def _note(self, words: list[str]) -> None:
        if words[0] == BORN:
            self.pid = int(words[1])

    def is_gone(self) -> bool:
        """Whether it has ended. It is our child: the one between us has ended, and we adopt orphans."""
        if self.exit_code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG) if self.pid else (0, 0)
            except ChildProcessError:  # not adopted yet
                pid, status = 0, 0
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
            elif not self.pid and not self.messages.is_open:
                self.exit_code = 1  # it ended before it could say who it is
        return self.exit_code is not None

    def end(self) -> None:
        """As soon as it has said who it is; once, since a second time means haste."""
        if self.pid and not self._is_ending:
            self._is_ending = True
            self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        if not self.pid or self.is_gone():
            return
        if number == signal.SIGKILL:
            os.killpg(self.pid, number)
        else:
            os.kill(self.pid, number)


class Web(Forked):
    """A process that serves."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end)
        self.state = State.STARTING
        self._drain_asked = 0.0

    def _note(self, words: list[str]) -> None:
        super()._note(words)
        self.state = _SAID.get(words[0], self.state)

    @property
    def draining_seconds(self) -> float:
        return time.monotonic() - self._drain_asked

    def tell_ended(self, name: str) -> None:
        """One that had handed over is gone, and with it the lines of scripts that were still with it."""
        self.messages.say(ENDED, name)

    def drain(self) -> None:
        self.state = State.DRAINING
        self._drain_asked = time.monotonic()
        self.messages.say(DRAIN)


class Supervise(Forked):
    """The process that keeps managed scripts. It is replaced only when it has ended by itself."""
