"""Which assets the items of an import are for, and whether they may be labeled. Only reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard

from django.db.models import BooleanField, Case, ExpressionWrapper, Q, TextField, When
from django.db.models.functions import Cast

from . import file_links
from .models import Asset, Project, Session, Task
from .prepared import Prepared, listed, members_of
from .protocol.asset_items import data_digest
from .protocol.geometry import Refusal, is_number
from .protocol.image_bounds import Size
from .protocol.import_items import Item, Read
from .protocol.numbers import NumberSet

_TODO = str(Task.Status.TODO)
_NAMELESS = Item("", "", "", {}, "")


class Target(NamedTuple):
    """An asset that an item names, and what it is found by: its external id, for example.

    One that `is_answered` shows what people made of it, whatever it is given.
    """

    found_by: str
    pk: int
    number: int
    status: str
    metadata: str | None
    is_answered: bool

    @property
    def size(self) -> Size | None:
        """Its image's width and height, where they are known."""
        return _size(self.metadata) if self.metadata else None


class Targets:
    """A project's assets as items name them: by external id (several may have one), by data, or by id."""

    def __init__(self, project: Project, session: Session | None, host: str) -> None:
        self._project = project
        self._scope = session.scope.numbers if session else None
        self._host = host

    def of(self, items: Sequence[Read]) -> list[list[Target]]:
        """The assets of each item, in at most three queries."""
        names = {item.external_id for item in items}
        by_external_id = self._found("external_id", names - {""})
        found = [by_external_id.get(item.external_id, []) for item in items]
        return found if all(found) else self._of_others(items, by_external_id)

    def _of_others(self, items: Sequence[Read], by_external_id: dict[str, list[Target]]) -> list[list[Target]]:
        """Those that external ids do not lead to are looked for by what else names them."""
        others = [item if isinstance(item, Item) else _NAMELESS for item in items]
        digests = [data_digest(file_links.bare(item.data, self._host)) if item.data else "" for item in others]
        by_data = self._found("data_digest", {digest for digest in digests if digest})
        by_uid = self._found("uid", {item.uid for item in others if item.uid})
        return [
            by_external_id.get(item.external_id) or by_data.get(digest) or by_uid.get(other.uid) or []
            for item, other, digest in zip(items, others, digests, strict=True)
        ]

    def taking(self, targets: Sequence[Target]) -> set[int]:
        """The keys of those that may be given pre-labels; of the others `check` says why not."""
        scope = self._scope
        if scope is None or not NumberSet.of(target.number for target in targets) - scope:
            return {target.pk for target in targets if target.status == _TODO}
        return {target.pk for target in targets if target.status == _TODO and target.number in scope}

    def check(self, target: Target, index: int) -> None:
        """Refusal unless the asset may be given pre-labels."""
        if self._scope is not None and target.number not in self._scope:
            message = (
                f"Asset {target.number} is not in the scope of this session; give only what was read with its key."
            )
            raise Refusal("out_of_scope", f"[{index}]", message)
        if target.status != _TODO:
            message = f"The task of asset {target.number} is {target.status}; only those in To Do take pre-labels."
            raise Refusal("not_todo", f"[{index}]", message)

    def _found(self, column: str, values: set[str]) -> dict[str, list[Target]]:
        if not values:
            return {}
        rows = _ASSETS[column].rows(self._project.pk, listed(values))
        found = {target.found_by: [target] for target in map(Target._make, rows)}
        return found if len(found) == len(rows) else _several(rows)


def _several(rows: list[tuple[Any, ...]]) -> dict[str, list[Target]]:
    """Where some have the same value: those in the order of their numbers."""
    found: dict[str, list[Target]] = {}
    for target in sorted(map(Target._make, rows), key=lambda target: target.number):
        found.setdefault(target.found_by, []).append(target)
    return found


def _assets(column: str) -> Prepared:
    """The assets of a project with one of some values; their metadata as text, which is the same for many.

    None of what has several pages, each of a size of its own.
    """
    size = Case(When(dataset__isnull=True, then=Cast("metadata", TextField())), output_field=TextField())
    is_answered = ExpressionWrapper(Q(task__answer__isnull=False), output_field=BooleanField())
    columns = (column, "pk", "number", "task__status", size, is_answered)
    return Prepared(
        lambda project, values: (
            Asset.objects.filter(project=project, **{f"{column}__in": members_of(values, "text")})
            .order_by()
            .values_list(*columns)
        ),
        2,
    )


_ASSETS = {column: _assets(column) for column in ("external_id", "data_digest", "uid")}


@lru_cache(maxsize=4096)
def _size(metadata: str) -> Size | None:
    read = json.loads(metadata)
    if not isinstance(read, dict):
        return None
    width, height = read.get("width"), read.get("height")
    return (width, height) if _is_length(width) and _is_length(height) else None


def _is_length(value: Any) -> TypeGuard[float]:
    return is_number(value) and value > 0


def missing(item: Item, index: int) -> Refusal:
    """That no asset is what the item names."""
    by = "externalId" if item.external_id else "data" if item.data else "_id"
    shown = item.name if len(item.name) <= 200 else f"{item.name[:199]}…"
    return Refusal("unknown_asset", f"[{index}].{by}", f"No asset of this project has the {by} «{shown}».")
