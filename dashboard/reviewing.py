"""The review page: what would land by what is chosen, and a page of the assets with what is staged for them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from pluginhost.models import Asset, Import, PreLabel, Session
from pluginhost.protocol.confidence import confidence_of, passes
from pluginhost.protocol.numbers import NumberSet

from . import overlay
from .drawn import Contents, DrawnAsset, Layer, draw_given
from .review_summary import STEPS, Summary, Tally, count

SIZE = 24
BARS = 50
MOST_REJECTED = 1_000
DOUBTFUL = 50
"""Under this many hundredths an object is shown as doubtful where no threshold is set."""


@dataclass(frozen=True)
class Chosen:
    """What is to be taken: these classes (None: all), from this hundredth of confidence on, without these assets."""

    classes: frozenset[str] | None = None
    least: int = 0
    rejected: frozenset[int] = frozenset()

    @property
    def least_confidence(self) -> float | None:
        return self.least / STEPS if self.least else None

    @property
    def is_all(self) -> bool:
        return self.classes is None and not self.least and not self.rejected

    def takes(self, item: Mapping[str, Any]) -> bool:
        return passes(item, self.classes, self.least_confidence)

    def has(self, schema_id: str) -> bool:
        return self.classes is None or schema_id in self.classes


def chosen_in(asked: QueryDict) -> Chosen:
    """From a query string or a form. It names the classes that were there to be ticked, and those that are.

    All of them ticked is no choice of classes.
    """
    ticked, known = frozenset(asked.getlist("class")), frozenset(asked.getlist("known"))
    rejected = [int(text) for text in asked.getlist("reject") if text.isascii() and text.isdigit() and len(text) <= 9]
    return Chosen(
        classes=ticked if known and known - ticked else None,
        least=_step(asked.get("least", "")),
        rejected=frozenset(rejected[:MOST_REJECTED]),
    )


def _step(text: str) -> int:
    """A threshold in hundredths; what is none is no threshold."""
    try:
        return min(max(round(float(text) * STEPS), 0), STEPS)
    except (ValueError, OverflowError):
        return 0


# --- what would land ---


@dataclass(frozen=True)
class ClassRow:
    schema_id: str
    title: str
    color: str
    landing: int
    left_out: int
    is_on: bool
    is_answer: bool


@dataclass(frozen=True)
class Landing:
    """So many objects on so many assets, of all that are staged."""

    objects: int
    assets: int
    all_objects: int
    all_assets: int
    rows: list[ClassRow]

    @property
    def left_out(self) -> int:
        return self.all_objects - self.objects


def landing(session: Session, summary: Summary, chosen: Chosen) -> Landing:
    """Exact: the rejected assets are few, and are gone through."""
    without = _of_rejected(session, chosen)
    tools = overlay.Tools(session.project.category_schema)
    rows = [_class_row(tools, name, tally, chosen, without) for name, tally in summary.classes.items()]
    return Landing(
        objects=sum(row.landing for row in rows if not row.is_answer),
        assets=_assets(summary, chosen) - _assets(without, chosen),
        all_objects=sum(tally.total for tally in summary.classes.values() if not tally.is_answer),
        all_assets=len(summary.numbers),
        rows=sorted(rows, key=lambda row: (row.is_answer, -row.landing - row.left_out, row.title)),
    )


def _assets(summary: Summary, chosen: Chosen) -> int:
    return count(summary.landing(chosen.classes, chosen.least)) + summary.bare


def _of_rejected(session: Session, chosen: Chosen) -> Summary:
    """What is staged for the assets that are turned down, summed up alike."""
    found = Summary()
    for number, row in given_to(session, chosen.rejected).items():
        found.add(number, row.content)
    found.close()
    return found


def _class_row(tools: overlay.Tools, name: str, tally: Tally, chosen: Chosen, without: Summary) -> ClassRow:
    tool = tools.of({"schemaId": name})
    taken = without.classes.get(name, Tally())
    landing = tally.from_step(chosen.least) - taken.from_step(chosen.least) if chosen.has(name) else 0
    return ClassRow(name, tool.title, tool.color, landing, tally.total - landing, chosen.has(name), tally.is_answer)


def bars(summary: Summary, chosen: Chosen) -> list[dict[str, Any]]:
    """The histogram: bars of two hundredths, as high as the highest is 104."""
    counts = summary.histogram
    width = STEPS // BARS
    heights = [sum(counts[start : start + width]) for start in range(0, STEPS, width)]
    heights[-1] += counts[STEPS]
    top = max(heights, default=0) or 1
    return [
        {
            "x": place * 8,
            "height": max(round(104 * height / top), 1) if height else 0,
            "y": 110 - (max(round(104 * height / top), 1) if height else 0),
            "count": height,
            "is_kept": place * width >= chosen.least,
            "from": f"{place * width / STEPS:.2f}",
        }
        for place, height in enumerate(heights)
    ]


# --- the assets ---

SHOWN = {
    "all": "All",
    "doubtful": "Low confidence",
    "nothing": "Nothing lands",
    "rejected": "Rejected",
}


def marked(summary: Summary, chosen: Chosen) -> dict[str, bytes]:
    """The assets of each filter, as the summary marks them."""
    landing = int.from_bytes(summary.landing(chosen.classes, chosen.least), "little")
    everything = summary.all()
    nothing = int.from_bytes(everything, "little") & ~landing
    return {
        "all": everything,
        "doubtful": summary.below(chosen.least or DOUBTFUL),
        "nothing": nothing.to_bytes(len(everything), "little"),
        "rejected": summary.among(chosen.rejected),
    }


def page_of(numbers: NumberSet, after: int | None, before: int | None) -> tuple[list[int], int]:
    """Of all staged assets those after, or before, an asset's number; and how many stand before them."""
    if before is not None:
        skipped = max(len(numbers & NumberSet.up_to(before - 1)) - SIZE, 0) if before else 0
    else:
        skipped = len(numbers & NumberSet.up_to(after)) if after else 0
    return numbers.page(skipped, SIZE), skipped


def given_to(session: Session, numbers: Collection[int]) -> dict[int, PreLabel]:
    """What waits for each of the assets: the session's newest, by the asset's number.

    By the assets' keys: asked by number, a database goes through all of the import.
    """
    if not numbers:
        return {}
    assets = {asset.pk: asset for asset in Asset.objects.filter(project=session.project_id, number__in=numbers)}
    waiting = PreLabel.objects.filter(origin__session=session, origin__state=Import.State.STAGED, is_unchanged=False)
    found: dict[int, PreLabel] = {}
    for row in waiting.filter(asset__in=list(assets)).order_by("origin_id"):
        row.asset = assets[row.asset_id]
        found[row.asset.number] = row
    return found


@dataclass(frozen=True)
class Tile:
    drawn: DrawnAsset
    is_rejected: bool
    landing: int
    total: int


def tiles(session: Session, numbers: list[int], chosen: Chosen, host: str) -> list[Tile]:
    given = given_to(session, numbers)
    assets: list[Asset] = [row.asset for _, row in sorted(given.items())]
    said = {row.asset_id: json.loads(row.content) for row in given.values()}
    contents: dict[int, Contents] = {key: [(None, content)] for key, content in said.items()}
    return [_tile(one, said[one.asset.pk], chosen) for one in draw_given(session.project, assets, contents, host)]


def _tile(drawn: DrawnAsset, content: Mapping[str, Any], chosen: Chosen) -> Tile:
    items = list(overlay.objects_of(content))
    layers = [replace(layer, marks=_said(layer, items, chosen)) for layer in drawn.layers]
    landing = sum(map(chosen.takes, items))
    is_rejected = drawn.asset.number in chosen.rejected
    return Tile(replace(drawn, layers=layers), is_rejected, 0 if is_rejected else landing, len(items))


def _said(layer: Layer, items: list[dict[str, Any]], chosen: Chosen) -> list[overlay.Mark]:
    """Each mark with its confidence; what would not land is dashed."""
    return [
        replace(mark, confidence=confidence_of(item), is_low=not chosen.takes(item))
        for mark, item in zip(layer.marks, items, strict=True)
    ]
