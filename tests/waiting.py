"""Waiting for what must become true: never for a time, always with an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def until(condition: Callable[[], Answer], what: str | Callable[[], str], within: float = 30.0) -> Answer:
    """The first answer of `condition` that is true; AssertionError with `what` when none was in time."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:g} s in vain for: {what if isinstance(what, str) else what()}")
        time.sleep(0.03)
    return answer
