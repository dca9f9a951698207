"""Whether somebody cancelled the session: `data["cancelled"]`."""

from __future__ import annotations

import threading


class Cancelled:
    """True as soon as somebody has cancelled the session, in whichever way it is asked.

    `if data["cancelled"]: return "Stopped."` between two assets is all that a callback needs. `wait(seconds)` sleeps,
    and wakes at once when it is cancelled.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def __call__(self) -> bool:
        return self._event.is_set()

    def __repr__(self) -> str:
        return f"<cancelled: {bool(self)}>"

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for it, at most so many seconds; whether it is cancelled."""
        return self._event.wait(seconds)

    def set(self) -> None:
        """The host said so."""
        self._event.set()
