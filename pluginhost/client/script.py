"""A running script: its line to the host, its work, and what it still has to say, put together."""

from __future__ import annotations

import logging
import os
import platform
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import instance
from .delivery import Delivery
from .held import Answer, Held
from .line import Line
from .outbox import UPLOAD, Outbox
from .spool import Spool
from .version import NAME, VERSION
from .work import Callback, Work

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 8.0
MOST_NAMED = 1_000
"""Sessions that a hello names at most. Beyond are only answers that wait; they speak for themselves."""
LAST_WORDS_SECONDS = 3.0
"""How long the end waits for the host to acknowledge what it was told last."""


class Script:
    """`run()` serves until the process is asked to end, by SIGTERM or Ctrl-C."""

    def __init__(
        self,
        plugin_id: str,
        secret: str,
        callback: Callback,
        host: str,
        *,
        name: str | None = None,
        spool: str | None = None,
        concurrency: int | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.instance = instance.name_of(plugin_id, name)
        kept = Spool(instance.folder_of(plugin_id, Path(spool))) if spool else None
        self._boot = secrets.token_hex(8)
        self._concurrency, self._patience = concurrency, patience
        self._ended, self._is_asked_to_end, self._hurry = threading.Event(), threading.Event(), threading.Event()
        self._handed_back: list[str] = []
        self._outbox = Outbox()
        self._work = Work(callback, self._outbox, plugin_id=plugin_id, concurrency=concurrency, spool=kept)
        self._delivery = Delivery(host, self._ended, self._work.answered, self._refused)
        identity = {"id": plugin_id, "secret": secret}
        self._line = Line(
            host, identity, hello=self._hello, hear=self._hear, opened=self._outbox.open, closed=self._outbox.close
        )

    def run(self) -> None:
        """Serve. Returns when it was asked to end, and has."""
        before = self._listen_to_signals()
        self._work.recall()
        threading.Thread(target=self._speak, name="what is said", daemon=True).start()
        try:
            self._line.keep(self._ended)
        finally:
            self._outbox.end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Finish or hand back, and end. A second time: do not wait for what is under way."""
        if self._is_asked_to_end.is_set():
            self._hurry.set()
            return
        self._is_asked_to_end.set()
        threading.Thread(target=self._leave, name="the end", daemon=True).start()

    # --- what is said and heard ---

    def _hello(self) -> dict[str, Any]:
        return {
            "client": NAME,
            "version": VERSION,
            "instance": self.instance,
            "boot": self._boot,
            "python": platform.python_version(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "sessions": self._sessions(),
            "handed_back": self._handed_back,
            "leaving": self._is_asked_to_end.is_set(),
            **({"concurrency": self._concurrency} if self._concurrency else {}),
        }

    def _sessions(self) -> list[str]:
        """Those that it holds; the ones that it is at work on first."""
        held = [one for one in self._outbox.held() if one.id not in self._handed_back]
        return [one.id for one in sorted(held, key=lambda one: one.answer is not None)][:MOST_NAMED]

    def _speak(self) -> None:
        """One thread says everything, in order."""
        while (taken := self._outbox.take()) is not None:
            speak, events = taken
            try:
                for event, payload in events:
                    if event == UPLOAD:
                        self._upload(payload["session"])
                    else:
                        speak(event, payload)
            except Exception as error:  # the line broke; what was not acknowledged is said again on the next one
                logger.debug("what was said may not have arrived: %s", error)
                self._outbox.close_if(speak)

    def _upload(self, session: str) -> None:
        held = self._outbox.find(session)
        if held is not None and held.answer is not None:
            self._delivery.begin(held, held.answer)

    def _refused(self, held: Held, why: str) -> None:
        """The host will never take this answer: the session ends with that."""
        logger.error("Session %s: %s", held.id, why)
        self._outbox.answer(held, Answer(error=why))

    def _hear(self, event: str, payload: dict[str, Any]) -> None:
        session = str(payload.get("session", ""))
        if event == "plugin":
            self._take(payload)
        elif event == "stored":
            self._outbox.stored(session, int(payload.get("line", 0)))
        elif event == "answered":
            self._work.answered(session)
        elif event == "cancel":
            logger.info("Session %s was cancelled.", session)
            self._work.cancel(session)
        elif event == "drain":
            logger.info("The host sends no more sessions; what is under way goes on.")

    def _take(self, order: dict[str, Any]) -> None:
        if self._work.take(order):
            logger.info("Session %s came.", order.get("session"))
        elif self._is_asked_to_end.is_set():
            self._hand_back([str(order.get("session", ""))])

    # --- the end ---

    def _leave(self) -> None:
        """No new work; what is under way has `patience` seconds, then it is handed back."""
        logger.info("Asked to end: finishing what is under way, for at most %g s.", self._patience)
        self._hand_back([held.id for held in self._work.leave()])
        self._wait(lambda: not self._work.unanswered(), self._patience)
        self._hand_back([held.id for held in self._work.unanswered()])
        self._outbox.wait_until(lambda held: not held, LAST_WORDS_SECONDS if self._line.is_open else 0)
        left = [held.id for held in self._outbox.held()]
        if left:
            logger.warning("The host has not acknowledged the end of %s.", ", ".join(left))
        self._ended.set()
        self._line.hang_up()

    def _hand_back(self, sessions: list[str]) -> None:
        """They go back into the queue. Said also where there are none: the host sends nothing more after it."""
        if sessions:
            logger.info("Handing back %s.", ", ".join(sessions))
            self._outbox.wait_until(_has_said_all_of(sessions), LAST_WORDS_SECONDS if self._line.is_open else 0)
        self._handed_back = [*self._handed_back, *sessions]
        self._line.say_hello()

    def _wait(self, is_so: Callable[[], bool], seconds: float) -> None:
        """At most so many seconds, or until somebody is in a hurry."""
        deadline = time.monotonic() + seconds
        while not is_so() and time.monotonic() < deadline and not self._hurry.wait(0.05):
            pass

    def _listen_to_signals(self) -> dict[int, Any]:
        """SIGTERM and Ctrl-C, where we may: only a program's main thread can. Gives what was set before."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        numbers = (signal.SIGTERM, signal.SIGINT)
        return {number: signal.signal(number, lambda *_: self.stop()) for number in numbers}


def _has_said_all_of(sessions: list[str]) -> Callable[[list[Held]], bool]:
    return lambda held: all(one.sent >= len(one.lines) for one in held if one.id in sessions)
