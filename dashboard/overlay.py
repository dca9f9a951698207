"""What is drawn over an asset: its objects as shapes in image pixels, and what cannot be drawn as words.

A plain function from content (what an import or a person gave) and category schema to marks; it reads no
database and trusts nothing: an object that does not hold what its kind needs is listed, not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from django.utils.safestring import SafeString

from pluginhost.protocol import category_schema

UNKNOWN_COLOR = "#7a7f86"
UNKNOWN_TITLE = "No tool"
Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """One object: its class, its words, and, where it has a place in the picture, the SVG element for it."""

    title: str
    color: str
    kind: str
    words: str = ""
    tag: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()

    @property
    def is_line(self) -> bool:
        """Whether it has no inside to fill."""
        return self.kind in {"polyline", "point"}

    @property
    def element(self) -> SafeString:
        """The SVG element, in its tool's colour; its line stays as wide as it is under any zoom.

        Written by hand: a page draws thousands, and Django's `format_html` would take half of its time.
        """
        color = escape(self.color)
        fill = "none" if self.is_line else color
        given = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items())
        return SafeString(f'<{self.tag}{given} fill="{fill}" stroke="{color}" vector-effect="non-scaling-stroke"/>')


@dataclass(frozen=True)
class Answer:
    """One answered classification."""

    title: str
    text: str


@dataclass(frozen=True)
class Tool:
    title: str
    color: str


class Tools:
    """The category schema, to be asked by schemaId."""

    def __init__(self, schema: dict[str, Any]) -> None:
        kinds = (schema.get(kind) or [] for kind in category_schema.KINDS)
        items = [item for kind in kinds for item in category_schema.walk(kind)]
        self._by_id = {str(item["schemaId"]): Tool(item["title"], item["color"]) for item in items}

    def of(self, item: Mapping[str, Any]) -> Tool:
        known = self._by_id.get(str(item.get("schemaId")))
        title = item.get("title")
        return known or Tool(title if isinstance(title, str) and title else UNKNOWN_TITLE, UNKNOWN_COLOR)


def marks_of(content: Mapping[str, Any], tools: Tools) -> list[Mark]:
    """The objects of what an import gave (`objects`) or a person did (`tools`), in their order."""
    return [_mark(item, tools) for item in _dicts(content.get("objects") or content.get("tools"))]


def answers_of(content: Mapping[str, Any], tools: Tools) -> list[Answer]:
    """What is said of the asset as a whole: answered classifications (nested ones depth first), relations, masks."""
    masks = [Answer(word, "not drawn here") for key, word in _MASKS.items() if content.get(key)]
    return [*_answers(content.get("classifications"), tools), *_relations(content.get("relations"), tools), *masks]


def _mark(item: Mapping[str, Any], tools: Tools) -> Mark:
    tool = tools.of(item)
    answers = tuple(_answers(item.get("classifications"), tools))
    kind = next((kind for kind in _DRAWERS if kind in item), "")
    if not kind:
        kind, words = _said(item)
        return Mark(tool.title, tool.color, kind, words, answers=answers)
    drawn = _DRAWERS[kind](item[kind])
    if drawn is None:
        return Mark(tool.title, tool.color, kind, "not drawn: its coordinates are not usable", answers=answers)
    tag, attributes, words = drawn
    if page := _page(item):  # on another page or frame than the one that is shown
        return Mark(tool.title, tool.color, kind, f"{words}, on page {page + 1}", answers=answers)
    return Mark(tool.title, tool.color, kind, words, tag, attributes, answers)


def _page(item: Mapping[str, Any]) -> int:
    page = item.get("page")
    return page if isinstance(page, int) and page > 0 else 0


def _answers(value: object, tools: Tools) -> Iterator[Answer]:
    for item in _dicts(value):
        answer = item.get("answer")
        yield Answer(tools.of(item).title, ", ".join(map(str, answer)) if isinstance(answer, list) else _text(answer))
        yield from _answers(item.get("classifications"), tools)


_MASKS = {"brushDataUrl": "Brush mask", "medicalBrushDataUrl": "Medical brush mask"}


def _relations(value: object, tools: Tools) -> Iterator[Answer]:
    for item in _dicts(value):
        group = item.get("group")
        ends = _counted(len(group), "object") if isinstance(group, list) else f"{item.get('from')} → {item.get('to')}"
        yield Answer(tools.of(item).title, ends)


def _text(answer: object) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else str(answer)


# --- what can be drawn ---

Drawn = tuple[str, dict[str, str], str]


def _box(value: object) -> Drawn | None:
    """A rectangle; the negative sides of one that was drawn backwards are turned round."""
    sides = _sides(value)
    if sides is None:
        return None
    x, y, width, height = sides
    left, top = min(x, x + width), min(y, y + height)
    attributes = {"x": left, "y": top, "width": abs(width), "height": abs(height)}
    return "rect", _written(attributes), f"{abs(width):.0f} × {abs(height):.0f} at {left:.0f}, {top:.0f}"


def _rotated_box(value: object) -> Drawn | None:
    """Turned about its centre."""
    drawn, sides = _box(value), _sides(value)
    rotation = _number(value.get("rotation")) if isinstance(value, dict) else None
    if drawn is None or sides is None or rotation is None:
        return None
    tag, attributes, words = drawn
    x, y, width, height = sides
    turn = f"rotate({_short(rotation)} {_short(x + width / 2)} {_short(y + height / 2)})"
    return tag, {**attributes, "transform": turn}, f"{words}, turned {rotation:.0f}°"


def _polygon(value: object) -> Drawn | None:
    points = _points(value)
    return ("polygon", {"points": _joined(points)}, f"{len(points)} corners") if len(points) >= 3 else None


def _polyline(value: object) -> Drawn | None:
    points = _points(value)
    return ("polyline", {"points": _joined(points)}, f"{len(points)} points") if len(points) >= 2 else None


def _dot(value: object) -> Drawn | None:
    """A line of no length: with round ends it is a dot that keeps its size under any zoom."""
    points = _points([value])
    if not points:
        return None
    x, y = points[0]
    return "path", {"d": f"M{_short(x)} {_short(y)}h0", "class": "dot-mark"}, f"at {x:.0f}, {y:.0f}"


def _segmentation(value: object) -> Drawn | None:
    """One path; holes are holes by the even-odd rule."""
    zones = list(_dicts(value.get("zones"))) if isinstance(value, dict) else []
    regions = [_points(zone.get("region")) for zone in zones]
    holes = [_points(hole) for zone in zones for hole in _items(zone.get("holes"))]
    rings = [ring for ring in (*regions, *holes) if len(ring) >= 3]
    if not any(len(region) >= 3 for region in regions):
        return None
    path = "".join(f"M{_joined(ring)}Z" for ring in rings)
    return "path", {"d": path, "fill-rule": "evenodd"}, _counted(len(regions), "zone") + _with_holes(len(holes))


_DRAWERS = {
    "bounding-box": _box,
    "rotated-bounding-box": _rotated_box,
    "polygon": _polygon,
    "polyline": _polyline,
    "point": _dot,
    "segmentation": _segmentation,
}


# --- what is said in words ---


def _said(item: Mapping[str, Any]) -> tuple[str, str]:
    """The kind and the words of an object without a place in a picture."""
    ner, pdf = item.get("ner"), item.get("pdf")
    if isinstance(ner, dict):
        return "ner", f"from {ner.get('start', '?')} to {ner.get('end', '?')}"
    if isinstance(pdf, dict):
        content, position = _dict(pdf.get("content")), _dict(pdf.get("position"))
        words = str(pdf.get("text") or content.get("text") or "")
        page = pdf.get("pageNumber") or position.get("pageNumber") or "?"
        return "pdf", f"page {page}" + (f": {words[:120]}" if words else "")
    kind = next((key for key in category_schema.GEOMETRY_OF_TOOL if key in item), "object")
    return kind, "not drawn here"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _with_holes(count: int) -> str:
    return f", {_counted(count, 'hole')}" if count else ""


# --- reading what came ---


def _items(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    return (item for item in _items(value) if isinstance(item, dict))


def _number(value: object) -> float | None:
    """A number that can be drawn; neither true nor infinity is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e9 and math.isfinite(value) else None


def _sides(value: object) -> tuple[float, float, float, float] | None:
    given = [_number(value.get(name)) for name in ("x", "y", "width", "height")] if isinstance(value, dict) else []
    numbers = [number for number in given if number is not None]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def _points(value: object) -> list[Point]:
    """The pairs of numbers; none at all when one of them is not."""
    points: list[Point] = []
    for pair in _items(value):
        if not isinstance(pair, list | tuple) or len(pair) < 2:
            return []
        x, y = _number(pair[0]), _number(pair[1])
        if x is None or y is None:
            return []
        points.append((x, y))
    return points


def _short(number: float) -> str:
    """To a tenth of a pixel, without needless zeros."""
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _joined(points: list[Point]) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in points)


def _written(numbers: Mapping[str, float]) -> dict[str, str]:
    return {name: _short(number) for name, number in numbers.items()}
