"""Marked spans: of a text as its pieces in order, of a sound as bars beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from .overlay import Mark

MOST_SPANS = 2_000
_MOST_AT_ONCE = 5


@dataclass(frozen=True)
class Piece:
    """A stretch of text that the same marks cover; none cover what lies between."""

    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def titles(self) -> str:
        return ", ".join(dict.fromkeys(mark.title for mark in self.marks))


@dataclass(frozen=True)
class Bar:
    """A span of a sound: where it begins and how long it is, in thousandths of the last end."""

    mark: Mark
    start: int
    length: int


def pieces(text: str, marks: Iterable[Mark]) -> list[Piece]:
    """The text cut wherever a mark begins or ends. What lies past its end is left out."""
    spans = [(int(mark.span[0]), min(int(mark.span[1]), len(text)), mark) for mark in marks if mark.span]
    spans = [span for span in spans if span[0] < span[1]][:MOST_SPANS]
    cuts = sorted({0, len(text), *(start for start, _, _ in spans), *(end for _, end, _ in spans)})
    begins: dict[int, list[Mark]] = {}
    ends: dict[int, list[Mark]] = {}
    for start, end, mark in spans:
        begins.setdefault(start, []).append(mark)
        ends.setdefault(end, []).append(mark)
    found: list[Piece] = []
    covering: list[Mark] = []
    for start, end in pairwise(cuts):
        for mark in ends.get(start, ()):
            covering.remove(mark)
        covering += begins.get(start, [])
        found.append(Piece(text[start:end], tuple(covering[-_MOST_AT_ONCE:])))
    return found


def bars(marks: Iterable[Mark]) -> list[Bar]:
    """The spans of a sound, whose length nobody told: the last end is taken for it."""
    spans = [(mark, mark.span) for mark in marks if mark.span]
    whole = max((span[1] for _, span in spans), default=0)
    return [
        Bar(mark, round(1000 * span[0] / whole), max(round(1000 * (span[1] - span[0]) / whole), 2))
        for mark, span in spans
    ]
