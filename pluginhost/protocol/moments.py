"""Moments on the wire: ISO 8601 UTC with milliseconds and a Z."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_LOST_PLUS = re.compile(r"(T\S+) (\d\d:?\d\d)\Z")


def text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat("T", "milliseconds")[:-6] + "Z"  # for `+00:00`


def moment_of(text: str) -> datetime:
    """The moment that a client wrote, UTC where it names no zone; ValueError when it is none.

    A `+` that was not escaped in an address has become a blank.
    """
    moment = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text.strip()))
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("no moment of ours") from None
