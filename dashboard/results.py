"""The results of a session: each asset of its scope with what became of it, a page at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pluginhost.models import Asset, Import, PreLabel, Rejection, Session
from pluginhost.outcomes import NAMES, Outcomes, outcomes_of
from pluginhost.protocol.numbers import NumberSet

from . import overlay, pictures
from .drawn import DrawnAsset, Layer, address_of

SIZE = 25
MOST_STRANGERS = 50
WORDS = {
    "accepted": "Accepted",
    "unchanged": "Unchanged",
    "rejected": "Rejected",
    "no_result": "No result",
    "not_reached": "Not reached",
}
WHY = {
    "no_result": "read, but nothing was sent for it",
    "not_reached": "the script did not read it",
    "unchanged": "what was sent is what it had",
}


@dataclass(frozen=True)
class Choice:
    """One outcome to filter by; an empty name stands for all."""

    name: str
    word: str
    count: int
    is_on: bool


@dataclass(frozen=True)
class Row:
    drawn: DrawnAsset
    outcome: str
    reasons: list[Rejection]
    objects: int | None

    @property
    def why(self) -> str:
        return "" if self.reasons else WHY.get(self.outcome, "")


@dataclass(frozen=True)
class Listed:
    """A page; `back` and `more` are the asset numbers at its edges, `first` and `last` their places from 1."""

    choices: list[Choice]
    rows: list[Row]
    first: int
    last: int
    total: int
    back: int | None
    more: int | None
    strangers: list[Rejection]
    outside: int

    @property
    def said(self) -> str:
        return f"{self.first:,}–{self.last:,} of {self.total:,}"

    @property
    def chosen(self) -> str:
        return next((choice.name for choice in self.choices if choice.is_on), "")


def listed(session: Session, asked: Mapping[str, str], host: str) -> Listed:
    outcomes = outcomes_of(session)
    name = asked.get("outcome", "")
    name = name if name in NAMES else ""
    chosen: NumberSet = getattr(outcomes, name) if name else outcomes.whole
    numbers, skipped = _page(chosen, asked)
    end = skipped + len(numbers)
    return Listed(
        choices=_choices(outcomes, name),
        rows=_rows(session, numbers, outcomes, host),
        first=skipped + 1,
        last=end,
        total=len(chosen),
        back=numbers[0] if numbers and skipped else None,
        more=numbers[-1] if numbers and end < len(chosen) else None,
        strangers=_strangers(session) if outcomes.outside else [],
        outside=outcomes.outside,
    )


def reasons_of(session: Session) -> list[tuple[str, int]]:
    """How often each reason was given, over all imports, the most frequent first."""
    counted: Counter[str] = Counter()
    for reasons in Import.objects.filter(session=session).values_list("reasons", flat=True):
        counted.update(reasons)
    return [(code.replace("_", " ").replace("-", " "), count) for code, count in counted.most_common()]


def _choices(outcomes: Outcomes, name: str) -> list[Choice]:
    found = [Choice("", "All", len(outcomes.whole), not name)]
    for one, numbers in outcomes.items():
        if len(numbers) or one not in {"unchanged"}:
            found.append(Choice(one, WORDS[one], len(numbers), one == name))
    return found


def _page(chosen: NumberSet, asked: Mapping[str, str]) -> tuple[list[int], int]:
    """The numbers of the page that starts after, or ends before, an asset's number; and how many stand before it."""
    after, before = _number(asked.get("after")), _number(asked.get("before"))
    if before is not None:
        skipped = max(len(chosen & NumberSet.up_to(before - 1)) - SIZE, 0) if before else 0
    else:
        skipped = len(chosen & NumberSet.up_to(after)) if after else 0
    return chosen.page(skipped, SIZE), skipped


def _number(text: str | None) -> int | None:
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if is_number and text is not None else None


# --- rows ---


def _rows(session: Session, numbers: list[int], outcomes: Outcomes, host: str) -> list[Row]:
    assets = list(Asset.objects.filter(project=session.project_id, number__in=numbers).order_by("number"))
    given = _given(session, assets)
    refused = _refused(session, assets)
    tools = overlay.Tools(session.project.category_schema)
    return [
        Row(
            DrawnAsset(asset, pictures.picture_of(asset, address_of(asset, host)), _layers(given.get(asset.pk), tools)),
            next((name for name, chosen in outcomes.items() if asset.number in chosen), "not_reached"),
            refused.get(asset.pk, []),
            given[asset.pk].objects_count if asset.pk in given else None,
        )
        for asset in assets
    ]


def _given(session: Session, assets: Iterable[Asset]) -> dict[int, PreLabel]:
    """What the session gave each of the assets last."""
    rows = PreLabel.objects.filter(origin__session=session, asset__in=assets, is_unchanged=False)
    return {row.asset_id: row for row in rows.exclude(origin__state=Import.State.RECEIVING).order_by("origin_id", "id")}


def _refused(session: Session, assets: Iterable[Asset]) -> dict[int, list[Rejection]]:
    found: dict[int, list[Rejection]] = {}
    rows = Rejection.objects.filter(origin__session=session, asset__in=assets)
    for row in rows.exclude(origin__state=Import.State.RECEIVING).order_by("origin_id", "index", "id"):
        found.setdefault(row.asset_id or 0, []).append(row)
    return found


def _layers(row: PreLabel | None, tools: overlay.Tools) -> list[Layer]:
    if row is None:
        return []
    content: Any = json.loads(row.content)
    return [Layer(overlay.marks_of(content, tools), overlay.answers_of(content, tools))]


def _strangers(session: Session) -> list[Rejection]:
    """The first refused items that were about no asset of the project."""
    rows = Rejection.objects.filter(origin__session=session, asset=None)
    return list(rows.exclude(origin__state=Import.State.RECEIVING).order_by("origin_id", "index")[:MOST_STRANGERS])
