"""Imports: what came, what was taken, and what was refused and why."""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from pluginhost import access
from pluginhost.models import Import, PreLabel, Rejection

from .auth import principal_of
from .paging import Page, Paging, page, read_cursor, write_cursor
from .times import Moment

router = Router()


class ReasonCount(BaseModel):
    code: str
    count: int


class ImportShown(BaseModel):
    id: int
    session: str | None = Field(description="The session's id on the wire; null for an import by a personal key.")
    session_id: int | None
    project: str
    plugin: str | None
    received_at: Moment
    applied_at: Moment | None
    state: Import.State
    existing: str
    size: int
    items: int
    accepted: int
    rejected: int
    unchanged: int
    objects: int
    classes: dict[str, int] = Field(description="Objects by labeling tool (schemaId).")
    reasons: list[ReasonCount] = Field(description="Why items were rejected, the most frequent first.")


class Reason(BaseModel):
    code: str
    path: str = Field(description="Where in the item, for example objects[3].bounding-box.")
    message: str


class ImportItem(BaseModel):
    index: int = Field(description="Its place in the request, from 0.")
    external_id: str
    asset: str | None
    outcome: Literal["accepted", "rejected", "unchanged"]
    reason: Reason | None
    objects: int


class ItemsAsked(Paging):
    outcome: Literal["accepted", "rejected", "unchanged"] | None = None


def _show(imports: list[Import]) -> list[ImportShown]:
    return [_shown(found) for found in imports]


def _shown(found: Import) -> ImportShown:
    copied = (
        "id", "session_id", "received_at", "applied_at", "state", "existing", "size", "items", "accepted", "rejected",
        "unchanged", "classes",
    )  # fmt: skip
    reasons = sorted(found.reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    return ImportShown(
        **{name: getattr(found, name) for name in copied},
        session=found.session.uid if found.session else None,
        project=found.project.uid,
        plugin=found.plugin.uid if found.plugin else None,
        objects=found.objects_count,
        reasons=[ReasonCount(code=code, count=count) for code, count in reasons],
    )


@router.get("/sessions/{session_id}/imports", response=Page[ImportShown], summary="What a session imported")
def list_imports(request: HttpRequest, session_id: str, paging: Query[Paging]) -> Page[ImportShown]:
    """In the order in which they came."""
    session = access.session(principal_of(request), session_id)
    rows = Import.objects.of_session(session).select_related("session", "project", "plugin")
    return page(rows, paging, _show, newest_first=False)


@router.get("/imports/{import_id}", response=ImportShown, summary="One import")
def get_import(request: HttpRequest, import_id: str) -> ImportShown:
    return _shown(access.imported(principal_of(request), import_id))


@router.get("/imports/{import_id}/items", response=Page[ImportItem], summary="Its items, each with what became of it")
def list_items(request: HttpRequest, import_id: str, asked: Query[ItemsAsked]) -> Page[ImportItem]:
    """In the order of the request. Items that were about one asset are one, at the place of the first."""
    found = access.imported(principal_of(request), import_id)
    sources = [_KINDS[kind](found) for kind in _kinds_of(asked.outcome)]
    items = list(islice(merge(*(_after(rows, asked) for rows in sources), key=_place), asked.limit + 1))
    shown = items[: asked.limit]
    return Page(
        items=[_item(row) for row in shown],
        next=write_cursor(*_place(shown[-1])) if len(items) > len(shown) else None,
        total=sum(rows.count() for rows in sources),
    )


def _given(found: Import, is_unchanged: bool) -> QuerySet[PreLabel]:
    return PreLabel.objects.filter(origin=found, is_unchanged=is_unchanged).select_related("asset").defer("content")


_KINDS: dict[str, Any] = {
    "accepted": lambda found: _given(found, is_unchanged=False),
    "unchanged": lambda found: _given(found, is_unchanged=True),
    "rejected": lambda found: Rejection.objects.filter(origin=found).select_related("asset"),
}


def _kinds_of(outcome: str | None) -> list[str]:
    return [outcome] if outcome else list(_KINDS)


Row = PreLabel | Rejection


def _place(row: Row) -> tuple[int, int, int]:
    """Where a row stands among all: pre-labels before rejections of the same item, then as they were stored."""
    return row.index, _rank(type(row)), row.pk


def _rank(model: type[Row]) -> int:
    return 1 if model is Rejection else 0


def _after(rows: QuerySet[Any], asked: ItemsAsked) -> list[Row]:
    """The rows of one source that may stand on the page."""
    if asked.cursor is not None:
        index, rank, key = read_cursor(asked.cursor, 3)
        same = Q(index=index, pk__gt=key) if _rank(rows.model) == rank else Q(index=index)
        onward = Q(index__gt=index)
        rows = rows.filter(onward if _rank(rows.model) < rank else onward | same)
    return list(rows.order_by("index", "pk")[: asked.limit + 1])


def _item(row: Row) -> ImportItem:
    if isinstance(row, PreLabel):
        return ImportItem(
            index=row.index,
            external_id=row.asset.external_id,
            asset=row.asset.uid,
            outcome="unchanged" if row.is_unchanged else "accepted",
            reason=None,
            objects=row.objects_count,
        )
    return ImportItem(
        index=row.index,
        external_id=row.external_id,
        asset=row.asset.uid if row.asset else None,
        outcome="rejected",
        reason=Reason(code=row.code, path=row.path, message=row.message),
        objects=0,
    )
