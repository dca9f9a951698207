"""The items of an import, each with what became of it and what was remarked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Literal

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from pluginhost import access
from pluginhost.models import Import, Notice, PreLabel, Rejection

from .auth import principal_of
from .paging import Page, Paging, read_cursor, write_cursor

router = Router()
Outcome = Literal["accepted", "rejected", "unchanged"]
Row = PreLabel | Notice | Rejection


class Said(BaseModel):
    code: str
    path: str = Field(description="Where in the request, for example [17].objects[3].bounding-box.")
    message: str


class ImportItem(BaseModel):
    index: int = Field(description="Its place in the request, from 0.")
    external_id: str
    asset: str | None
    outcome: Outcome
    reason: Said | None = Field(description="Why it was rejected.")
    notices: list[Said] = Field(description="What was remarked about it, though it was taken.")
    objects: int = Field(description="Of all items about this asset, at the first of them.")


class ItemsAsked(Paging):
    outcome: Outcome | None = None


@router.get("/imports/{import_id}/items", response=Page[ImportItem], summary="Its items, each with what became of it")
def list_items(request: HttpRequest, import_id: str, asked: Query[ItemsAsked]) -> Page[ImportItem]:
    """In the order of the request. An item that names several assets comes once for each."""
    found = access.imported(principal_of(request), import_id)
    sources = [rows for outcome in _outcomes(asked.outcome) for rows in _SOURCES[outcome](found)]
    items = list(islice(merge(*(_after(rows, asked) for rows in sources), key=_place), asked.limit + 1))
    page = items[: asked.limit]
    remarks = _remarks(found, page)
    return Page(
        items=[_item(row, remarks.get(row.index, [])) for row in page],
        next=write_cursor(*_place(page[-1])) if len(items) > len(page) else None,
        total=sum(rows.count() for rows in sources),
    )


# --- the rows that tell of items ---


def _outcomes(asked: Outcome | None) -> list[Outcome]:
    return [asked] if asked else ["accepted", "unchanged", "rejected"]


def _given(found: Import, *, is_unchanged: bool) -> list[QuerySet[Any]]:
    """What assets were given by their first items, and the further items that were put together with these."""
    if is_unchanged and not found.unchanged:
        return []
    rows = PreLabel.objects.filter(origin=found, is_unchanged=is_unchanged)
    first = rows.select_related("asset").defer("content")
    if not found.notices.get("merged"):
        return [first]
    return [first, _remarked(found, "merged", is_unchanged).filter(Exists(rows.filter(asset=OuterRef("asset"))))]


def _unchanged(found: Import) -> list[QuerySet[Any]]:
    repeated = [_remarked(found, "repeated", True)] if found.notices.get("repeated") else []
    return [*_given(found, is_unchanged=True), *repeated]


def _remarked(found: Import, code: str, is_unchanged: bool) -> QuerySet[Any]:
    """Items of which only a notice is kept."""
    rows = Notice.objects.filter(origin=found, code=code).select_related("asset")
    return rows.annotate(is_unchanged=Value(is_unchanged))


_SOURCES: dict[Outcome, Any] = {
    "accepted": lambda found: _given(found, is_unchanged=False),
    "unchanged": _unchanged,
    "rejected": lambda found: [Rejection.objects.filter(origin=found).select_related("asset")],
}
_RANKS: list[type[Row]] = [PreLabel, Notice, Rejection]


def _place(row: Row) -> tuple[int, int, int]:
    """Where a row stands among all: those of one item by their kind, then as they were stored."""
    return row.index, _RANKS.index(type(row)), row.pk


def _after(rows: QuerySet[Any], asked: ItemsAsked) -> list[Row]:
    """The rows of one source that may stand on the page."""
    if asked.cursor is not None:
        index, rank, key = read_cursor(asked.cursor, 3)
        own = _RANKS.index(rows.model)
        same = Q(index=index, pk__gt=key) if own == rank else Q(index=index)
        onward = Q(index__gt=index)
        rows = rows.filter(onward if own < rank else onward | same)
    return list(rows.order_by("index", "pk")[: asked.limit + 1])


def _remarks(found: Import, rows: Iterable[Row]) -> dict[int, list[Notice]]:
    """All that was remarked about the items on a page, by their places."""
    remarks: dict[int, list[Notice]] = {}
    if found.notices:
        places = {row.index for row in rows if not isinstance(row, Rejection)}
        for one in Notice.objects.filter(origin=found, index__in=places).order_by("pk"):
            remarks.setdefault(one.index, []).append(one)
    return remarks


# --- how an item is shown ---


def _item(row: Row, remarks: list[Notice]) -> ImportItem:
    if isinstance(row, Rejection):
        return _shown(row, "rejected", row.external_id, reason=_said(row))
    outcome: Outcome = "unchanged" if row.is_unchanged else "accepted"  # type: ignore[union-attr]  # notices are annotated
    about = [_said(one) for one in remarks if one.asset_id in (None, row.asset_id)]
    objects = row.objects_count if isinstance(row, PreLabel) else 0
    return _shown(row, outcome, row.asset.external_id if row.asset else "", notices=about, objects=objects)


def _shown(
    row: Row,
    outcome: Outcome,
    external_id: str,
    *,
    reason: Said | None = None,
    notices: Sequence[Said] = (),
    objects: int = 0,
) -> ImportItem:
    return ImportItem(
        index=row.index,
        external_id=external_id,
        asset=row.asset.uid if row.asset else None,
        outcome=outcome,
        reason=reason,
        notices=list(notices),
        objects=objects,
    )


def _said(row: Notice | Rejection) -> Said:
    return Said(code=row.code, path=row.path, message=row.message)
