"""The results of a session: each asset of its scope with what became of it, a page at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Max, Q, QuerySet

from pluginhost.asset_numbers import numbers_of
from pluginhost.models import Asset, Import, Notice, PreLabel, Rejection, Session
from pluginhost.outcomes import NAMES, Outcomes, deleted, outcomes_of
from pluginhost.protocol.numbers import NumberSet

from .drawn import Contents, DrawnAsset, draw_given

SIZE = 25
KEPT_SECONDS = 600
MOST_STRANGERS = 50
WORDS = {
    "accepted": "Accepted",
    "unchanged": "Unchanged",
    "rejected": "Rejected",
    "discarded": "Discarded",
    "no_result": "No result",
    "not_reached": "Not reached",
}
WHY = {
    "no_result": "read, but nothing was sent for it",
    "not_reached": "the script did not read it",
    "unchanged": "what was sent is what it had",
    "discarded": "turned down in a review",
}
NOT_SHOWN = {"staged": "waits for review", "undone": "taken back: its import was undone"}
"""By the state of the import that brought it: why an asset does not show what it was given."""


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
    reasons: list[Rejection | Notice]
    given: PreLabel | None

    @property
    def objects(self) -> int | None:
        return self.given.objects_count if self.given else None

    @property
    def why(self) -> str:
        if self.reasons:
            return ""
        state = self.given.origin_state if self.given else ""  # type: ignore[attr-defined]  # annotated in given_by
        return WHY.get(self.outcome) or NOT_SHOWN.get(state, "")


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
    reason: str = ""

    @property
    def said(self) -> str:
        return f"{self.first:,}–{self.last:,} of {self.total:,}"

    @property
    def chosen(self) -> str:
        return next((choice.name for choice in self.choices if choice.is_on), "")


def listed(session: Session, asked: Mapping[str, str], host: str) -> Listed:
    outcomes = kept_outcomes(session)
    name = name_in(asked)
    chosen = chosen_of(session, outcomes, asked)
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
        reason=asked.get("reason", "")[:40],
    )


def name_in(asked: Mapping[str, str]) -> str:
    """The outcome that is filtered by; empty for all."""
    name = asked.get("outcome", "")
    return name if name in NAMES else ""


def chosen_of(session: Session, outcomes: Outcomes, asked: Mapping[str, str]) -> NumberSet:
    """The assets that the filters leave: those with one outcome, and those with one reason."""
    name, reason = name_in(asked), asked.get("reason", "")[:40]
    chosen: NumberSet = getattr(outcomes, name) if name else outcomes.whole
    if reason:
        arrived = Rejection.objects.filter(origin__session=session).exclude(origin__state=Import.State.RECEIVING)
        chosen = chosen & numbers_of(arrived.filter(code=reason, asset__isnull=False), "asset__number")
    return chosen


def kept_outcomes(session: Session) -> Outcomes:
    """As `outcomes_of`, which goes through all that was sent: kept, small, for as long as nothing comes to it."""
    arrived = Import.objects.filter(session=session).exclude(state=Import.State.RECEIVING)
    is_discarded = Q(state=Import.State.DISCARDED)
    known = arrived.aggregate(count=Count("pk"), last=Max("pk"), discarded=Count("pk", filter=is_discarded))
    there = f"{session.scope.digest[:16]}.{session.assets_read}.{len(deleted(session))}"
    key = f"outcomes.{session.uid}.{known['count']}.{known['last']}.{known['discarded']}.{there}"
    kept: tuple[dict[str, bytes], int] = cache.get_or_set(key, lambda: _packed(outcomes_of(session)), KEPT_SECONDS)  # type: ignore[assignment]
    sets, outside = kept
    return Outcomes(**{name: NumberSet.from_bytes(stored) for name, stored in sets.items()}, outside=outside)


def _packed(outcomes: Outcomes) -> tuple[dict[str, bytes], int]:
    return {name: numbers.to_bytes() for name, numbers in outcomes.items()}, outcomes.outside


def reasons_of(session: Session) -> list[tuple[str, int]]:
    """How often each reason was given, over all imports, the most frequent first."""
    counted: Counter[str] = Counter()
    for reasons in Import.objects.filter(session=session, rejected__gt=0).values_list("reasons", flat=True):
        counted.update(reasons)
    return counted.most_common()


def _choices(outcomes: Outcomes, name: str) -> list[Choice]:
    found = [Choice("", "All", len(outcomes.whole), not name)]
    for one, numbers in outcomes.items():
        if len(numbers) or one not in {"unchanged", "discarded"}:
            found.append(Choice(one, WORDS[one], len(numbers), one == name))
    return found


def _page(chosen: NumberSet, asked: Mapping[str, str]) -> tuple[list[int], int]:
    """The numbers of the page that starts after, or ends before, an asset's number; and how many stand before it."""
    after, before = number_in(asked, "after"), number_in(asked, "before")
    if before is not None:
        skipped = max(len(chosen & NumberSet.up_to(before - 1)) - SIZE, 0) if before else 0
    else:
        skipped = len(chosen & NumberSet.up_to(after)) if after else 0
    return chosen.page(skipped, SIZE), skipped


def number_in(asked: Mapping[str, str], name: str) -> int | None:
    """The whole number that a query string has under the name."""
    text = asked.get(name)
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if is_number and text is not None else None


# --- rows ---


def _rows(session: Session, numbers: list[int], outcomes: Outcomes, host: str) -> list[Row]:
    assets = list(Asset.objects.filter(project=session.project_id, number__in=numbers).order_by("number"))
    given = given_by(session, assets)
    refused = refused_by(session, assets)
    return [
        Row(
            drawn,
            outcome_of(drawn.asset.number, outcomes),
            refused.get(drawn.asset.pk, []),
            given.get(drawn.asset.pk),
        )
        for drawn in _drawn(session, assets, given, host)
    ]


def given_to(session: Session, assets: Sequence[Asset], host: str) -> list[DrawnAsset]:
    """The assets as the session has them, whatever they show now, each layer with its import."""
    given = given_by(session, assets)
    known = Import.objects.select_related("plugin", "user").in_bulk({row.origin_id for row in given.values()})
    return _drawn(session, assets, given, host, known)


def _drawn(
    session: Session,
    assets: Sequence[Asset],
    given: Mapping[int, PreLabel],
    host: str,
    imports: Mapping[int, Import] | None = None,
) -> list[DrawnAsset]:
    known = imports or {}
    contents: dict[int, Contents] = {
        key: [(known.get(row.origin_id), json.loads(row.content))] for key, row in given.items()
    }
    return draw_given(session.project, assets, contents, host)


def outcome_of(number: int, outcomes: Outcomes) -> str:
    return next((name for name, chosen in outcomes.items() if number in chosen), "not_reached")


def given_by(session: Session, assets: Iterable[Asset]) -> dict[int, PreLabel]:
    """What the session gave each of the assets last."""
    rows = PreLabel.objects.filter(origin__session=session, asset__in=assets, is_unchanged=False)
    arrived = rows.exclude(origin__state=Import.State.RECEIVING).order_by("origin_id", "id")
    narrow = arrived.only("asset_id", "origin_id", "content", "objects_count").annotate(origin_state=F("origin__state"))
    return {row.asset_id: row for row in narrow}


def refused_by(session: Session, assets: Iterable[Asset]) -> dict[int, list[Rejection | Notice]]:
    """Why items were refused for each of the assets, also where others that the item named took it."""
    found: dict[int, list[Rejection | Notice]] = {}
    rejections = Rejection.objects.filter(origin__session=session, asset__in=assets)
    passed_over = Notice.objects.filter(origin__session=session, asset__in=assets, code="passed_over")
    rows: list[Rejection | Notice] = [*_arrived(rejections), *_arrived(passed_over)]
    for row in sorted(rows, key=lambda row: (row.origin_id, row.index)):
        found.setdefault(row.asset_id or 0, []).append(row)
    return found


def _arrived(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.exclude(origin__state=Import.State.RECEIVING).order_by("origin_id", "index", "id")


def strangers_of(session: Session) -> QuerySet[Rejection]:
    """The refused items that were about no asset of the project."""
    rows = Rejection.objects.filter(origin__session=session, asset=None)
    return rows.exclude(origin__state=Import.State.RECEIVING)


def _strangers(session: Session) -> list[Rejection]:
    return list(strangers_of(session).order_by("origin_id", "index")[:MOST_STRANGERS])
