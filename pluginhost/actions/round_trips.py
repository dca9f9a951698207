"""How long scripts take to answer a probe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pluginhost import nudge
from pluginhost.actions import bulk
from pluginhost.models import Connection


@dataclass(frozen=True)
class RoundTrip:
    """A probe that was answered."""

    connection_id: int
    at: datetime
    milliseconds: float
    slowest: float


def note_round_trips(trips: list[RoundTrip]) -> None:
    """Kept for the pages to show. Nobody is nudged: with thousands of scripts that would cost more than it tells."""
    rows = [(trip.milliseconds, trip.slowest, bulk.moment(trip.at), trip.connection_id) for trip in trips]
    with transaction.atomic():
        bulk.update(Connection, ("round_trip_ms", "slowest_ms", "probed_at"), "id", rows)
        nudge.nobody()
