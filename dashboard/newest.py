"""The newest rows of a very long table: looked for among the last ones first.

A database that joins to what somebody may see cannot walk the table backwards as well: it sorts all that they may
see, to show six. A window on the key keeps that small; it is widened for those who see few of very many.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Max, Model, QuerySet

Row = TypeVar("Row", bound=Model)
_WINDOWS = (2_000, 20_000, 200_000)


def newest_of(rows: QuerySet[Row], count: int, *, within: int | None = None) -> list[Row]:
    """The newest `count` of these rows, newest first; `within` says among how many of the table's last rows at most."""
    last = rows.model._default_manager.aggregate(last=Max("pk"))["last"] or 0
    for window in _WINDOWS:
        found = list(rows.filter(pk__gt=last - window).order_by("-pk")[:count])
        if len(found) == count or window >= (within or last):
            return found
    return list(rows.order_by("-pk")[:count])
