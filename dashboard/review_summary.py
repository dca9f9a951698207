"""All that is staged of a session, gone through once: objects by class and confidence, and each asset's best of each.

Staged rows never change, so it is kept for as long as the same imports wait. Assets stand in arrays, a byte for each
class, so that «how many assets would get something» is asked of a hundred thousand in a millisecond.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress, islice
from typing import Any

from django.core.cache import cache
from django.db.models import Sum

from dashboard.overlay import objects_of
from dashboard.shapes import dicts
from pluginhost.models import Import, PreLabel, Session
from pluginhost.protocol.confidence import confidence_of
from pluginhost.protocol.numbers import NumberSet

STEPS = 100
"""Confidence is counted in hundredths; what carries none stands above them all, since no threshold leaves it out."""
_NONE = STEPS + 1
MOST_AT_ONCE = 5_000
_KEPT_SECONDS = 900


@dataclass
class Tally:
    """The objects (or answers) of one class: how many of each hundredth of confidence, and each asset's best.

    A best of 0 says that the asset has none; the steps count from 1 there.
    """

    is_answer: bool = False
    counts: list[int] = field(default_factory=lambda: [0] * (_NONE + 1))
    best: bytearray = field(default_factory=bytearray)

    def from_step(self, least: int) -> int:
        return sum(self.counts[least:])

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass
class Summary:
    """`numbers` are the assets', in their order, which is that of the arrays.

    `lowest` is each one's least confidence, in hundredths.
    `bare` counts those that were given neither objects nor answers: that nothing is there lands whatever is chosen.
    """

    numbers: array[int] = field(default_factory=lambda: array("I"))
    classes: dict[str, Tally] = field(default_factory=dict)
    lowest: bytearray = field(default_factory=bytearray)
    bare: int = 0

    @property
    def histogram(self) -> list[int]:
        """How many objects of each hundredth; what carries no confidence is left out."""
        return [sum(tally.counts[step] for tally in self.classes.values()) for step in range(STEPS + 1)]

    @property
    def unsure(self) -> int:
        """Objects that carry no confidence."""
        return sum(tally.counts[_NONE] for tally in self.classes.values())

    def all(self) -> bytes:
        return b"\1" * len(self.numbers)

    def below(self, least: int) -> bytes:
        """A 1 for each asset with an object under this step."""
        return bytes(self.lowest.translate(bytes(1 if step < least else 0 for step in range(256))))

    def among(self, numbers: Collection[int]) -> bytes:
        """A 1 for each of these assets."""
        marked = bytearray(len(self.numbers))
        for number in numbers:
            place = bisect_left(self.numbers, number)
            if place < len(self.numbers) and self.numbers[place] == number:
                marked[place] = 1
        return bytes(marked)

    def page(self, marked: bytes, size: int, after: int | None, before: int | None) -> tuple[list[int], int]:
        """The marked assets of the page after, or before, an asset's number; and how many stand before it."""
        if before is not None:
            skipped = max(count(marked[: bisect_left(self.numbers, before)]) - size, 0)
            return list(islice(compress(self.numbers, marked), skipped, skipped + size)), skipped
        start = bisect_right(self.numbers, after) if after is not None else 0
        return list(islice(compress(self.numbers[start:], marked[start:]), size)), count(marked[:start])

    def _of(self, classes: Collection[str] | None) -> Iterable[tuple[str, Tally]]:
        return ((name, tally) for name, tally in self.classes.items() if classes is None or name in classes)

    def landing(self, classes: Collection[str] | None, least: int) -> bytes:
        """A 1 for each asset that gets something of these classes (None: of all) from this step on."""
        table = bytes(1 if step > least else 0 for step in range(256))  # `best` counts from 1
        marked = 0
        for _, tally in self._of(classes):
            marked |= int.from_bytes(tally.best.translate(table), "little")
        return marked.to_bytes(len(self.numbers), "little")

    def add(self, number: int, content: Mapping[str, Any]) -> None:
        """One more asset."""
        place = len(self.numbers)
        self.numbers.append(number)
        self.lowest.append(255)
        for item in objects_of(content):
            self._count(place, item, is_answer=False)
        for item in dicts(content.get("classifications")):
            self._count(place, item, is_answer=True)
        self.bare += self.lowest[place] == 255

    def _count(self, place: int, item: Mapping[str, Any], *, is_answer: bool) -> None:
        tally = self.classes.setdefault(str(item.get("schemaId")), Tally(is_answer))
        step = step_of(item)
        tally.counts[step] += 1
        tally.best.extend(bytes(place + 1 - len(tally.best)))
        tally.best[place] = max(tally.best[place], step + 1)
        self.lowest[place] = min(self.lowest[place], step)

    def close(self) -> None:
        """All arrays become as long as there are assets, and stand in the order of their numbers."""
        for tally in self.classes.values():
            tally.best.extend(bytes(len(self.numbers) - len(tally.best)))
        order = sorted(range(len(self.numbers)), key=self.numbers.__getitem__)
        self.numbers = array("I", (self.numbers[place] for place in order))
        self.lowest = bytearray(self.lowest[place] for place in order)
        for tally in self.classes.values():
            tally.best = bytearray(tally.best[place] for place in order)


def count(marked: bytes) -> int:
    """How many are marked."""
    return int.from_bytes(marked, "little").bit_count()


def step_of(item: Mapping[str, Any]) -> int:
    """0 … 100, and 101 without confidence. (0.58 times 100 is a hair less than 58.)"""
    confidence = confidence_of(item)
    return _NONE if confidence is None else int(confidence * STEPS + 1e-6)


def staged_of(session: Session) -> list[int]:
    """The imports that wait, the newest first."""
    waiting = Import.objects.filter(session=session, state=Import.State.STAGED)
    return list(waiting.order_by("-pk").values_list("pk", flat=True))


def summary_of(session: Session, staged: list[int], *, at_once: bool = True) -> Summary | None:
    """None where it would take long and not `at_once` is asked for."""
    key = f"review.{session.uid}.{len(staged)}.{staged[0] if staged else 0}.{staged[-1] if staged else 0}"
    known: Summary | None = cache.get(key)
    if known is None and (at_once or _assets_in(staged) <= MOST_AT_ONCE):
        known = _gone_through(staged)
        cache.set(key, known, _KEPT_SECONDS)
    return known


def _assets_in(staged: list[int]) -> int:
    return Import.objects.filter(pk__in=staged).aggregate(assets=Sum("accepted"))["assets"] or 0


def _gone_through(staged: list[int]) -> Summary:
    """The session's later item for an asset takes the place of its earlier one, so the newest import goes first."""
    found, seen = Summary(), NumberSet()
    for origin in staged:
        before = len(found.numbers)
        rows = PreLabel.objects.filter(origin=origin, is_unchanged=False).order_by("asset__number")
        for number, content in rows.values_list("asset__number", "content").iterator(chunk_size=2_000):
            if number not in seen:
                found.add(number, json.loads(content))
        if len(staged) > 1:
            seen = seen | NumberSet.of(found.numbers[before:])
    found.close()
    return found
