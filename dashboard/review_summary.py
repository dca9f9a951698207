"""All that is staged of a session, gone through once: objects by class and confidence, and each asset's best of each.

Staged rows never change, so it is kept for as long as the same imports wait. Assets stand in arrays, a byte for each
class, so that «how many assets would get something» is asked of a hundred thousand in a millisecond.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import compress, islice

from django.core.cache import cache
from django.db.models import Sum

from pluginhost.models import Import, ImportAssets, PreLabel, Session
from pluginhost.protocol.numbers import NumberSet

from .sureness import Sure, sureness_of

STEPS = 100
"""Confidence is counted in hundredths; what carries none stands above them all, since no threshold leaves it out."""
_NONE = STEPS + 1
_NOTHING = 255
_HAIR = 1e-6
"""0.58 times 100 is a hair less than 58."""
MOST_AT_ONCE = 5_000
"""So many assets are gone through before the page is shown; of more it is shown first."""
_KEPT_SECONDS = 3600
_going_through = threading.Lock()
"""It takes the better part of a second for 100,000 assets: who asks meanwhile waits for the same."""


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

    def add(self, number: int, content: str) -> None:
        """One more asset, with what is staged for it as JSON."""
        place = len(self.numbers)
        objects, answers = sureness_of(content)
        self.numbers.append(number)
        lowest = self._count(place, objects, is_answer=False)
        if answers:
            lowest = min(lowest, self._count(place, answers, is_answer=True))
        self.lowest.append(lowest)
        self.bare += lowest == _NOTHING

    def _count(self, place: int, items: Iterable[Sure], *, is_answer: bool) -> int:
        """Count one asset's objects, or its answers, and give the lowest step among them."""
        lowest = _NOTHING
        for schema_id, confidence in items:
            tally = self.classes.get(schema_id)
            if tally is None:
                tally = self.classes[schema_id] = Tally(is_answer)
            step = _NONE if confidence is None else int(confidence * STEPS + _HAIR)
            tally.counts[step] += 1
            best = tally.best
            if len(best) <= place:
                best.extend(bytes(place + 1 - len(best)))
            if best[place] <= step:
                best[place] = step + 1
            if step < lowest:
                lowest = step
        return lowest

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


def staged_of(session: Session) -> list[int]:
    """The imports that wait, the newest first."""
    waiting = Import.objects.filter(session=session, state=Import.State.STAGED)
    return list(waiting.order_by("-pk").values_list("pk", flat=True))


def summary_of(session: Session, staged: list[int], *, at_once: bool = True) -> Summary | None:
    """None where it would take long and not `at_once` is asked for."""
    key = f"review.{session.uid}.{len(staged)}.{staged[0] if staged else 0}.{staged[-1] if staged else 0}"
    known: Summary | None = cache.get(key)
    if known is not None or not (at_once or _assets_in(staged) <= MOST_AT_ONCE):
        return known
    with _going_through:
        return cache.get_or_set(key, lambda: _gone_through(staged), _KEPT_SECONDS)


def _assets_in(staged: list[int]) -> int:
    return Import.objects.filter(pk__in=staged).aggregate(assets=Sum("accepted"))["assets"] or 0


def assets_of(staged: list[int]) -> NumberSet:
    """The assets that something is staged for, from the sets that the imports keep."""
    kept = ImportAssets.objects.filter(origin__in=staged).values_list("numbers_stored", flat=True)
    return NumberSet.union_of(map(bytes, kept))


def _gone_through(staged: list[int]) -> Summary:
    """The session's later item for an asset takes the place of its earlier one, so the newest import goes first.

    By asset, in the order of the index that there is for it.
    """
    found, seen = Summary(), NumberSet()
    for origin in staged:
        before = len(found.numbers)
        rows = PreLabel.objects.filter(origin=origin, is_unchanged=False).order_by("asset_id")
        for number, content in rows.values_list("asset__number", "content").iterator(chunk_size=2_000):
            if number not in seen:
                found.add(number, content)
        if len(staged) > 1:
            seen = seen | NumberSet.of(found.numbers[before:])
    found.close()
    return found
