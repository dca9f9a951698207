"""Days as people ask for them: those of UTC, and none so far away that the clock has no room to count on."""

from __future__ import annotations

from datetime import date

FIRST_YEAR, LAST_YEAR = 2000, 2200


def is_meant(day: date) -> bool:
    """Whether anything can have happened then: years such as 9999 are slips, and the day after may not exist."""
    return FIRST_YEAR <= day.year <= LAST_YEAR
