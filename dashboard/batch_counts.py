"""How far the labeling of batches is: in three queries, however many batches a page has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet

from pluginhost.models import Batch, BatchAsset, Import, PreLabel, Task


@dataclass(frozen=True)
class CountedBatch:
    """A batch with the numbers of its assets; a task that people completed counts as such, pre-labels or not."""

    batch: Batch
    assets: int
    pre_labeled: int
    completed: int


def counted(batches: Iterable[Batch]) -> list[CountedBatch]:
    rows = list(batches)
    places = BatchAsset.objects.filter(batch__in=rows)
    given = PreLabel.objects.filter(asset=OuterRef("asset"), origin__state=Import.State.APPLIED)
    assets = _by_batch(places)
    pre_labeled = _by_batch(places.filter(Exists(given)))
    completed = _by_batch(places.filter(asset__task__status=Task.Status.COMPLETED))
    return [
        CountedBatch(row, assets.get(row.pk, 0), pre_labeled.get(row.pk, 0), completed.get(row.pk, 0)) for row in rows
    ]


def _by_batch(places: QuerySet[BatchAsset]) -> dict[int, int]:
    return dict(places.order_by().values_list("batch").annotate(Count("pk")))
