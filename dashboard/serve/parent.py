"""The parent: it owns the listening socket and sees to it that somebody serves on it."""

from __future__ import annotations

import ctypes
import logging
import selectors
import signal
import socket
import time

from .children import State, Supervise, Template, Web
from .options import Options
from .wakeup import Wakeup

logger = logging.getLogger(__name__)

END_SECONDS = 4.6
DRAIN_SECONDS = 10.0
MOST_LINGERING = 3
"""So many that have handed over may stay for scripts at a time: each holds its memory, and code that grows old."""
LONGEST_WAIT = 5.0
LONGEST_WAIT_OF_SCRIPTS = 0.5
"""After one that did serve: its scripts are at the door, and end when it is not opened within five seconds."""
PR_SET_CHILD_SUBREAPER = 36


class Parent:
    """One template is loaded, one web process serves, old ones finish what is in flight; one keeps managed scripts."""

    def __init__(self, listener: socket.socket, options: Options) -> None:
        self._listener, self._role = listener, options.role
        self._template: Template | None = None
        self._next: Template | None = None
        self._serving: Web | None = None
        self._old: list[Web] = []
        self._supervise: Supervise | None = None
        self._supervise_failures = 0
        self._supervise_not_before = 0.0
        self._dead: list[str] = []
        self._has_served = False
        self._failures = 0
        self._not_before = 0.0
        self._end_by = 0.0
        self._exit_code = 0

    def run(self) -> int:
        """Serve until told to end; the exit code."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        with Wakeup() as wakeup:
            self._template = self._load(prepares=True)
            while not self._end_by or self._children():
                self._wait(wakeup)
                for number in wakeup.signals():
                    self._obey(number)
                self._bury_webs()
                self._bury_supervise()
                self._bury_templates()
                self._advance()
        return self._exit_code

    def _children(self) -> list[Template | Web | Supervise]:
        return [child for child in (self._template, self._next, self._serving, self._supervise, *self._old) if child]

    def _load(self, *, prepares: bool) -> Template:
        return Template(self._listener, self._role, prepares=prepares)

    # --- signals ---

    def _obey(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._begin_hand_over()
        elif number in (signal.SIGTERM, signal.SIGINT):
            self._begin_end()

    def _begin_end(self) -> None:
        """Told a second time, somebody is impatient."""
        self._end_by = time.monotonic() if self._end_by else time.monotonic() + END_SECONDS
        self._listener.close()

    def _begin_hand_over(self) -> None:
        """Load the code and the settings as they are now."""
        if self._has_served and not self._end_by and not self._next:
            logger.info("handing over to a fresh process")
            self._next = self._load(prepares=True)

    # --- what has happened ---

    def _wait(self, wakeup: Wakeup) -> None:
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
        waited_for = self._not_before, self._supervise_not_before
        due = self._end_by or min((at for at in waited_for if at > time.monotonic()), default=0.0)
        return min(1.0, max(0.02, due - time.monotonic())) if due > time.monotonic() else 1.0

    def _bury_webs(self) -> None:
        for web in [web for web in (self._serving, *self._old) if web and web.is_gone()]:
            web.messages.close()
            if web is self._serving:
                self._serving = None
                self._mourn(web)
            else:
                self._old.remove(web)
            if web.state is not State.DRAINED:
                self._report(web.name)

    def _report(self, name: str) -> None:
        """Whose scripts nobody hears any more: who serves now, or next, must know."""
        if self._serving:
            self._serving.tell_ended(name)
        else:
            self._dead.append(name)

    def _bury_supervise(self) -> None:
        """The next one takes over at once: that this one has ended is known by the lock that it held."""
        gone = self._supervise
        if gone is None or not gone.is_gone():
            return
        gone.messages.close()
        self._supervise = None
        if not self._end_by:
            logger.error("the supervisor %d %s; managed scripts are started again", gone.pid, _how(gone.exit_code))
            self._supervise_failures = 0 if gone.has_settled else self._supervise_failures + 1
            self._supervise_not_before = time.monotonic() + _wait_after(self._supervise_failures)

    def _mourn(self, web: Web) -> None:
        if not self._end_by:
            logger.error("web process %d %s; the next takes over", web.pid, _how(web.exit_code))
            longest = LONGEST_WAIT if web.state is State.STARTING else LONGEST_WAIT_OF_SCRIPTS
            self._fail(0 if web.has_settled else self._failures + 1, longest)

    def _bury_templates(self) -> None:
        if self._next and self._next.exit_code is not None:
            if not self._end_by:
                logger.error("the hand-over is given up: the fresh process %s", _how(self._next.exit_code))
            self._next.messages.close()
            self._next = None
        if self._template and self._template.exit_code is not None:
            self._lose_template(self._template)

    def _lose_template(self, template: Template) -> None:
        template.messages.close()
        self._template = None
        if self._end_by:
            return
        if not self._has_served:
            self._exit_code = 1
            self._begin_end()
            return
        logger.error("process %d, from which web processes are forked, %s", template.pid, _how(template.exit_code))
        self._fail(0 if template.is_ready else self._failures + 1)

    def _fail(self, times: int, longest: float = LONGEST_WAIT) -> None:
        """The first two replacements come at once; what cannot live is not started in a hot loop."""
        self._failures = times
        wait = min(longest, _wait_after(times))
        if wait:
            logger.error("it is the %d. time in a row; waiting %.1f s", times, wait)
        self._not_before = time.monotonic() + wait

    # --- what is to be done ---

    def _advance(self) -> None:
        if self._end_by:
            self._enforce_end()
            return
        self._hand_over()
        if time.monotonic() >= self._not_before:
            self._have_a_template()
            self._have_one_serve()
        if time.monotonic() >= self._supervise_not_before:
            self._have_one_supervise()

    def _enforce_end(self) -> None:
        for child in self._children():
            if time.monotonic() >= self._end_by:
                logger.error("process %d did not end in time and is killed", child.pid)
                child.signal(signal.SIGKILL)
            else:
                child.end()

    def _hand_over(self) -> None:
        """The fresh template is ready: the old process stores what it has received, then the fresh one's accepts."""
        old, fresh = self._serving, self._next
        if not fresh or not fresh.is_ready:
            return
        if old and old.state is State.SERVING:
            old.drain()
        elif old and old.state is State.DRAINING and old.draining_seconds > DRAIN_SECONDS:
            logger.error("process %d did not store what it had received in time and is killed", old.pid)
            old.signal(signal.SIGKILL)
        elif not old or old.state in (State.HANDED_OVER, State.DRAINED):
            self._replace_template(fresh)
            self._old += [old] if old else []
            self._serving = None
            self._end_the_oldest()

    def _end_the_oldest(self) -> None:
        for web in [web for web in self._old if web.state is State.HANDED_OVER][:-MOST_LINGERING]:
            logger.info("process %d has stayed for its scripts long enough", web.pid)
            web.end()

    def _replace_template(self, fresh: Template) -> None:
        if self._template:
            self._template.signal(signal.SIGTERM)
            self._template.process.wait()
            self._template.messages.close()
        self._template, self._next = fresh, None

    def _have_a_template(self) -> None:
        if not self._template:
            self._template = self._load(prepares=False)

    def _have_one_serve(self) -> None:
        if self._template and self._template.is_ready and not self._serving:
            self._serving = self._template.fork(self._dead, greets=not self._has_served)
            self._dead, self._has_served = [], True

    def _have_one_supervise(self) -> None:
        """Once somebody serves: a script waits one second for the server's first answer, and no longer."""
        is_served = self._serving is not None and self._serving.state is State.SERVING
        if self._role == "all" and not self._supervise and is_served and self._template and self._template.is_ready:
            self._supervise = self._template.supervise()


def _wait_after(times: int) -> float:
    return min(LONGEST_WAIT, 0.25 * 2 ** (times - 3)) if times > 2 else 0.0


def _how(exit_code: int | None) -> str:
    code = exit_code or 0
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
