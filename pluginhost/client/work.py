"""Orders, and the threads that work on them: so many at once as were agreed, the rest in their order."""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from .calling import call
from .held import Answer, Held
from .outbox import Outbox
from .plain import plain
from .plugin_logger import PluginLogger
from .spool import Spool

logger = logging.getLogger(__name__)

Callback = Callable[..., Any]


class Work:
    """What this script was told to do."""

    def __init__(
        self,
        callback: Callback,
        outbox: Outbox,
        *,
        plugin_id: str = "",
        concurrency: int | None = None,
        spool: Spool | None = None,
    ) -> None:
        self._callback, self._outbox, self._plugin_id = callback, outbox, plugin_id
        self._most = concurrency
        self._spool = spool
        self._lock = threading.Lock()
        self._waiting: deque[Held] = deque()
        self._busy = 0
        self._is_leaving = False
        self._cancelled_before: list[str] = []

    def recall(self) -> None:
        """Answers of an earlier run of this script are sent as soon as the line stands."""
        for held in self._spool.recall() if self._spool else ():
            logger.info("The answer of session %s is still to be sent.", held.id)
            self._outbox.hold(held)

    def take(self, order: dict[str, Any]) -> bool:
        """Begin with it, or let it wait for its turn. False when it is here already or we are about to end."""
        order = dict(order)
        held = Held(order, last=int(order.pop("line", 0) or 0))
        with self._lock:
            if self._is_leaving or not self._outbox.hold(held):
                return False
            if held.id in self._cancelled_before:
                held.cancelled.set()
            self._waiting.append(held)
        self._begin_next()
        return True

    def cancel(self, session: str) -> None:
        """The host does not want it any more; one that has not begun is done with."""
        with self._lock:
            held = self._outbox.find(session)
            if held is None:  # what the host says may come in another order: this before the order itself
                self._cancelled_before = [*self._cancelled_before[-99:], session]
                return
            held.cancelled.set()
            if held not in self._waiting:
                return
            self._waiting.remove(held)
        self._finish(held, Answer(error="Cancelled before it began."))

    def answered(self, session: str) -> None:
        """The host has its answer, for good."""
        held = self._outbox.answered(session)
        if held is not None and held.answer is not None and self._spool:
            self._spool.forget(session)

    # --- the end ---

    def leave(self) -> list[Held]:
        """Begin with nothing more; gives what has not begun."""
        with self._lock:
            self._is_leaving = True
            not_begun, self._waiting = list(self._waiting), deque()
        return not_begun

    def unanswered(self) -> list[Held]:
        """What it is still at work on."""
        return [held for held in self._outbox.held() if held.answer is None]

    # --- one session ---

    def _begin_next(self) -> None:
        with self._lock:
            if not self._waiting or self._is_leaving or (self._most is not None and self._busy >= self._most):
                return
            held = self._waiting.popleft()
            held.has_begun = True
            self._busy += 1
        threading.Thread(target=self._run, args=(held,), name=f"session {held.id}", daemon=True).start()

    def _run(self, held: Held) -> None:
        try:
            self._finish(held, self._worked(held))
        finally:
            with self._lock:
                self._busy -= 1
            self._begin_next()

    def _worked(self, held: Held) -> Answer:
        """Call the callback; what it raises, `sys.exit()` too, is the session's error."""
        data = self._data(held)
        try:
            return _answer_of(call(self._callback, data))
        except BaseException as error:
            data["logger"].error("The callback failed.\n" + traceback.format_exc().rstrip())
            return Answer(error=_said(error))

    def _data(self, held: Held) -> dict[str, Any]:
        """The order as the callback gets it."""
        order = held.order
        return {
            **order,
            "batches": order.get("batches") or order.get("tags") or [],
            "logger": PluginLogger("session", held, self._outbox, self._plugin_id),
            "progress": lambda done, total: self._outbox.go_on(held, max(int(done), 0), max(int(total), 1)),
            "cancelled": held.cancelled,
        }

    def _finish(self, held: Held, answer: Answer) -> None:
        """On the disk before it is sent."""
        if self._outbox.find(held.id) is not held:
            return  # handed back meanwhile: it is somebody else's now
        if held.cancelled and answer.is_large:
            answer = Answer(error="Cancelled.")  # nobody wants it, and its key is void
        if self._spool:
            try:
                self._spool.keep(held, answer, self._outbox.lines_of(held))
            except OSError as error:
                logger.error("The answer of session %s could not be kept on disk: %s", held.id, error)
        self._outbox.answer(held, answer)


def _answer_of(value: Any) -> Answer:
    if isinstance(value, (bytes, bytearray)):
        return Answer(bytes(value), size=len(value) * 4 // 3)
    value = plain(value, "the returned value")
    return Answer(value, size=len(value) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False)))


def _said(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
