"""The newest rows of a very long table: looked for among the last ones first.

A database that joins to what somebody may see cannot walk the table backwards as well: it sorts all that they may
see, to show six. A window on the key keeps that small; it is widened for those who see few of very many.
"""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from django.db.models import Model, QuerySet

from pluginhost.prepared import Prepared

Row = TypeVar("Row", bound=Model)
_WINDOWS = (2_000, 20_000, 200_000)


def newest_of(rows: QuerySet[Row], count: int, *, below: int | None = None, within: int | None = None) -> list[Row]:
    """The newest `count` of these rows, newest first: of those with a key under `below`, if it is given.

    `within` says among how many of the table's last rows at most.
    """
    top = last_key(rows.model) + 1
    top = top if below is None else min(below, top)
    older = rows.filter(pk__lt=top).order_by("-pk")
    for window in _WINDOWS:
        found = list(older.filter(pk__gte=top - window)[:count])
        if len(found) == count or window >= (within or top):
            return found
    return list(older[:count])


def next_above(rows: QuerySet[Row], count: int, above: int) -> list[Row]:
    """Those `count` rows whose keys follow `above`, the nearest first."""
    newer, last = rows.filter(pk__gt=above).order_by("pk"), last_key(rows.model)
    for window in _WINDOWS:
        found = list(newer.filter(pk__lte=above + window)[:count])
        if len(found) == count or above + window >= last:
            return found
    return list(newer[:count])


def last_key(model: type[Model]) -> int:
    """The key of the table's newest row."""
    found = _last_of(model).rows()
    return int(found[0][0]) if found else 0


@cache
def _last_of(model: type[Model]) -> Prepared:
    return Prepared(lambda: model._default_manager.order_by("-pk").values_list("pk")[:1], 0)
