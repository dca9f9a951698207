"""A session that this script holds: what it has said of it, and what the host has not acknowledged yet."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from .cancelled import Cancelled

LARGE = 256 * 2**10
"""Characters of an answer from which on it goes by HTTP: as a frame it would keep pings and lines waiting."""

MENTION_SIZE = 300


@dataclass
class Kept:
    """A line of the log that the host has not said it stored."""

    number: int
    event: dict[str, Any]
    said_at: float
    """Seconds since 1970."""
    size: int
    """Characters, roughly."""
    stands_for: int = 0
    """Lines that there was no room for: this one says how many, in their place."""


@dataclass
class Answer:
    """What became of the callback: a plain value, bytes, or the text of an error."""

    value: Any = None
    error: str = ""
    size: int = 0
    """Characters, roughly."""

    @property
    def is_large(self) -> bool:
        return self.size > LARGE

    def event(self, session: str) -> dict[str, Any]:
        """As the `response` event has it (PROTOCOL 1.4)."""
        if self.error:
            return {"error": self.error, "session": session}
        return {"response": self.value, "session": session}


@dataclass
class Held:
    """From its order until the host has acknowledged its answer. Guarded by the outbox's lock."""

    order: dict[str, Any]
    """As it came; without `line`, which is the number of the last line that the host has of this session."""
    last: int = 0
    """The number of its newest line."""
    lines: deque[Kept] = field(default_factory=deque)
    sent: int = 0
    """How many of `lines` have been sent on the connection that stands."""
    progress: tuple[int, int] | None = None
    """How far it is, where that is still to be sent."""
    progress_sent_at: float = 0.0
    answer: Answer | None = None
    is_answer_sent: bool = False
    is_answer_on_its_way: bool = False
    """By HTTP, which has its own tries and does not ask whether the line stands."""
    has_begun: bool = False
    cancelled: Cancelled = field(default_factory=Cancelled)

    @property
    def id(self) -> str:
        return str(self.order.get("session", ""))

    @property
    def key(self) -> str:
        return str(self.order.get("apiKey", ""))

    def keep(self, event: dict[str, Any]) -> Kept:
        """Number a line and keep it."""
        self.last += 1
        size = len(str(event.get("msg", ""))) + 200 + (len(repr(event)) if len(event) > 6 else 0)
        kept = Kept(self.last, event, time.time(), size)
        self.lines.append(kept)
        return kept

    def drop_oldest(self) -> int:
        """Of those that have not been sent, two or more; one says so in their place. How many characters that frees."""
        if len(self.lines) - self.sent < 2:
            return 0
        first, second = self.lines[self.sent], self.lines[self.sent + 1]
        del self.lines[self.sent + 1]
        freed = second.size + (0 if first.stands_for else first.size - MENTION_SIZE)
        first.event = {"level": "WARNING", "session": self.id}
        first.number, first.said_at = second.number, second.said_at
        first.stands_for, first.size = max(first.stands_for, 1) + 1, MENTION_SIZE
        return freed

    def forget_up_to(self, number: int) -> int:
        """These are stored; how many characters that sets free."""
        freed = 0
        while self.lines and self.lines[0].number <= number:
            freed += self.lines.popleft().size
            self.sent = max(self.sent - 1, 0)
        return freed
