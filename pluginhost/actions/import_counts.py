"""What an import comes to, counted while it is received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pluginhost.import_sorting import Sorting
from pluginhost.import_standing import Left


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
    replaced_assets: int = 0
    replaced_objects: int = 0

    def add_fresh(self, assets: int, classes: Sequence[str]) -> None:
        """Assets that were each given one item and nothing before; `classes` are those of all their objects."""
        self.accepted += assets
        self.assets += assets
        self.objects += len(classes)
        self.classes.update(classes)

    def add_same(self, assets: int) -> None:
        """Assets that were each given one item, which they had before."""
        self.unchanged += assets
        self.unchanged_assets += assets

    def add(self, classes: Sequence[str], items: int, left: Left | None, *, is_unchanged: bool) -> None:
        """One asset with what so many items gave it."""
        self._count(classes, items, left, is_unchanged=is_unchanged, times=1)

    def take_back(self, classes: Sequence[str], items: int, left: Left | None, *, is_unchanged: bool) -> None:
        """What `add` added for an asset, before it counts as something else."""
        self._count(classes, items, left, is_unchanged=is_unchanged, times=-1)

    def _count(self, classes: Sequence[str], items: int, left: Left | None, *, is_unchanged: bool, times: int) -> None:
        if is_unchanged:
            self.unchanged += times * items
            self.unchanged_assets += times
            return
        self.accepted += times * items
        self.assets += times
        self.objects += times * len(classes)
        for schema_id in classes:
            self.classes[schema_id] += times
        if left is not None:
            self.replaced_assets += times
            self.replaced_objects += times * left.objects

    def note(self, sorting: Sorting) -> None:
        """What of the items themselves was sorted out."""
        self.unchanged += sorting.repeated
        self.rejected += len(sorting.refused)
        self.reasons.update([one.code for one in sorting.refused])
        self.notices.update([one.code for one in sorting.noticed])
