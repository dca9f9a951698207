"""A process as the supervisor sees it: a guard that is told what to do, and that tells what happens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .family import children, descendants, kill
from .guard import CANNOT_START, now
from .line import Order

__all__ = ["CANNOT_START", "End", "Order", "Process", "now"]

_guards: set[int] = set()
_ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class End:
    """How it ended. `code` is None where nobody can tell, `refused` says why it never began."""

    code: int | None
    last_lines: str = ""
    left: int = 0
    was_fenced: bool = False
    refused: str = ""


@dataclass
class Process:
    """One that was started; `wake` is called when there is news of it."""

    order: Order
    wake: Callable[[], None]
    pid: int | None = None
    end: End | None = None
    tracebacks: list[str] = field(default_factory=list)
    is_stopping: bool = False

    def __post_init__(self) -> None:
        """Started from the loop's own thread: the kernel counts a thread's end as the parent's."""
        self._end, theirs = socket.socketpair()
        self._rest = b""
        command = [sys.executable, "-S", "-E", "-X", "utf8", "-m", "pluginhost.supervisor.guard", str(theirs.fileno())]
        self._guard = subprocess.Popen(
            command,
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath)},  # nothing of ours is to be read from it
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        _guards.add(self._guard.pid)
        self._tell(**self.order)
        self._end.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._end, self._listen)

    # --- telling it ---

    def extend(self, until: float) -> None:
        """It may live until then; `until` is of this machine's clock (`now`)."""
        self._tell(until=until)

    def stop(self, number: int = signal.SIGTERM, patience: float = 10.0) -> None:
        """The signal, patience, then the kill of all that it has started. Told again: with less patience."""
        self.is_stopping = True
        self._tell(stop=int(number), patience=patience)

    def say(self, sentence: str) -> None:
        """A line of ours, among those that it prints."""
        self._tell(say=sentence)

    def _tell(self, **words: Any) -> None:
        with contextlib.suppress(OSError):  # its end is noticed when it is read from
            self._end.sendall(json.dumps(words).encode() + b"\n")

    # --- what it tells ---

    def _listen(self) -> None:
        try:
            received = self._end.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            self._note(json.loads(line))
        if not received:
            self._close()
        self.wake()

    def _note(self, told: dict[str, Any]) -> None:
        if "started" in told:
            self.pid = told["started"]
        elif "traceback" in told:
            self.tracebacks.append(told["traceback"])
        elif "refused" in told:
            self.end = End(None, refused=told["refused"])
        elif "ended" in told:
            self.end = End(told["ended"], told["last_lines"], told["left"], told["was_fenced"])

    def _close(self) -> None:
        """The guard has ended, or somebody has ended it: then the kernel has killed the script."""
        self._forget_line()
        if self.end is None:
            if self.pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
            self.end = End(None, refused="" if self.pid else "The process that should start it ended before it did.")
        self._wait_for_guard()

    def _forget_line(self) -> None:
        self._loop.remove_reader(self._end)
        self._end.close()

    def _wait_for_guard(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(5)
            _guards.discard(self._guard.pid)

    def let_go(self, sentence: str = "") -> None:
        """It has ended and that is written down; the guard writes our last word, and goes."""
        if not self.is_over:
            self._tell(say=sentence or "Ended.")

    @property
    def is_over(self) -> bool:
        """Its guard has gone, too."""
        return self._end.fileno() < 0

    def kill(self) -> None:
        """At once, without a word: closing our end is enough."""
        if not self.is_over:
            self._forget_line()
            self.end = self.end or End(None)
            self._wait_for_guard()


def end_orphans() -> int:
    """What a killed guard had started has come to us, since we adopt orphans: it is ended; how many there were.

    Only for a process that has no children but guards.
    """
    found = [pid for pid in children(os.getpid()) if pid not in _guards]
    for pid in found:
        kill([*descendants(pid), pid])
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return len(found)
