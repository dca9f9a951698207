"""The parent: it owns the listening socket and sees to it that somebody serves on it."""

from __future__ import annotations

import logging
import selectors
import signal
import socket
import time

from .children import Child, State
from .options import Options

logger = logging.getLogger(__name__)

END_SECONDS = 4.5
DRAIN_SECONDS = 10.0
SPARE_SECONDS = 1.0
"""Booting takes a core for a second, so a spare waits at the side; it comes after the first page."""
LONGEST_WAIT = 5.0


class Parent:
    """One child serves, the next one is booting or waits as a spare, old ones finish what is in flight."""

    def __init__(self, listener: socket.socket, options: Options) -> None:
        self._listener = listener
        self._role = options.role
        self._serving: Child | None = None
        self._next: Child | None = self._boot(prepares=True, greets=True)
        self._old: list[Child] = []
        self._dead: list[str] = []
        self._has_served = False
        self._is_handing_over = False
        self._failures = 0
        self._not_before = 0.0
        self._end_by = 0.0
        self._exit_code = 0

    def run(self) -> int:
        """Serve until told to end; the exit code."""
        with _Wakeup() as wakeup:
            while not self._end_by or self._children():
                self._wait(wakeup)
                for number in wakeup.signals():
                    self._obey(number)
                self._bury()
                self._advance()
        return self._exit_code

    def _children(self) -> list[Child]:
        return [child for child in (self._serving, self._next, *self._old) if child]

    def _boot(self, *, prepares: bool, greets: bool = False) -> Child:
        return Child(self._listener, self._role, prepares=prepares, greets=greets)

    # --- signals ---

    def _obey(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._begin_hand_over()
        elif number in (signal.SIGTERM, signal.SIGINT):
            self._begin_end(again=bool(self._end_by))

    def _begin_end(self, *, again: bool = False) -> None:
        self._end_by = self._end_by or time.monotonic() + END_SECONDS
        self._listener.close()
        for child in self._children():
            child.kill() if again else child.end()

    def _begin_hand_over(self) -> None:
        """Boot a fresh child, with the code as it is now; a spare has the old one."""
        if self._end_by or not self._has_served or self._is_handing_over:
            return
        logger.info("handing over to a fresh process")
        if self._next:
            self._next.kill()
            self._old.append(self._next)
        self._next = self._boot(prepares=True)
        self._is_handing_over = True

    # --- what has happened ---

    def _wait(self, wakeup: _Wakeup) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(wakeup, selectors.EVENT_READ)
            for child in self._children():
                if child.messages.is_open:
                    selector.register(child.messages, selectors.EVENT_READ, child)
            for key, _ in selector.select(timeout=self._seconds_to_wait()):
                if key.data:
                    key.data.listen()

    def _seconds_to_wait(self) -> float:
        """Until the next moment at which something is due; at the latest a second."""
        due = [self._end_by] if self._end_by else [self._not_before]
        return min([1.0, *(max(0.05, moment - time.monotonic()) for moment in due if moment)])

    def _bury(self) -> None:
        """Take note of children that have ended."""
        for child in self._children():
            if child.exit_code is None:
                continue
            child.messages.close()
            if child in self._old:
                self._old.remove(child)
            elif child is self._serving:
                self._serving = None
                self._mourn(child)
            else:
                self._next = None
                self._give_up_boot(child)
            if child.state is not State.DRAINED:
                self._dead.append(child.name)

    def _mourn(self, child: Child) -> None:
        if self._end_by:
            return
        self._is_handing_over = self._is_handing_over and self._next is not None
        logger.error("web process %d %s; the next takes over", child.pid, _how(child))
        self._failures = 0 if child.has_settled else self._failures + 1
        self._back_off()

    def _give_up_boot(self, child: Child) -> None:
        if self._end_by:
            return
        if not self._has_served:
            self._exit_code = 1
            self._begin_end()
        elif self._is_handing_over and self._serving:
            logger.error("the fresh process %s before it was ready; process %d goes on", _how(child), self._serving.pid)
        else:
            logger.error("web process %d %s before it was ready", child.pid, _how(child))
        self._is_handing_over = False
        self._failures += 1
        self._back_off()

    def _back_off(self) -> None:
        """The first replacement comes at once; a child that cannot live is not started in a hot loop."""
        wait = min(LONGEST_WAIT, 0.25 * 2 ** (self._failures - 2)) if self._failures > 1 else 0.0
        if wait:
            logger.error("it is the %d. time in a row; waiting %.1f s", self._failures, wait)
        self._not_before = time.monotonic() + wait

    # --- what is to be done ---

    def _advance(self) -> None:
        if self._end_by:
            self._enforce_end()
            return
        self._hand_over()
        self._let_the_next_serve()
        self._boot_the_next()

    def _enforce_end(self) -> None:
        if time.monotonic() >= self._end_by:
            for child in self._children():
                logger.error("process %d did not end in time and was killed", child.pid)
                child.kill()

    def _hand_over(self) -> None:
        old, fresh = self._serving, self._next
        if not (self._is_handing_over and old and fresh) or fresh.state is not State.READY:
            return
        if old.state is State.SERVING and old.is_accepting:
            old.drain()
        elif old.state is State.DRAINED:
            self._old.append(old)
            self._serving = None
        elif old.state is State.DRAINING and time.monotonic() - old.drain_asked > DRAIN_SECONDS:
            logger.error("process %d did not store what it had received in time and is killed", old.pid)
            old.kill()

    def _let_the_next_serve(self) -> None:
        if self._serving or not self._next or self._next.state is not State.READY:
            return
        self._serving, self._next = self._next, None
        self._serving.accept(self._dead)
        self._dead, self._has_served, self._is_handing_over = [], True, False
        self._not_before = time.monotonic() + SPARE_SECONDS

    def _boot_the_next(self) -> None:
        due = time.monotonic() >= self._not_before
        if self._next is None and due and self._has_served:
            self._next = self._boot(prepares=False)


def _how(child: Child) -> str:
    code = child.exit_code or 0
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


class _Wakeup:
    """Signals as something to wait for."""

    _HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

    def __enter__(self) -> _Wakeup:
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
