"""Long lists of assets, as people bring them: read and stored piece by piece, what is there already left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pluginhost.actions import assets, batches
from pluginhost.models import Asset, Batch, Project
from pluginhost.principal import Principal
from pluginhost.protocol import asset_items

CHUNK = 250
"""So many are stored in one transaction; it takes less than 50 ms, so that logs and claims go on."""
Item = dict[str, Any]


@dataclass
class Outcome:
    """What became of a list; `ranges` are the first and last numbers of new assets that follow one another."""

    added: int = 0
    skipped: int = 0
    ranges: list[tuple[int, int]] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The number of the first new asset; 0 when there is none."""
        return self.ranges[0][0] if self.ranges else 0

    def note(self, first: int, last: int) -> None:
        self.added += last - first + 1
        if self.ranges and self.ranges[-1][1] + 1 == first:
            first = self.ranges.pop()[0]
        self.ranges.append((first, last))


def known(project: Project, external_ids: Iterable[str]) -> set[str]:
    """Those of the external IDs that assets of the project have already."""
    found: set[str] = set()
    for some in _chunks(external_ids, 1_000):
        rows = Asset.objects.filter(project=project, external_id__in=some)
        found.update(rows.values_list("external_id", flat=True))
    return found


def external_id_of(item: Item) -> str:
    """The one that the asset will have."""
    return asset_items.read(item, "assets[0]").external_id


def add(
    principal: Principal,
    project: Project,
    items: Iterable[Item],
    *,
    in_batch: str = "",
    skips_known: bool = True,
    host: str = "",
) -> Outcome:
    """Add what is listed, a chunk at a time; `in_batch` is the name of a batch for all, made where it is missing.

    With `skips_known` an external ID that the project has, or that came before in the list, is left out.
    """
    common = batches.upsert(principal, project, [in_batch]) if in_batch else []
    outcome = Outcome()
    try:
        for some in _chunks(items, CHUNK):
            fresh = _fresh(project, some, outcome) if skips_known else some
            _store(principal, project, fresh, common, outcome, host)
    finally:
        if outcome.added:
            assets.write_down(principal, project, outcome.added)
    return outcome


def _store(
    principal: Principal, project: Project, items: list[Item], common: Sequence[Batch], outcome: Outcome, host: str
) -> None:
    if not items:
        return
    names = list(dict.fromkeys(name for item in items for name in item.get("batches", ())))
    if names:
        batches.upsert(principal, project, names)
    uids = [batch.uid for batch in common]
    made = assets.add_some(principal, project, items, in_batches=uids, host=host).assets
    outcome.note(made[0].number, made[-1].number)  # one transaction numbers them in a row


def _fresh(project: Project, items: list[Item], outcome: Outcome) -> list[Item]:
    named = [(external_id_of(item), item) for item in items]
    seen, fresh = known(project, (name for name, _ in named)), []
    for name, item in named:
        if name in seen:
            outcome.skipped += 1
        else:
            seen.add(name)
            fresh.append(item)
    return fresh


def _chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(values)
    while some := list(islice(iterator, size)):
        yield some
