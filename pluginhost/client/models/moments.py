"""Moments as the host reads them."""

from datetime import datetime, timezone


def written(moment: datetime) -> str:
    """In UTC, with milliseconds; one that has no zone is taken for UTC."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return zoned.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
