"""Pages of long lists by key, never by offset: page one thousand costs what the first one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from .newest import newest_of, next_above

Row = TypeVar("Row", bound=Model)
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page; `back` and `more` are the keys to ask for in `?before=` and `?after=`, None at the ends."""

    rows: list[Row]
    back: int | None
    more: int | None


def page_of(
    rows: QuerySet[Row], asked: Mapping[str, Any], *, key: str, size: int, newest_first: bool = False
) -> Page[Row]:
    """The page that the query string asks for by the key at its edge. `key` is a unique whole number, with an index."""
    after, before = _number(asked.get("after")), _number(asked.get("before"))
    onward, backward = ("lt", "gt") if newest_first else ("gt", "lt")
    order = f"-{key}" if newest_first else key
    if before is not None:
        found = list(rows.filter(**{f"{key}__{backward}": before}).order_by(order).reverse()[: size + 1])
        return _page(found[:size][::-1], key, has_back=len(found) > size, has_more=True)
    if after is not None:
        rows = rows.filter(**{f"{key}__{onward}": after})
    found = list(rows.order_by(order)[: size + 1])
    return _page(found[:size], key, has_back=after is not None, has_more=len(found) > size)


def newest_page(rows: QuerySet[Row], asked: Mapping[str, Any], *, size: int) -> Page[Row]:
    """As `page_of` by `pk`, newest first, for a table so long that only a window of it may be looked at."""
    after, before = _number(asked.get("after")), _number(asked.get("before"))
    if before is not None:
        above = next_above(rows, size + 1, before)
        return _page(above[:size][::-1], "pk", has_back=len(above) > size, has_more=True)
    found = newest_of(rows, size + 1, below=after)
    return _page(found[:size], "pk", has_back=after is not None, has_more=len(found) > size)


def _page(rows: list[Row], key: str, *, has_back: bool, has_more: bool) -> Page[Row]:
    if not rows:
        return Page(rows, None, None)
    first, last = getattr(rows[0], key), getattr(rows[-1], key)
    return Page(rows, first if has_back else None, last if has_more else None)


def count_up_to(rows: QuerySet[Any], most: int = MOST_COUNTED) -> int:
    """How many there are, but never counting further than one past `most`."""
    return rows.order_by()[: most + 1].count()


def _number(text: object) -> int | None:
    is_number = isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 18
    return int(str(text)) if is_number else None
