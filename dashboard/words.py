"""How states, spans of time and numbers are put into words: the same on every page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone


class Shown(NamedTuple):
    """A state as people see it: an icon of the sprite (empty: the round dot), a word, and the colour of its bars."""

    icon: str
    word: str
    bar: str = "s-rest"


STATES = {
    # sessions
    "queued": Shown("clock", "Queued"),
    "running": Shown("loader-2", "Running", "s-running"),
    "lost": Shown("plug-off", "Lost", "s-partial"),
    "cancelling": Shown("ban", "Cancelling"),
    "succeeded": Shown("check", "Succeeded", "s-ok"),
    "partial": Shown("alert-triangle", "Partial", "s-partial"),
    "failed": Shown("x", "Failed", "s-failed"),
    "timed_out": Shown("hourglass", "Timed out", "s-failed"),
    "crashed": Shown("server-off", "Crashed", "s-crashed"),
    "cancelled": Shown("ban", "Cancelled"),
    # plugins and connections
    "online": Shown("", "Online"),
    "offline": Shown("", "Offline"),
    "paused": Shown("", "Quarantined"),
    "open": Shown("", "Online"),
    "draining": Shown("", "Draining"),
    "quarantined": Shown("", "Quarantined"),
    "refused": Shown("", "Refused"),
    "closed": Shown("", "Closed"),
    # managed scripts
    "stopped": Shown("player-stop", "Stopped"),
    "making": Shown("loader-2", "Making its environment"),
    "starting": Shown("loader-2", "Starting"),
    "up": Shown("", "Up"),
    "backing_off": Shown("clock", "Backing off"),
    "stopping": Shown("ban", "Stopping"),
    "gave_up": Shown("server-off", "Gave up"),
    "backoff": Shown("clock", "Backing off"),
    "gaveup": Shown("server-off", "Gave up"),
    # imports
    "receiving": Shown("loader-2", "Receiving", "s-running"),
    "applied": Shown("check", "Applied", "s-ok"),
    "staged": Shown("eye", "Staged"),
    "discarded": Shown("trash", "Discarded"),
    "undone": Shown("arrow-back-up", "Undone"),
    # exports
    "building": Shown("loader-2", "Building", "s-running"),
    "ready": Shown("check", "Ready", "s-ok"),
    # items and assets of a scope
    "accepted": Shown("check", "Accepted", "s-ok"),
    "rejected": Shown("alert-triangle", "Rejected", "s-partial"),
    "unchanged": Shown("check", "Unchanged"),
    "no_result": Shown("circle-dashed", "No result"),
    "not_reached": Shown("circle-dashed", "Not reached"),
}

# The stylesheet knows the states of sessions and of plugins; the others take the colour of a relative.
COLOURS = {
    "open": "online",
    "draining": "partial",
    "quarantined": "failed",
    "refused": "failed",
    "closed": "offline",
    "stopped": "cancelled",
    "making": "running",
    "starting": "running",
    "up": "online",
    "backing_off": "backoff",
    "stopping": "cancelling",
    "gave_up": "gaveup",
    "receiving": "running",
    "building": "running",
    "ready": "succeeded",
    "applied": "succeeded",
    "staged": "queued",
    "discarded": "cancelled",
    "undone": "cancelled",
    "unchanged": "queued",
    "no_result": "queued",
    "not_reached": "queued",
}


def shown(state: str) -> Shown:
    return STATES.get(state, Shown("info-circle", state.replace("_", " ").capitalize()))


def colour(state: str) -> str:
    """The value for `data-state`, from which whatever is inside takes its colour."""
    return COLOURS.get(state, state)


def duration(seconds: float | timedelta | None) -> str:
    """`0.4 s`, `42 s`, `3m 12s`, `1h 04m`, `3d 04h`."""
    if seconds is None:
        return "–"
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    seconds = max(0.0, float(seconds))
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    for size, large, small in ((86_400, "d", "h"), (3_600, "h", "m"), (60, "m", "s")):
        if whole >= size:
            rest = (whole % size) // {"d": 3_600, "h": 60, "m": 1}[large]
            return f"{whole // size}{large} {rest:02}{small}"
    return f"{whole} s"


def span(seconds: int) -> str:
    """A limit in words without zeros: `24 h`, `30 min`, `90 s`."""
    for size, unit in ((3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size:,} {unit}"
    return f"{seconds:,} s"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """`now`, `3 min ago`, `2 h ago`, `5 days ago`, then the date; `in 3 min` for what is to come."""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    words = _rough(abs(seconds))
    if words is None:
        return f"{moment:%-d %b %Y}"
    if words == "now":
        return words
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _rough(seconds: float) -> str | None:
    if seconds < 10:
        return "now"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3_600:
        return f"{seconds // 60:.0f} min"
    if seconds < 86_400:
        return f"{seconds // 3_600:.0f} h"
    days = int(seconds // 86_400)
    if days < 30:
        return "1 day" if days == 1 else f"{days} days"
    return None


def grouped(number: int | float | None) -> str:
    """`1,204`; a dash for what is not known."""
    if number is None:
        return "–"
    return f"{number:,}"
