"""Writing an import's rows, a thousand items at a time. They count for nothing until the import is whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Coalesce

from pluginhost.actions import bulk, files
from pluginhost.import_sorting import Noticed, Refused, Sorting
from pluginhost.import_targets import Target
from pluginhost.models import Import, Notice, PreLabel, Project, Rejection
from pluginhost.protocol.given import Given
from pluginhost.protocol.import_items import Item

CHUNK_ITEMS = 1_000
CHUNK_CHARACTERS = 4 * 2**20
FIRST_REJECTIONS = 100
STANDING = (Import.State.STAGED, Import.State.APPLIED)
"""The states in which what was sent stands, so that sending it again changes nothing."""
_ROW = ("origin", "asset", "index", "content", "content_digest", "objects_count", "is_unchanged")
_REJECTION = ("origin", "index", "external_id", "asset", "code", "path", "message")
_NOTICE = ("origin", "index", "asset", "code", "path", "message")
_REPLACED = "What was given to the asset before, by the same session or user, gave way to this."


@dataclass
class Counts:
    """What an import comes to so far.

    `accepted`, `rejected` and `unchanged` are items, and come to `items` together. `assets` are those that it gives
    something new, `unchanged_assets` those that had just this before; `replaced_…` is what the giver's own earlier rows
    on the former were.
    """

    items: int = 0
    accepted: int = 0
    unchanged: int = 0
    rejected: int = 0
    assets: int = 0
    unchanged_assets: int = 0
    objects: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    newly_labeled: int = 0
    replaced_assets: int = 0
    replaced_objects: int = 0


class _Row(NamedTuple):
    """What an earlier chunk of this import stored for an asset, and what it counted for."""

    given: Given
    objects: int
    classes: Counter[str]
    is_unchanged: bool


class _Left(NamedTuple):
    """What earlier imports left on an asset: whether any row counts, and the giver's own newest."""

    is_labeled: bool = False
    own_digest: str | None = None
    own_objects: int | None = None


class Rows:
    """The rows of one import that is being received."""

    def __init__(self, imported: Import, project: Project, host: str) -> None:
        self.counts = Counts()
        self.first_rejections: list[Refused] = []
        self.first_notices: list[Noticed] = []
        self._imported, self._project = imported, project
        self._sorting = Sorting(project, imported.session, host)
        self._pending: list[tuple[int, Item]] = []
        self._pending_size = 0
        self._homes: dict[int, int] = {}  # how many items earlier chunks gave an asset first, where that is not one
        self._replaced_again: list[int] = []
        self._known: dict[int, _Row] = {}
        self._numbers: dict[int, int] = {}
        self._seen = bytearray()  # a bit for each asset number: those that earlier chunks gave a row

    def take(self, item: object) -> None:
        """One more item of the request, in its order."""
        index = self.counts.items
        self.counts.items += 1
        read = self._sorting.read(item, index)
        if read is not None:
            self._pending.append((index, read))
            self._pending_size += len(read.text)
        if len(self._pending) + len(self._sorting.refused) >= CHUNK_ITEMS or self._pending_size > CHUNK_CHARACTERS:
            self.write()

    def write(self) -> None:
        """Store what is pending, in a transaction of its own; what can be read beforehand is."""
        sorting = self._sorting
        given = sorting.sort(self._pending, self._given_before)
        inserted, changed = self._settled(given, self._known)
        self._count_items()
        with transaction.atomic():
            bulk.insert(PreLabel, _ROW, inserted)
            for asset, values in changed.items():
                PreLabel.objects.filter(origin=self._imported, asset=asset).update(**values)
            bulk.insert(Rejection, _REJECTION, [(self._imported.pk, *one) for one in sorting.refused])
            bulk.insert(Notice, _NOTICE, [(self._imported.pk, *one) for one in sorting.noticed])
            self._unsay_replaced()
            if sorting.masks:
                files.note_masks(self._project, sorting.masks)
        self._pending, self._pending_size = [], 0
        sorting.refused, sorting.noticed, sorting.masks = [], [], set()

    # --- which assets had been given something before ---

    def _given_before(self, targets: Iterable[Target]) -> dict[int, Given]:
        """What earlier chunks gave to those of the assets that come again."""
        self._numbers = {target.pk: target.number for target in targets}
        again = [asset for asset, number in self._numbers.items() if self._was_seen(number)]
        rows = PreLabel.objects.filter(origin=self._imported, asset__in=again) if again else ()
        self._known = {}
        for row in rows:
            given = Given.stored(row.index, row.content)
            self._known[row.asset_id] = _Row(given, given.objects, given.classes, row.is_unchanged)
        return {asset: row.given for asset, row in self._known.items()}

    def _was_seen(self, number: int) -> bool:
        return number >> 3 < len(self._seen) and bool(self._seen[number >> 3] >> (number & 7) & 1)

    def _note_seen(self, number: int) -> None:
        if number >> 3 >= len(self._seen):
            self._seen.extend(bytes((number >> 3) + 1 - len(self._seen)))
        self._seen[number >> 3] |= 1 << (number & 7)

    # --- against what stands there ---

    def _settled(
        self, given: dict[int, Given], known: dict[int, _Row]
    ) -> tuple[list[tuple[Any, ...]], dict[int, dict[str, Any]]]:
        """The rows to insert, and the changes to those of earlier chunks; counted on the way."""
        left_by = self._left(given)
        inserted: list[tuple[Any, ...]] = []
        changed: dict[int, dict[str, Any]] = {}
        for asset, row in given.items():
            left, digest, before = left_by.get(asset, _Left()), row.digest, known.get(asset)
            is_unchanged = digest == left.own_digest
            values = (row.text, digest, row.objects, is_unchanged)
            had = 0
            if before is None:
                inserted.append((self._imported.pk, asset, row.index, *values))
                self._note_seen(self._numbers[asset])
            elif row.is_changed:
                had = self._homes.pop(asset, 1)
                self._count(before, left, had, is_unchanged=before.is_unchanged, times=-1)
                changed[asset] = dict(zip(_ROW[3:], values, strict=True))
            else:
                continue
            homes = had + self._sorting.homes.get(asset, 0)
            if homes != 1:
                self._homes[asset] = homes
            self._count(row, left, homes, is_unchanged=is_unchanged, times=1)
            if left.own_objects is not None:
                self._say_replaced(asset, row.index, before, is_unchanged=is_unchanged)
        self._sorting.homes = {}
        return inserted, changed

    def _count(self, row: Given | _Row, left: _Left, items: int, *, is_unchanged: bool, times: int) -> None:
        counts = self.counts
        if is_unchanged:
            counts.unchanged += times * items
            counts.unchanged_assets += times
            return
        counts.accepted += times * items
        counts.assets += times
        counts.objects += times * row.objects
        for schema_id, count in row.classes.items():
            counts.classes[schema_id] += times * count
        counts.newly_labeled += 0 if left.is_labeled else times
        if left.own_objects is not None:
            counts.replaced_assets += times
            counts.replaced_objects += times * left.own_objects

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

    def _left(self, assets: Iterable[int]) -> dict[int, _Left]:
        found: dict[int, _Left] = {}
        rows = standing(assets).exclude(origin=self._imported)
        giver = Coalesce("origin__session_id", "origin__deleted_session", output_field=BigIntegerField())
        columns = ("asset_id", "origin__state", giver, "origin__user_id", "content_digest", "objects_count")
        for asset, state, session, user, digest, objects in rows.values_list(*columns):
            left = found.get(asset, _Left())
            left = left._replace(is_labeled=left.is_labeled or state == Import.State.APPLIED)
            if self._is_own(session, user):
                left = left._replace(own_digest=digest, own_objects=objects)
            found[asset] = left
        return found

    def _is_own(self, session: int | None, user: int | None) -> bool:
        """Whether a row is the giver's: the session's, or the user's who imports with a personal key.

        A session that was deleted is still no person: what it gave stands by itself.
        """
        if self._imported.session_id is not None:
            return session == self._imported.session_id
        return session is None and user == self._imported.user_id

    # --- what is refused, and what is remarked ---

    def _count_items(self) -> None:
        counts, sorting = self.counts, self._sorting
        counts.unchanged += sorting.repeated
        counts.rejected += len(sorting.refused)
        counts.reasons.update([one.code for one in sorting.refused])
        counts.notices.update([one.code for one in sorting.noticed])
        sorting.repeated = 0
        self.first_rejections += sorting.refused[: FIRST_REJECTIONS - len(self.first_rejections)]
        self.first_notices += sorting.noticed[: FIRST_REJECTIONS - len(self.first_notices)]


def standing(assets: Iterable[int]) -> QuerySet[PreLabel]:
    """The rows of whole imports on the assets that were not taken back, the oldest first."""
    rows = PreLabel.objects.filter(asset__in=list(assets), origin__state__in=STANDING, is_unchanged=False)
    return rows.order_by("origin_id")
