"""Pages of assets: exact totals that are kept, not counted, and a session's key that sees its scope alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q, QuerySet

from pluginhost.actions import reads
from pluginhost.asset_numbers import numbers_of
from pluginhost.models import Asset, Batch, BatchAsset, Project, Session
from pluginhost.prepared import Prepared
from pluginhost.protocol.numbers import NumberSet

from .door import Call


@dataclass(frozen=True)
class Page:
    """The numbers of the assets on one page, in the order they are shown, and how many there are in all."""

    numbers: list[int]
    total: int


class OfAssets:
    """What the database knows about the assets with these numbers, asked with queries whose SQL is made once."""

    def __init__(self, project: Project, numbers: Sequence[int]) -> None:
        self._project, self._bounds = project.pk, _bounds(numbers)

    def rows(self, queryset: Callable[..., QuerySet[Any, Any]]) -> list[tuple[Any, ...]]:
        """Of `queryset(project, *bounds)`, a `values_list` that uses `among`."""
        return _prepared(queryset, len(self._bounds)).rows(self._project, *self._bounds)

    def rows_for(self, session: Session | None, queryset: Callable[..., QuerySet[Any, Any]]) -> list[tuple[Any, ...]]:
        """Of `queryset(session or None, project, *bounds)`: what is shown to a session's script is not the same."""
        if session is None:
            return _prepared_for_people(queryset, len(self._bounds)).rows(self._project, *self._bounds)
        return _prepared(queryset, 1 + len(self._bounds)).rows(session.pk, self._project, *self._bounds)


def _bounds(numbers: Sequence[int]) -> tuple[int, ...]:
    """Two numbers for neighbours, the first and the last; else all of them, and one twice so as not to be two."""
    first, last = min(numbers, default=1), max(numbers, default=0)
    return (first, last) if last - first + 1 == len(numbers) else (*numbers, last)


@lru_cache(maxsize=64)
def _prepared(queryset: Callable[..., QuerySet[Any, Any]], bounds: int) -> Prepared:
    return Prepared(queryset, 1 + bounds)


@lru_cache(maxsize=64)
def _prepared_for_people(queryset: Callable[..., QuerySet[Any, Any]], bounds: int) -> Prepared:
    return Prepared(lambda *values: queryset(None, *values), 1 + bounds)


def among(path: str, *bounds: int) -> Q:
    """Rows about some assets, by their bounds; `path` leads from the row to its asset."""
    return Q(**{f"{path}number__range": bounds}) if len(bounds) == 2 else Q(**{f"{path}number__in": bounds})


def page_of(call: Call, project: Project, chosen: QuerySet[Asset], *, is_filtered: bool, newest_first: bool) -> Page:
    """The page that the query asks for. What a session's key reads is written down."""
    skip, limit = call.query.skip, call.query.limit
    if is_filtered:
        page = _filtered(call, chosen, skip, limit, newest_first=newest_first)
    else:
        page = _unfiltered(call, project, skip, limit, newest_first=newest_first)
    if call.session is not None:
        reads.note_read(call.session, page.numbers, limit)
    return page


def in_batches(chosen: QuerySet[Asset], batches: list[Batch], *, all_of_them: bool = True) -> QuerySet[Asset]:
    """Those of the assets that are in each of the batches, or in any of them."""
    if not batches:
        return chosen
    places = BatchAsset.objects.filter(batch__in=batches).values("asset")
    if all_of_them and len(batches) > 1:
        places = places.annotate(found=Count("batch")).filter(found=len(batches)).values("asset")
    return chosen.filter(pk__in=places)


def _unfiltered(call: Call, project: Project, skip: int, limit: int, *, newest_first: bool) -> Page:
    if call.session is not None:
        return cut(call.session.scope.numbers - project.head.deleted, skip, limit, newest_first=newest_first)
    head = project.head
    if head.assets == head.last_number:  # none is missing: the page follows from the numbers alone
        return Page(_run(head.assets, skip, limit, newest_first=newest_first), head.assets)
    return cut(head.numbers, skip, limit, newest_first=newest_first)


def _filtered(call: Call, chosen: QuerySet[Asset], skip: int, limit: int, *, newest_first: bool) -> Page:
    ordered = chosen.order_by("-number" if newest_first else "number").values_list("number", flat=True)
    if call.session is None:
        return Page(list(ordered[skip : skip + limit]), chosen.order_by().count())
    numbers = numbers_of(chosen) & call.session.scope.numbers
    return cut(numbers, skip, limit, newest_first=newest_first)


def _run(count: int, skip: int, limit: int, *, newest_first: bool) -> list[int]:
    """A page of 1 … count."""
    places = range(skip, min(skip + limit, count))
    return [count - place if newest_first else place + 1 for place in places]


def cut(numbers: NumberSet, skip: int, limit: int, *, newest_first: bool) -> Page:
    """A page of these."""
    total = len(numbers)
    if not newest_first:
        return Page(numbers.page(skip, limit), total)
    count = min(limit, total - skip)
    return Page(numbers.page(total - skip - count, count)[::-1] if count > 0 else [], total)
