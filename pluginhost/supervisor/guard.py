"""The guard of one process: a small program that starts it, keeps what it prints, and ends it in time.

It stands between supervisor and script so that these hold however either of them ends:

- When the supervisor is gone (its end of the socket is closed) or its lease has run out, the script ends too.
- Whoever a script has started is ended with it, also what put itself into the background: orphans come to us.
- No second process of an instance begins while one lives: the guard holds a lock as long.
- A flood of output keeps this process busy, and nobody else.

Told and tells JSON, a line each, over the socket whose number it is given. Plain Python without a single package:
    told   an order (see `Order`), then {"until": …}, {"stop": 15, "patience": 10}, {"say": "…"}
    tells  {"started": pid}, {"traceback": "…"}, {"ended": code, "last_lines": "…", "left": 0} or {"refused": "…"}
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from pluginhost import script_output
from pluginhost.supervisor.family import descendants, kill
from pluginhost.supervisor.line import Order, Supervisor, Wakeup
from pluginhost.supervisor.output import Files, Last, Mask, Tracebacks
from pluginhost.supervisor.stream import Stream

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LOCK_PATIENCE_S = 20.0
DRAIN_S = 2.0
KILL_S = 5.0
QUIET_S = 0.25
CANNOT_START = 127


def now() -> float:
    """Seconds since the machine started; a sleeping machine's included, and the same in all its processes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Guard:
    """One process, from its start to the end of all that it has started."""

    def __init__(self, supervisor: Supervisor, order: Order) -> None:
        self._supervisor, self._order = supervisor, order
        self._until = order["until"]
        mask = Mask(order["secrets"])
        self._files = Files(Path(order["output"]), order["output_limit"])
        self._streams = [Stream(name, mask, self._files) for name in (script_output.OUT, script_output.ERR)]
        self._tracebacks, self._last = Tracebacks(), Last()
        self._pid = 0
        self._status: int | None = None
        self._kill_at: float | None = None
        self._was_fenced = False

    def run(self) -> None:
        self._say(self._order["says"])
        with Wakeup() as wakeup:
            self._pid = self._start()
            self._supervisor.tell(started=self._pid)
            while self._status is None:
                self._wait(wakeup)
                self._reap()
                self._see_to_the_end()
        left = self._end_the_rest()
        self._drain()
        self._tell_the_end(left)

    # --- its beginning ---

    def _start(self) -> int:
        """Fork and become the script. Between the two no other thread lives here, so Python may run."""
        guard, told = os.getpid(), os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._become(guard)
            except BaseException as error:  # whatever it is, this must not return as a second guard
                os.write(told[1], f"It cannot be started: {error}".encode()[:4000])
            os._exit(CANNOT_START)
        os.close(told[1])
        for stream in self._streams:
            os.close(stream.writer)
        said = os.read(told[0], 4096)  # closed by the start of another program
        os.close(told[0])
        if said:
            self._say(said.decode(errors="replace"))
            self._last.add(said.decode(errors="replace"))
        return pid

    def _become(self, guard: int) -> None:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(CANNOT_START)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for ours, theirs in zip((nothing, *(stream.writer for stream in self._streams)), range(3), strict=True):
            os.dup2(ours, theirs)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _limit(resource.RLIMIT_CORE, 0)
        if self._order["memory_mb"]:
            _limit(resource.RLIMIT_DATA, self._order["memory_mb"] * 2**20)
        if self._order["cpu_s"]:
            _limit(resource.RLIMIT_CPU, self._order["cpu_s"], 5)
        os.chdir(self._order["cwd"])
        command = self._order["command"]
        os.execve(command[0], command, self._order["environment"])  # noqa: S606

    # --- while it runs ---

    def _wait(self, wakeup: Wakeup) -> None:
        with selectors.PollSelector() as selector:
            selector.register(wakeup, selectors.EVENT_READ)
            if not self._supervisor.is_gone:
                selector.register(self._supervisor, selectors.EVENT_READ)
            for stream in self._streams:
                if stream.is_open:
                    selector.register(stream, selectors.EVENT_READ)
            ready = [key.fileobj for key, _ in selector.select(self._seconds_to_wait())]
        self._read([stream for stream in self._streams if stream in ready])
        if self._supervisor in ready:
            for told in self._supervisor.read():
                self._obey(told)
        if wakeup in ready and {signal.SIGTERM, signal.SIGINT} & wakeup.signals():
            self._stop(signal.SIGTERM, 2.0)
        if not ready:
            self._be_quiet()

    def _seconds_to_wait(self) -> float:
        due = [moment - now() for moment in (self._until, self._kill_at) if moment is not None]
        due += [QUIET_S] if self._tracebacks.is_waiting else []
        due += [1.0] if any(stream.lines.is_progress for stream in self._streams) else []
        return max(0.0, min([*due, 60.0]))

    def _read(self, ready: list[Stream]) -> None:
        for stream in ready:
            lines = stream.read()
            if stream.name == script_output.ERR:
                self._look_for_tracebacks([line.decode() for line in lines])
            stream.show_progress()

    def _look_for_tracebacks(self, lines: list[str]) -> None:
        for line in lines:
            self._last.add(line)
            self._tell_traceback(self._tracebacks.feed(line))

    def _be_quiet(self) -> None:
        """Nothing has come for a while."""
        self._tell_traceback(self._tracebacks.complete())
        for stream in self._streams:
            stream.show_progress()

    def _tell_traceback(self, found: str | None) -> None:
        if found:
            self._supervisor.tell(traceback=found)

    def _obey(self, told: dict[str, Any]) -> None:
        if "until" in told:
            self._until = told["until"]
        elif "say" in told:
            self._say(told["say"])
        elif "stop" in told:
            self._stop(told["stop"], told["patience"])

    def _stop(self, number: int, patience: float) -> None:
        """The signal, then patience. Told again, with less patience where less is asked for."""
        kill_at = now() + patience
        if self._kill_at is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)
        self._kill_at = min(kill_at, self._kill_at or kill_at)

    def _see_to_the_end(self) -> None:
        """Whoever speaks for it is gone, its lease is over, or patience is: then it is killed, with its group."""
        if self._until is not None and now() >= self._until:
            self._was_fenced, self._until = True, None
        is_over = self._kill_at is not None and now() >= self._kill_at
        if self._status is None and (self._supervisor.is_gone or self._was_fenced or is_over):
            kill(descendants())
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            self._kill_at = now() + 0.5  # it may take the kernel a moment

    def _reap(self) -> None:
        """Our own, and orphans that have come to us."""
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self._pid:
                    self._status = os.waitstatus_to_exitcode(found[1])

    # --- its end ---

    def _end_the_rest(self) -> int:
        """What it had started, and what went into the background: how many lived on."""
        left = kill(descendants())
        give_up = time.monotonic() + KILL_S
        while time.monotonic() < give_up:
            self._reap()
            if not kill(descendants()):
                break
            time.sleep(0.005)  # a killed process is not gone at once
        return left

    def _drain(self) -> None:
        """What it printed last. Nobody is left who could print more, but for a pipe that went elsewhere."""
        give_up = time.monotonic() + DRAIN_S
        while time.monotonic() < give_up and (left := [stream for stream in self._streams if stream.is_open]):
            with selectors.PollSelector() as selector:
                for stream in left:
                    selector.register(stream, selectors.EVENT_READ)
                ready = [key.fileobj for key, _ in selector.select(0.2)]
            if not ready:
                break
            self._read([stream for stream in left if stream in ready])
        for stream in self._streams:
            stream.confess()
        self._tell_traceback(self._tracebacks.complete())

    def _tell_the_end(self, left: int) -> None:
        words = {"ended": self._status, "last_lines": self._last.text(), "left": left, "was_fenced": self._was_fenced}
        self._supervisor.tell(**words)
        if self._supervisor.is_gone:
            self._say("Ended, since its supervisor has gone.")
            return
        for told in self._supervisor.last_words():
            if "say" in told:
                self._say(told["say"])

    def _say(self, sentence: str) -> None:
        self._files.write(script_output.SYSTEM, [sentence.encode(errors="replace")])


def main() -> None:
    end = socket.socket(fileno=int(sys.argv[1]))
    end.set_inheritable(False)
    supervisor = Supervisor(end)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    order = supervisor.order()
    if order is None:
        return
    with Path(order["lock"]).open("a") as lock:
        if has_lock(lock.fileno(), supervisor):
            Guard(supervisor, order).run()
        else:
            supervisor.tell(refused="An earlier process of it has not ended yet.")


def has_lock(file: int, supervisor: Supervisor) -> bool:
    """Whether nobody else runs this instance; who is just about to end is waited for."""
    give_up = time.monotonic() + LOCK_PATIENCE_S
    while not supervisor.is_gone and time.monotonic() < give_up:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with selectors.PollSelector() as selector:
                selector.register(supervisor, selectors.EVENT_READ)
                if selector.select(0.02):
                    supervisor.read()
        else:
            return True
    return False


def prctl(what: int, value: int) -> None:
    ctypes.CDLL(None).prctl(what, value)


def _limit(what: int, soft: int, grace: int = 0) -> None:
    """Never above what this process itself was given."""
    hard = resource.getrlimit(what)[1]
    most = soft + grace if hard == resource.RLIM_INFINITY else min(soft + grace, hard)
    resource.setrlimit(what, (min(soft, most), most))


if __name__ == "__main__":
    main()
