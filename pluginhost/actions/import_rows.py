"""Writing an import's rows, a thousand items at a time. They count for nothing until the import is whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Coalesce

from pluginhost import file_links
from pluginhost.actions import bulk, files
from pluginhost.import_targets import Target, Targets, missing
from pluginhost.models import Import, PreLabel, Project, Rejection
from pluginhost.protocol import import_items
from pluginhost.protocol.geometry import Refusal
from pluginhost.protocol.given import Given
from pluginhost.protocol.import_items import Item

CHUNK_ITEMS = 1_000
CHUNK_CHARACTERS = 4 * 2**20
FIRST_REJECTIONS = 100
STANDING = (Import.State.STAGED, Import.State.APPLIED)
"""The states in which what was sent stands, so that sending it again changes nothing."""
_ROW = ("origin", "asset", "index", "content", "content_digest", "objects_count", "is_unchanged")
_REJECTION = ("origin", "index", "external_id", "asset", "code", "path", "message")


@dataclass
class Counts:
    """What an import comes to so far, in assets but for `items` and what is refused.

    `repeated` of the unchanged were items that said nothing new in this request; `replaced_…` is what the giver's own
    earlier rows on these assets were.
    """

    items: int = 0
    accepted: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: int = 0
    objects: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
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
        self.first_rejections: list[dict[str, Any]] = []
        self._imported, self._project, self._host = imported, project, host
        self._schema = import_items.Schema(project.category_schema)
        self._targets = Targets(project, imported.session, host)
        self._pending: list[tuple[int, Item]] = []
        self._pending_size = 0
        self._rejections: list[tuple[Any, ...]] = []
        self._masks: set[str] = set()
        self._seen = bytearray()  # a bit for each asset number: those that earlier chunks gave a row

    def take(self, item: object) -> None:
        """One more item of the request, in its order."""
        index = self.counts.items
        self.counts.items += 1
        try:
            read = self._schema.read(item, index)
        except Refusal as refusal:
            self._reject(index, import_items.name_of(item), None, refusal)
        else:
            self._pending.append((index, read))
            self._pending_size += len(read.text)
        if len(self._pending) + len(self._rejections) >= CHUNK_ITEMS or self._pending_size > CHUNK_CHARACTERS:
            self.write()

    def write(self) -> None:
        """Store what is pending, in a transaction of its own; what can be read beforehand is."""
        given, known = self._sorted_out()
        inserted, changed = self._settled(given, known)
        with transaction.atomic():
            bulk.insert(PreLabel, _ROW, inserted)
            for asset, values in changed.items():
                PreLabel.objects.filter(origin=self._imported, asset=asset).update(**values)
            bulk.insert(Rejection, _REJECTION, self._rejections)
            if self._masks:
                files.note_masks(self._project, self._masks)
        self._pending, self._pending_size, self._rejections, self._masks = [], 0, [], set()

    # --- which assets, and what each is given ---

    def _sorted_out(self) -> tuple[dict[int, Given], dict[int, _Row]]:
        """What each asset is given by now, and what earlier chunks had given those that come again."""
        targets = self._targets.of([item for _, item in self._pending])
        again = {target.pk for found in targets for target in found if self._was_seen(target.number)}
        known = self._known(again)
        given = {asset: row.given for asset, row in known.items()}
        for (index, item), found in zip(self._pending, targets, strict=True):
            if not found:
                self._reject(index, item.name, None, missing(item, index))
            for target in found:
                self._give(index, item, target, given)
        return given, known

    def _give(self, index: int, item: Item, target: Target, given: dict[int, Given]) -> None:
        try:
            self._targets.check(target, index)
            if target.pk not in given:
                given[target.pk] = Given(index, item.content, item.text)
                self._note_seen(target.number)
            elif not given[target.pk].add(item):
                self.counts.unchanged += 1
                self.counts.repeated += 1
            self._note_masks(item)
        except Refusal as refusal:
            self._reject(index, item.name, target.pk, refusal)

    def _note_masks(self, item: Item) -> None:
        """The keys of those files of ours that it names as its masks."""
        for name in import_items.MASKS:
            if name in item.content and (key := file_links.key_in(item.content[name], self._host)) is not None:
                self._masks.add(key)

    def _known(self, assets: set[int]) -> dict[int, _Row]:
        rows = PreLabel.objects.filter(origin=self._imported, asset__in=assets) if assets else ()
        found = {}
        for row in rows:
            given = Given.stored(row.index, row.content)
            found[row.asset_id] = _Row(given, given.objects, given.classes, row.is_unchanged)
        return found

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
            if before is None:
                inserted.append((self._imported.pk, asset, row.index, *values))
            elif row.is_changed:
                self._count(before.objects, before.classes, left, is_unchanged=before.is_unchanged, times=-1)
                changed[asset] = dict(zip(_ROW[3:], values, strict=True))
            else:
                continue
            self._count(row.objects, row.classes, left, is_unchanged=is_unchanged, times=1)
        return inserted, changed

    def _count(self, objects: int, classes: Counter[str], left: _Left, *, is_unchanged: bool, times: int) -> None:
        counts = self.counts
        if is_unchanged:
            counts.unchanged += times
            return
        counts.accepted += times
        counts.objects += times * objects
        for schema_id, count in classes.items():
            counts.classes[schema_id] += times * count
        counts.newly_labeled += 0 if left.is_labeled else times
        if left.own_objects is not None:
            counts.replaced_assets += times
            counts.replaced_objects += times * left.own_objects

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

    # --- what is refused ---

    def _reject(self, index: int, name: str, asset: int | None, refusal: Refusal) -> None:
        self.counts.rejected += 1
        self.counts.reasons[refusal.code] += 1
        name, path, message = name[:1000], (refusal.path or f"[{index}]")[:200], refusal.message[:500]
        self._rejections.append((self._imported.pk, index, name, asset, refusal.code, path, message))
        if len(self.first_rejections) < FIRST_REJECTIONS:
            self.first_rejections.append(
                {"index": index, "externalId": name, "code": refusal.code, "path": path, "message": message}
            )


def standing(assets: Iterable[int]) -> QuerySet[PreLabel]:
    """The rows of whole imports on the assets that were not taken back, the oldest first."""
    rows = PreLabel.objects.filter(asset__in=list(assets), origin__state__in=STANDING, is_unchanged=False)
    return rows.order_by("origin_id")
