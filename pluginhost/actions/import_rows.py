"""Writing an import's rows, a thousand items at a time. They count for nothing until the import is whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from pluginhost.actions import bulk, files
from pluginhost.actions.import_before import Before
from pluginhost.actions.import_counts import Counts
from pluginhost.import_sorting import Noticed, Refused, Sorting
from pluginhost.import_standing import Left
from pluginhost.import_targets import Target
from pluginhost.models import Import, Notice, PreLabel, Project, Rejection
from pluginhost.protocol.given import Given
from pluginhost.protocol.growing_numbers import GrowingNumbers
from pluginhost.protocol.import_items import Read
from pluginhost.protocol.import_text import digest
from pluginhost.protocol.numbers import NumberSet

CHUNK_ITEMS = 1_000
CHUNK_CHARACTERS = 4 * 2**20
FIRST_REJECTIONS = 100
_ROW = ("origin", "asset", "index", "content", "content_digest", "objects_count", "is_unchanged")
_CHANGING = _ROW[3:]
_REJECTION = ("origin", "index", "external_id", "asset", "code", "path", "message")
_NOTICE = ("origin", "index", "asset", "code", "path", "message")
_REPLACED = "What was given to the asset before, by the same session or user, gave way to this."


@dataclass
class _Row:
    """What an earlier chunk of this import stored for an asset, and what it counted for."""

    pk: int
    given: Given
    classes: list[str]
    is_unchanged: bool


@dataclass
class _Changes:
    """The rows to insert, and the new values of those of earlier chunks."""

    inserted: list[tuple[Any, ...]]
    updated: list[tuple[Any, ...]]


class Rows:
    """The rows of one import that is being received."""

    def __init__(self, imported: Import, project: Project, host: str) -> None:
        self.counts = Counts()
        self.first_rejections: list[Refused] = []
        self.first_notices: list[Noticed] = []
        self._imported, self._project = imported, project
        self._before = Before(imported)
        self._sorting = Sorting(project, imported.session, host)
        self._copying = bulk.Copying()
        self._homes: dict[int, int] = {}  # how many items earlier chunks gave an asset first, where that is not one
        self._replaced_again: list[int] = []
        self._known: dict[int, _Row] = {}
        self._numbers: dict[int, int] = {}
        self._given, self._unchanged = GrowingNumbers(), GrowingNumbers()  # assets that have a row

    @property
    def given(self) -> NumberSet:
        """The assets that it gives something new."""
        return self._given.as_set()

    def take(self, items: Iterable[object]) -> None:
        """The items of the request, in their order.

        Where rows are copied, those of some items are while the next are looked at and read.
        """
        with self._copying:
            self._take(items)
            self._copying.finish()

    def _take(self, items: Iterable[object]) -> None:
        read, refused = self._sorting.read, self._sorting.refused
        pending: list[tuple[int, Read]] = []
        index, size = -1, 0
        for index, item in enumerate(items):
            taken = read(item, index)
            if taken is not None:
                pending.append((index, taken))
                size += len(taken.text)
            if len(pending) + len(refused) >= CHUNK_ITEMS or size > CHUNK_CHARACTERS:
                self._write(pending)
                pending, size = [], 0
        self.counts.items = index + 1
        self._write(pending)

    def _write(self, pending: list[tuple[int, Read]]) -> None:
        """Store some items; what can be read beforehand is."""
        self._copying.wait()
        changes = self._settled(self._sorting.sort(pending, self._given_before))
        self._count_items()
        if self._has_rows_alone(changes) and self._copying.takes(changes.inserted):
            self._copying.put(PreLabel, _ROW, changes.inserted)
        else:
            self._copying.finish()
            self._store(changes)
        self._sorting.forget()

    def _has_rows_alone(self, changes: _Changes) -> bool:
        sorting = self._sorting
        others = (changes.updated, sorting.refused, sorting.noticed, sorting.masks, self._replaced_again)
        return not any(others)

    @transaction.atomic
    def _store(self, changes: _Changes) -> None:
        sorting, origin = self._sorting, self._imported.pk
        bulk.insert(PreLabel, _ROW, changes.inserted)
        bulk.update(PreLabel, _CHANGING, "id", changes.updated)
        bulk.insert(Rejection, _REJECTION, [(origin, *one) for one in sorting.refused])
        bulk.insert(Notice, _NOTICE, [(origin, *one) for one in sorting.noticed])
        self._unsay_replaced()
        if sorting.masks:
            files.note_masks(self._project, sorting.masks)

    # --- which assets had been given something before ---

    def _given_before(self, targets: Iterable[Target]) -> dict[int, Given]:
        """What earlier chunks gave to those of the assets that come again."""
        self._numbers = {target.pk: target.number for target in targets}
        seen = self._given.among(self._numbers.values()) | self._unchanged.among(self._numbers.values())
        self._known = self._rows({asset for asset, number in self._numbers.items() if number in seen}) if seen else {}
        return {asset: row.given for asset, row in self._known.items()}

    def _rows(self, assets: set[int]) -> dict[int, _Row]:
        self._copying.finish()
        rows = PreLabel.objects.filter(origin=self._imported, asset__in=assets)
        found = {}
        for row in rows:
            given = Given.stored(row.index, row.content)
            found[row.asset_id] = _Row(row.pk, given, given.classes, row.is_unchanged)
        return found

    # --- against what stands there ---

    def _settled(self, given: dict[int, Given]) -> _Changes:
        """What to store; counted on the way."""
        plainly = self._sorting.plainly
        left_by = self._before.left_on([*given, *plainly], self._numbers)
        self._copying.go()  # what follows only counts
        met = {asset: plainly.pop(asset) for asset in list(plainly) if asset in left_by} if left_by else {}
        changes = _Changes(self._fresh(plainly), [])
        changes.inserted += self._met(met, left_by)
        for asset, row in given.items():
            self._settle(asset, row, left_by.get(asset), changes)
        return changes

    def _fresh(self, plainly: dict[int, tuple[int, Read]]) -> list[tuple[Any, ...]]:
        """Rows for assets that had nothing before, and were given one item each: nearly always all of them."""
        origin, numbers = self._imported.pk, self._numbers
        rows: list[tuple[Any, ...]] = []
        classes: list[str] = []
        for asset, (index, item) in plainly.items():
            text, of_item = item.text, item.classes
            classes += of_item
            rows.append((origin, asset, index, text, digest(text), len(of_item), False))
        self.counts.add_fresh(len(rows), classes)
        self._given.add([numbers[asset] for asset in plainly])
        return rows

    def _met(self, met: dict[int, tuple[int, Read]], left_by: dict[int, Left]) -> list[tuple[Any, ...]]:
        """Rows for assets that were given one item each, and something before: by a retry, just this."""
        origin = self._imported.pk
        rows: list[tuple[Any, ...]] = []
        same: list[int] = []
        for asset, (index, item) in met.items():
            text, classes, left = item.text, item.classes, left_by[asset]
            hashed = digest(text)
            is_unchanged = hashed == left.digest
            rows.append((origin, asset, index, text, hashed, len(classes), is_unchanged))
            if is_unchanged:
                same.append(self._numbers[asset])
            else:
                self.counts.add(classes, 1, left, is_unchanged=False)
                self._note_row(asset, is_unchanged=False)
                self._say_replaced(asset, index, None, is_unchanged=False)
        self.counts.add_same(len(same))
        self._unchanged.add(same)
        return rows

    def _settle(self, asset: int, row: Given, left: Left | None, changes: _Changes) -> None:
        before, items = self._known.get(asset), self._sorting.homes.get(asset, 0)
        if before is not None and not row.is_changed:
            return
        text, classes = row.text, row.classes
        hashed = digest(text)
        is_unchanged = left is not None and hashed == left.digest
        values = (text, hashed, len(classes), is_unchanged)
        if before is None:
            changes.inserted.append((self._imported.pk, asset, row.index, *values))
        else:
            changes.updated.append((*values, before.pk))
            had = self._homes.pop(asset, 1)
            self.counts.take_back(before.classes, had, left, is_unchanged=before.is_unchanged)
            items += had
        if items != 1:
            self._homes[asset] = items
        self.counts.add(classes, items, left, is_unchanged=is_unchanged)
        self._note_row(asset, is_unchanged=is_unchanged)
        if left is not None:
            self._say_replaced(asset, row.index, before, is_unchanged=is_unchanged)

    def _note_row(self, asset: int, *, is_unchanged: bool) -> None:
        number = self._numbers[asset]
        has, has_not = (self._unchanged, self._given) if is_unchanged else (self._given, self._unchanged)
        has.add([number])
        has_not.remove(number)

    def _say_replaced(self, asset: int, index: int, before: _Row | None, *, is_unchanged: bool) -> None:
        """Where it takes the place of the giver's own; of what turned out to be equal, it is not said any more."""
        was_said = before is not None and not before.is_unchanged
        if is_unchanged and was_said:
            self._replaced_again.append(asset)
        elif not is_unchanged and not was_said:
            self._sorting.notice(index, asset, ("replaced_own", f"[{index}]", _REPLACED))

    def _unsay_replaced(self) -> None:
        if self._replaced_again:
            unsaid = Notice.objects.filter(origin=self._imported, code="replaced_own", asset__in=self._replaced_again)
            self.counts.notices["replaced_own"] -= unsaid.delete()[0]
            self._replaced_again = []

    def _count_items(self) -> None:
        sorting = self._sorting
        self.counts.note(sorting)
        self.first_rejections += sorting.refused[: FIRST_REJECTIONS - len(self.first_rejections)]
        self.first_notices += sorting.noticed[: FIRST_REJECTIONS - len(self.first_notices)]
