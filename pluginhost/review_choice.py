"""What a review lets pass of what a session has staged, asset by asset. Only reads; `actions.reviews` applies it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import QuerySet

from .models import Import, PreLabel, Session
from .protocol.confidence import passes

_Row = tuple[int, int, int, str]
_AT_ONCE = 1_000
_JUDGED = ("objects", "classifications")


class Taken(NamedTuple):
    """What an asset is given of a staged import; `place` is that of its item there."""

    asset: int
    number: int
    place: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """Of these classes (schemaIds), of at least this confidence, without the assets of these numbers.

    What carries no confidence passes. An asset of whose objects none passes is given nothing.
    """

    classes: Collection[str] | None = None
    least_confidence: float | None = None
    without: Collection[int] = ()

    @property
    def is_everything(self) -> bool:
        return self.classes is None and self.least_confidence is None and not self.without

    def of(self, content: dict[str, Any]) -> dict[str, Any] | None:
        """What passes of it, with the relations whose ends do; None when there was something and none of it does."""
        if self.classes is None and self.least_confidence is None:
            return content
        lists = {name: [item for item in content.get(name, ()) if self._passes(item)] for name in _JUDGED}
        if not any(lists.values()) and any(content.get(name) for name in _JUDGED):
            return None
        there = {item.get("objectId") for item in lists["objects"]}
        related = [item for item in content.get("relations", ()) if _ends(item) <= there]
        return {**content, **lists, "relations": related}

    def _passes(self, item: dict[str, Any]) -> bool:
        return passes(item, self.classes, self.least_confidence)


def _ends(relation: dict[str, Any]) -> set[object]:
    return {relation[name] for name in ("from", "to") if name in relation} | set(relation.get("group") or ())


def staged(session: Session) -> QuerySet[Import]:
    """What waits for a review, the newest first: a session's later result takes the place of its earlier one."""
    return Import.objects.filter(session=session, state=Import.State.STAGED).order_by("-pk")


def taken(imports: Collection[Import], choice: Choice) -> Iterator[tuple[Import, list[Taken]]]:
    """What passes of each import, some assets at a time; each asset comes once, with the newest of its results."""
    seen: set[int] = set(choice.without)
    for imported in imports:
        for rows in _rows(imported):
            fresh = [row for row in rows if row[1] not in seen]
            seen.update(number for _, number, _, _ in fresh)
            yield imported, [one for row in fresh if (one := _of(choice, row)) is not None]


def _of(choice: Choice, row: _Row) -> Taken | None:
    asset, number, place, text = row
    content = choice.of(json.loads(text))
    return None if content is None else Taken(asset, number, place, content)


def _rows(imported: Import) -> Iterator[list[_Row]]:
    """By asset, in the order of the index that there is for it."""
    rows = PreLabel.objects.filter(origin=imported, is_unchanged=False).order_by("asset_id")
    columns = ("asset_id", "asset__number", "index", "content")
    after = 0
    while some := list(rows.filter(asset_id__gt=after).values_list(*columns)[:_AT_ONCE]):
        yield some
        after = some[-1][0]
