"""Times as the API writes them: ISO 8601 in UTC, with milliseconds and Z."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema


def iso(moment: datetime) -> str:
    """`2026-11-22T07:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2026-11-22T07:30:00.000Z"}),
]
