"""Geometries as they are drawn: an SVG element's name and attributes in image pixels, and the words for it.

It trusts nothing that came: what does not hold what its kind needs is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Point = tuple[float, float]


class Drawn(NamedTuple):
    """One element, and what is said of it."""

    tag: str
    attributes: dict[str, str]
    words: str


class Sheet(NamedTuple):
    """A page of a document that has coordinates of its own; pages count from 1."""

    page: int
    width: float
    height: float


# --- what can be drawn ---


def _box(value: object) -> Drawn | None:
    """A rectangle; the negative sides of one that was drawn backwards are turned round."""
    sides = numbers_in(value, ("x", "y", "width", "height"))
    if sides is None:
        return None
    x, y, width, height = sides
    left, top = min(x, x + width), min(y, y + height)
    attributes = {"x": left, "y": top, "width": abs(width), "height": abs(height)}
    return Drawn("rect", _written(attributes), f"{abs(width):.0f} × {abs(height):.0f} at {left:.0f}, {top:.0f}")


def _rotated_box(value: object) -> Drawn | None:
    """Turned about its centre."""
    drawn, sides = _box(value), numbers_in(value, ("x", "y", "width", "height", "rotation"))
    if drawn is None or sides is None:
        return None
    x, y, width, height, rotation = sides
    turn = f"rotate({short(rotation)} {short(x + width / 2)} {short(y + height / 2)})"
    return Drawn(drawn.tag, {**drawn.attributes, "transform": turn}, f"{drawn.words}, turned {rotation:.0f}°")


def _polygon(value: object) -> Drawn | None:
    points = _points(value)
    return Drawn("polygon", {"points": _joined(points)}, f"{len(points)} corners") if len(points) >= 3 else None


def _polyline(value: object) -> Drawn | None:
    points = _points(value)
    return Drawn("polyline", {"points": _joined(points)}, f"{len(points)} points") if len(points) >= 2 else None


def _dot(value: object) -> Drawn | None:
    """A line of no length: with round ends it is a dot that keeps its size under any zoom."""
    points = _points([value])
    if not points:
        return None
    x, y = points[0]
    return Drawn("path", {"d": f"M{short(x)} {short(y)}h0", "class": "dot-mark"}, f"at {x:.0f}, {y:.0f}")


def _segmentation(value: object) -> Drawn | None:
    """One path; holes are holes by the even-odd rule."""
    zones = list(dicts(value.get("zones"))) if isinstance(value, dict) else []
    regions = [_points(zone.get("region")) for zone in zones]
    holes = [_points(hole) for zone in zones for hole in _items(zone.get("holes"))]
    rings = [ring for ring in (*regions, *holes) if len(ring) >= 3]
    if not any(len(region) >= 3 for region in regions):
        return None
    path = "".join(f"M{_joined(ring)}Z" for ring in rings)
    said = counted(len(regions), "zone") + (f", {counted(len(holes), 'hole')}" if holes else "")
    return Drawn("path", {"d": path, "fill-rule": "evenodd"}, said)


DRAWERS: Mapping[str, Callable[[object], Drawn | None]] = {
    "bounding-box": _box,
    "rotated-bounding-box": _rotated_box,
    "polygon": _polygon,
    "polyline": _polyline,
    "point": _dot,
    "segmentation": _segmentation,
}


# --- what has its place on a page of a document, or in a text ---


def on_sheet(pdf: object) -> tuple[Sheet, Drawn] | None:
    """A marked place of a document, as it is imported or as it is exported."""
    given = pdf if isinstance(pdf, dict) else {}
    position = _dict(given.get("position"))
    rect = _dict(position.get("boundingRect")) or given
    sides = numbers_in(rect, ("x1", "y1", "x2", "y2", "width", "height"))
    page = number_of(position.get("pageNumber", given.get("pageNumber")))
    if sides is None or page is None or not (1 <= page < 1e6 and sides[4] > 0 and sides[5] > 0):
        return None
    x1, y1, x2, y2, width, height = sides
    attributes = {"x": min(x1, x2), "y": min(y1, y2), "width": abs(x2 - x1), "height": abs(y2 - y1)}
    text = str(given.get("text") or _dict(given.get("content")).get("text") or "")
    words = f"page {page:.0f}" + (f": {text[:120]}" if text else "")
    return Sheet(int(page), width, height), Drawn("rect", _written(attributes), words)


def span_of(ner: object) -> tuple[float, float] | None:
    """From where to where in a text (characters) or a sound (seconds)."""
    ends = numbers_in(ner, ("start", "end"))
    return (ends[0], ends[1]) if ends is not None and 0 <= ends[0] < ends[1] else None


# --- reading what came ---


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def dicts(value: object) -> Iterator[dict[str, Any]]:
    return (item for item in _items(value) if isinstance(item, dict))


def number_of(value: object) -> float | None:
    """A number that can be drawn; neither true nor infinity is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e9 and math.isfinite(value) else None


def numbers_in(value: object, names: Iterable[str]) -> list[float] | None:
    """The numbers under these names, or None when one is missing."""
    given = [number_of(value.get(name)) for name in names] if isinstance(value, dict) else [None]
    numbers = [number for number in given if number is not None]
    return numbers if len(numbers) == len(given) else None


def short(number: float) -> str:
    """To a tenth of a pixel, without needless zeros."""
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _items(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _points(value: object) -> list[Point]:
    """The pairs of numbers; none at all when one of them is not."""
    points: list[Point] = []
    for pair in _items(value):
        if not isinstance(pair, list | tuple) or len(pair) < 2:
            return []
        x, y = number_of(pair[0]), number_of(pair[1])
        if x is None or y is None:
            return []
        points.append((x, y))
    return points


def _joined(points: list[Point]) -> str:
    return " ".join(f"{short(x)},{short(y)}" for x, y in points)


def _written(numbers: Mapping[str, float]) -> dict[str, str]:
    return {name: short(number) for name, number in numbers.items()}
