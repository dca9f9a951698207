"""What is still to be said to the host, of all sessions: kept until it is acknowledged, said again after a break."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from .held import Answer, Held, Kept

MOST_KEPT = 64 * 2**20
"""Characters of lines that are kept while the line is down. Then the oldest go, and the log says how many."""
MOST_UNDER_WAY = 2_000
"""Lines that are sent and not acknowledged yet, before the next ones wait."""
AT_ONCE = 200
PROGRESS_SECONDS = 0.25
"""At most so often a session says how far it is."""
LATE_SECONDS = 1.0
"""A line that is sent later than this after it was said says how long ago that was."""

UPLOAD = "upload"
"""No event of the wire: this answer is to be sent by HTTP."""

Speak = Callable[[str, dict[str, Any]], None]
Event = tuple[str, dict[str, Any]]


class Outbox:
    """All sessions that this script holds. Threads say things, one thread sends them, the line opens and closes it."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._changed = threading.Condition()
        self._held: dict[str, Held] = {}
        self._speak: Speak | None = None
        self._kept = 0
        self._most_kept = most_kept
        self._has_ended = False

    # --- the sessions ---

    def hold(self, held: Held) -> bool:
        """From now on; False when it is held already."""
        with self._changed:
            if held.id in self._held:
                return False
            self._held[held.id] = held
            self._kept += sum(kept.size for kept in held.lines)
            self._changed.notify_all()
            return True

    def drop(self, held: Held) -> None:
        """It is not ours any more: what it goes on to say is not kept."""
        with self._changed:
            if self._held.pop(held.id, None) is not None:
                self._kept -= sum(kept.size for kept in held.lines)
                self._changed.notify_all()

    def held(self) -> list[Held]:
        with self._changed:
            return list(self._held.values())

    def find(self, session: str) -> Held | None:
        with self._changed:
            return self._held.get(session)

    def lines_of(self, held: Held) -> list[Kept]:
        """Those that the host has not acknowledged."""
        with self._changed:
            return list(held.lines)

    # --- what is said ---

    def say(self, held: Held, event: dict[str, Any]) -> None:
        """Keep a line of its log, and send it as soon as may be. Never waits, never raises."""
        with self._changed:
            if self._held.get(held.id) is not held:
                return  # it was handed back, or its answer has arrived: the session is over for us
            self._kept += held.keep(event).size
            while self._kept > self._most_kept and self._drop_oldest():
                pass
            self._changed.notify_all()

    def go_on(self, held: Held, done: int, total: int) -> None:
        """How far it is. Only the newest counts."""
        with self._changed:
            held.progress = (done, total)
            self._changed.notify_all()

    def answer(self, held: Held, answer: Answer) -> None:
        """The last that it says."""
        with self._changed:
            held.answer = answer
            self._changed.notify_all()

    def _drop_oldest(self) -> bool:
        """Of the session that has most to say; False when nothing can go."""
        freed = max(self._held.values(), key=lambda held: len(held.lines) - held.sent).drop_oldest()
        self._kept -= freed
        return freed > 0

    # --- what the host acknowledges ---

    def stored(self, session: str, line: int) -> None:
        with self._changed:
            held = self._held.get(session)
            if held is not None:
                self._kept -= held.forget_up_to(line)
                self._changed.notify_all()

    def answered(self, session: str) -> Held | None:
        """Its answer has arrived, or it was taken back: nothing more is to be done for it."""
        with self._changed:
            held = self._held.pop(session, None)
            if held is not None:
                self._kept -= sum(kept.size for kept in held.lines)
                self._changed.notify_all()
            return held

    # --- the line ---

    def open(self, speak: Speak) -> None:
        """The host listens: all that it has not acknowledged is said again, in order, and then what is new."""
        with self._changed:
            for held in self._held.values():
                held.sent, held.is_answer_sent = 0, False
            self._speak = speak
            self._changed.notify_all()

    def close(self) -> None:
        """The line is down; what is said is kept."""
        with self._changed:
            self._speak = None
            for held in self._held.values():
                held.sent = 0
            self._changed.notify_all()

    def close_if(self, speak: Speak) -> None:
        """This one does not listen any more; maybe another does already."""
        with self._changed:
            if self._speak is speak:
                self._speak = None

    def end(self) -> None:
        """Nobody sends any more."""
        with self._changed:
            self._has_ended, self._speak = True, None
            self._changed.notify_all()

    def take(self) -> tuple[Speak, list[Event]] | None:
        """Wait for something to say, and for somebody who listens; None in the end.

        What is taken belongs to that very connection: said on the next one it would come before older lines.
        """
        with self._changed:
            while not self._has_ended:
                if self._speak is not None:
                    events = list(self._events())
                    if events:
                        return self._speak, events
                self._changed.wait(PROGRESS_SECONDS if self._has_progress() else None)
            return None

    def wait_until(self, is_so: Callable[[list[Held]], bool], seconds: float) -> bool:
        """Until the sessions that are held are as wanted, at most so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: is_so(list(self._held.values())), seconds)

    def _has_progress(self) -> bool:
        return self._speak is not None and any(held.progress for held in self._held.values())

    def _events(self) -> Iterator[Event]:
        """The next of each session: its lines, then how far it is, then its answer.

        A large answer waits until the lines are stored, since it takes another way and must not overtake them.
        """
        now, under_way = time.time(), sum(held.sent for held in self._held.values())
        for held in self._held.values():
            while held.sent < len(held.lines) and under_way < MOST_UNDER_WAY:
                yield "log", _on_the_wire(held.lines[held.sent], now)
                held.sent, under_way = held.sent + 1, under_way + 1
                if held.sent % AT_ONCE == 0:
                    break
            if held.progress is not None and (held.answer or now - held.progress_sent_at >= PROGRESS_SECONDS):
                (done, total), held.progress, held.progress_sent_at = held.progress, None, now
                yield "progress", {"session": held.id, "done": done, "total": total}
            if held.answer is None or held.is_answer_sent or held.sent < len(held.lines):
                continue
            if not held.answer.is_large:
                held.is_answer_sent = True
                yield "response", held.answer.event(held.id)
            elif not held.lines and not held.is_answer_on_its_way:
                held.is_answer_on_its_way = True
                yield UPLOAD, {"session": held.id}


def _on_the_wire(kept: Kept, now: float) -> dict[str, Any]:
    ago = now - kept.said_at
    if kept.stands_for:
        kept.event["msg"] = (
            f"{kept.stands_for:,} lines were dropped here: the host was away, and there was no more room."
        )
    return {**kept.event, "line": kept.number, **({"ago": round(ago, 3)} if ago > LATE_SECONDS else {})}
