"""Pauses between tries: longer each time, and never the same for two scripts, so that they do not all come at once."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0


class Backoff:
    """0.5 s, 1 s, 2 s … 30 s, each with a part drawn by lot: between half of it and all of it."""

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self.begin_again()

    def begin_again(self) -> None:
        """It worked: the next pause is a short one again."""
        self._next = FIRST_SECONDS

    def pause(self) -> float:
        """How many seconds to wait before the next try."""
        longest, self._next = self._next, min(self._next * 2, LONGEST_SECONDS)
        return longest * (0.5 + self._draw() / 2)
