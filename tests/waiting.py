"""Waiting for what must become true: never for a time, always with an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
SOONEST_S, LATEST_S = 0.02, 0.25
_nothing = threading.Event()  # another process can only be asked, again and again


def until(condition: Callable[[], Answer], what: str | Callable[[], str], within: float = 30.0) -> Answer:
    """The first answer of `condition` that is true; AssertionError with `what` when none was in time.

    It is asked less and less often, so that what is waited for has the machine.
    """
    deadline, pause = time.monotonic() + within, SOONEST_S
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:g} s in vain for: {what if isinstance(what, str) else what()}")
        _nothing.wait(pause)
        pause = min(pause * 1.4, LATEST_S)
    return answer
