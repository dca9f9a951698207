"""What is drawn over an asset: its objects as shapes in image pixels, and what cannot be drawn as words.

A plain function from content (what an import or a person gave) and category schema to marks; it reads no
database and trusts nothing: an object that does not hold what its kind needs is listed, not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from typing import Any

from django.utils.safestring import SafeString

from pluginhost.protocol import category_schema

from . import shapes
from .shapes import Sheet, dicts

UNKNOWN_COLOR = "#7a7f86"
UNKNOWN_TITLE = "No tool"
UNUSABLE = "not drawn: its coordinates are not usable"
_PALE = 0.6
"""From this lightness on (0 to 1) a colour is set off from its ground by dark, not by light."""


@dataclass(frozen=True)
class Mark:
    """One object: its class, its words, and, where it has a place in the picture, the SVG element for it.

    One that is on a page of a document has a `sheet`, whose coordinates the element's are; one in a text or a sound
    has a `span` and no element.
    """

    title: str
    color: str
    kind: str
    words: str = ""
    tag: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    sheet: Sheet | None = None
    span: tuple[float, float] | None = None
    confidence: float | None = None
    is_low: bool = False

    @property
    def is_line(self) -> bool:
        """Whether it has no inside to fill."""
        return self.kind in {"polyline", "point"}

    @property
    def is_on_picture(self) -> bool:
        return bool(self.tag) and self.sheet is None

    @property
    def element(self) -> SafeString:
        """The SVG element, in its tool's colour; its line stays as wide as it is under any zoom.

        Its line takes the text's colour, so that a copy of it under it can be its casing (`.casing`). Written by
        hand: a page draws thousands, and Django's `format_html` would take half of its time.
        """
        color = escape(self.color)
        fill = "none" if self.is_line else color
        kinds = (self.attributes.get("class"), "pale" if is_pale(self.color) else "", "low" if self.is_low else "")
        classes = " ".join(filter(None, kinds))
        given = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items() if name != "class")
        named = f' class="{classes}"' if classes else ""
        return SafeString(
            f'<{self.tag}{given}{named} fill="{fill}" color="{color}" stroke="currentColor"'
            ' vector-effect="non-scaling-stroke"/>'
        )


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


@lru_cache(1_000)
def is_pale(color: str) -> bool:
    """Whether light stands out less from it than dark (WCAG's weights, without its curve)."""
    digits = color.removeprefix("#")
    if len(digits) != 6 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        return False
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > _PALE


def marks_of(content: Mapping[str, Any], tools: Tools) -> list[Mark]:
    """The objects of what an import gave (`objects`) or a person did (`tools`), in their order."""
    unplaced = "in the brush mask" if content.get("brushDataUrl") else "not drawn here"
    return [_mark(item, tools, unplaced) for item in objects_of(content)]


def objects_of(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return dicts(content.get("objects") or content.get("tools"))


def answers_of(content: Mapping[str, Any], tools: Tools) -> list[Answer]:
    """What is said of the asset as a whole: answered classifications (nested ones depth first), relations, masks."""
    masks = [Answer(word, said) for key, (word, said) in _MASKS.items() if content.get(key)]
    return [*_answers(content.get("classifications"), tools), *_relations(content.get("relations"), tools), *masks]


def _mark(item: Mapping[str, Any], tools: Tools, unplaced: str) -> Mark:
    """`unplaced` is said of one that has no place of its own."""
    tool = tools.of(item)
    answers = tuple(_answers(item.get("classifications"), tools))
    kind = next((kind for kind in shapes.DRAWERS if kind in item), "")
    if not kind:
        return _elsewhere(item, Mark(tool.title, tool.color, "object", unplaced, answers=answers))
    drawn = shapes.DRAWERS[kind](item[kind])
    if drawn is None:
        return Mark(tool.title, tool.color, kind, UNUSABLE, answers=answers)
    if page := _page(item):  # on another page or frame than the one that is shown
        return Mark(tool.title, tool.color, kind, f"{drawn.words}, on page {page + 1}", answers=answers)
    return Mark(tool.title, tool.color, kind, drawn.words, drawn.tag, drawn.attributes, answers)


def _elsewhere(item: Mapping[str, Any], mark: Mark) -> Mark:
    """An object whose place is not in a picture."""
    if "ner" in item:
        span = shapes.span_of(item["ner"])
        words = f"from {shapes.short(span[0])} to {shapes.short(span[1])}" if span else UNUSABLE
        return replace(mark, kind="ner", words=words, span=span)
    if "pdf" in item:
        found = shapes.on_sheet(item["pdf"])
        if found is None:
            return replace(mark, kind="pdf", words=UNUSABLE)
        sheet, drawn = found
        return replace(mark, kind="pdf", words=drawn.words, tag=drawn.tag, attributes=drawn.attributes, sheet=sheet)
    kind = next((key for key in category_schema.GEOMETRY_OF_TOOL if key in item), "object")
    return replace(mark, kind=kind)


def _page(item: Mapping[str, Any]) -> int:
    page = item.get("page")
    return page if isinstance(page, int) and page > 0 else 0


def _answers(value: object, tools: Tools) -> Iterator[Answer]:
    for item in dicts(value):
        answer = item.get("answer")
        yield Answer(tools.of(item).title, ", ".join(map(str, answer)) if isinstance(answer, list) else _text(answer))
        yield from _answers(item.get("classifications"), tools)


_MASKS = {
    "brushDataUrl": ("Brush mask", "drawn over the picture"),
    "medicalBrushDataUrl": ("Medical brush mask", "not drawn here"),
}


def _relations(value: object, tools: Tools) -> Iterator[Answer]:
    for item in dicts(value):
        group = item.get("group")
        ends = (
            shapes.counted(len(group), "object")
            if isinstance(group, list)
            else f"{item.get('from')} → {item.get('to')}"
        )
        yield Answer(tools.of(item).title, ends)


def _text(answer: object) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else str(answer)
