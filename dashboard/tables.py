"""Tables to download: CSV, written while it is read, with an end."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db.models import Model, QuerySet

from .newest import newest_of

Row = TypeVar("Row", bound=Model)
MOST_ROWS = 50_000
_CHUNK = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(
    head: Sequence[str], rows: QuerySet[Row], cells: Callable[[Row], Sequence[object]], most: int | None = None
) -> Iterator[bytes]:
    """The newest rows, a thousand at a time by key, so that nobody waits for a long query."""
    yield _line(head)
    last, left = None, MOST_ROWS if most is None else most
    while left > 0:
        found = newest_of(rows, min(_CHUNK, left), below=last)
        if not found:
            return
        yield b"".join(_line(cells(row)) for row in found)
        last, left = found[-1].pk, left - len(found)


def written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Rows that come from somewhere else, a thousand at a time."""
    yield _line(head)
    remaining = iter(rows)
    while piece := b"".join(map(_line, islice(remaining, _CHUNK))):
        yield piece


def _line(cells: Sequence[object]) -> bytes:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    out = io.StringIO()
    csv.writer(out).writerow(
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells]
    )
    return out.getvalue().encode("utf-8", "replace")
