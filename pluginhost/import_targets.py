"""Which assets the items of an import are for, and whether they may be labeled. Only reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Case, TextField, When
from django.db.models.functions import Cast

from . import file_links
from .models import Asset, Project, Session, Task
from .protocol.asset_items import data_digest
from .protocol.geometry import Refusal, is_number
from .protocol.image_bounds import Size
from .protocol.import_items import Item


class Target(NamedTuple):
    """An asset that an item names. `size` is its image's width and height, where that is known."""

    pk: int
    number: int
    status: str
    size: Size | None


class Targets:
    """A project's assets as items name them: by external id (several may have one), by data, or by id."""

    def __init__(self, project: Project, session: Session | None, host: str) -> None:
        self._project = project
        self._scope = session.scope.numbers if session else None
        self._host = host

    def of(self, items: Sequence[Item]) -> list[list[Target]]:
        """The assets of each item, in at most three queries."""
        by_external_id = self._found("external_id", {item.external_id for item in items if item.external_id})
        digests = [data_digest(file_links.bare(item.data, self._host)) if item.data else "" for item in items]
        by_data = self._found("data_digest", {digest for digest in digests if digest})
        by_uid = self._found("uid", {item.uid for item in items if item.uid})
        return [
            by_external_id.get(item.external_id) or by_data.get(digest) or by_uid.get(item.uid) or []
            for item, digest in zip(items, digests, strict=True)
        ]

    def check(self, target: Target, index: int) -> None:
        """Refusal unless the asset may be given pre-labels."""
        if self._scope is not None and target.number not in self._scope:
            message = (
                f"Asset {target.number} is not in the scope of this session; give only what was read with its key."
            )
            raise Refusal("out_of_scope", f"[{index}]", message)
        if target.status != Task.Status.TODO:
            message = f"The task of asset {target.number} is {target.status}; only those in To Do take pre-labels."
            raise Refusal("not_todo", f"[{index}]", message)

    def _found(self, column: str, values: set[str]) -> dict[str, list[Target]]:
        found: dict[str, list[Target]] = {}
        if values:
            assets = Asset.objects.filter(**{"project": self._project, f"{column}__in": values}).order_by("number")
            for value, pk, number, status, metadata in assets.values_list(*_columns(column)):
                found.setdefault(value, []).append(Target(pk, number, status, _size(metadata)))
        return found


def _columns(column: str) -> tuple[Any, ...]:
    """The metadata as text, which is the same for many; none of what has several pages, each of its own size."""
    text = Case(When(dataset__isnull=True, then=Cast("metadata", TextField())), output_field=TextField())
    return column, "pk", "number", "task__status", text


@lru_cache(maxsize=4096)
def _size(metadata: str | None) -> Size | None:
    read = json.loads(metadata) if metadata else None
    if not isinstance(read, dict):
        return None
    width, height = read.get("width"), read.get("height")
    return (width, height) if is_number(width) and is_number(height) and width > 0 and height > 0 else None


def missing(item: Item, index: int) -> Refusal:
    """That no asset is what the item names."""
    by = "externalId" if item.external_id else "data" if item.data else "_id"
    shown = item.name if len(item.name) <= 200 else f"{item.name[:199]}…"
    return Refusal("unknown_asset", f"[{index}].{by}", f"No asset of this project has the {by} «{shown}».")
