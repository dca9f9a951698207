"""Checking an import without importing it: the same reasons by the same code, and nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings

from .errors import Invalid, TooLarge
from .import_sorting import Noticed, Refused, Sorting
from .models import Project
from .protocol.given import Given
from .protocol.import_body import items_of
from .protocol.import_items import Read
from .protocol.json_place import NotJson
from .protocol.plain_items import decode_items
from .protocol.streams import Bounded, Readable
from .protocol.walk import Walk

MOST_TOLD = 1_000
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Checked:
    """What an import of this would come to; `refused` and `noticed` are the first thousand of each.

    `accepted`, `rejected` and `unchanged` are items and come to `items`; `assets` would be given pre-labels.
    """

    items: int = 0
    accepted: int = 0
    rejected: int = 0
    unchanged: int = 0
    assets: int = 0
    objects: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)


def check(project: Project, body: Readable, host: str = "") -> Checked:
    """What would become of each item of `{"jsonContent": […]}` or of a list of items by itself.

    Invalid when the body is no JSON or none of this shape, TooLarge when it is more than a check takes. What earlier
    imports gave is not looked at: whether it is replaced is for the run to say.
    """
    sorting = Sorting(project, None, host)
    given: dict[int, Given] = {}
    items = 0
    try:
        bounded = Bounded(body, settings.PLUGINHOST_BODY_LIMIT, _too_large)
        for pending in _pieces(sorting, Walk(bounded, form=decode_items)):
            items += pending.count
            sorting.sort(pending.read, lambda _: given)  # all of it is kept: a check is small
            for asset in list(sorting.plainly):
                given[asset] = sorting.given_plainly(asset)
    except NotJson as error:
        raise Invalid(str(error)) from None
    return _summed(items, sorting, given)


class _Piece:
    """Some items in a row; `read` are those that can be read."""

    def __init__(self) -> None:
        self.count = 0
        self.read: list[tuple[int, Read]] = []


def _pieces(sorting: Sorting, walk: Walk) -> Iterator[_Piece]:
    piece, done = _Piece(), 0
    for item in items_of(walk, may_be_bare=True):
        read = sorting.read(item, done + piece.count)
        if read is not None:
            piece.read.append((done + piece.count, read))
        piece.count += 1
        if piece.count == _AT_ONCE:
            yield piece
            piece, done = _Piece(), done + _AT_ONCE
    yield piece


def _summed(items: int, sorting: Sorting, given: dict[int, Given]) -> Checked:
    classes: Counter[str] = Counter()
    for one in given.values():
        classes.update(one.classes)
    rejected = len(sorting.refused)
    return Checked(
        items=items,
        accepted=items - rejected - sorting.repeated,
        rejected=rejected,
        unchanged=sorting.repeated,
        assets=len(given),
        objects=sum(one.objects for one in given.values()),
        classes=classes,
        reasons=Counter(one.code for one in sorting.refused),
        notices=Counter(one.code for one in sorting.noticed),
        refused=sorted(sorting.refused, key=_index)[:MOST_TOLD],
        noticed=sorted(sorting.noticed, key=_index)[:MOST_TOLD],
    )


def _index(one: Refused | Noticed) -> int:
    return one.index


def _too_large() -> TooLarge:
    return TooLarge(f"A check takes at most {settings.PLUGINHOST_BODY_LIMIT:,} bytes; check a part of it.")
