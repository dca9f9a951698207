"""Answers as exports have them (PROTOCOL 3.5): with the titles of the labeling tools, and options in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

from . import category_schema

BETWEEN = " / "
"""What stands between the steps of a path through a tree of options."""


@dataclass(frozen=True)
class Entry:
    """One tool, classification or relation of the schema; `options` are its texts by schemaId."""

    tool: str
    title: str
    is_column: bool
    options: dict[str, str]


_UNKNOWN = Entry("", "", False, {})


class Labels:
    """A project's category schema, by which answers are put into words."""

    def __init__(self, schema: dict[str, Any]) -> None:
        kinds = (schema.get(kind) or [] for kind in category_schema.KINDS)
        items = [item for kind in kinds for item in category_schema.walk(kind)]
        self._entries = {str(item.get("schemaId")): _entry(item) for item in items}

    def objects(self, items: object) -> list[dict[str, Any]]:
        return [self._object(item) for item in _dicts(items)]

    def classifications(self, items: object) -> list[dict[str, Any]]:
        return [self._classification(item) for item in _dicts(items)]

    def relations(self, items: object) -> list[dict[str, Any]]:
        return [self._titled(item) for item in _dicts(items)]

    def _object(self, item: dict[str, Any]) -> dict[str, Any]:
        drawn = {name: shape(item[name]) for name, shape in _SHAPES.items() if isinstance(item.get(name), dict)}
        return self._titled(item) | drawn | {"classifications": self.classifications(item.get("classifications"))}

    def _classification(self, item: dict[str, Any]) -> dict[str, Any]:
        known = self._of(item)
        return self._titled(item) | {
            "tool": known.tool or item.get("tool", ""),
            "columnField": known.is_column,
            "answer": _in_words(item.get("answer"), known.options),
            "classifications": self.classifications(item.get("classifications")),
        }

    def _titled(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item with the title of its tool as it is now; a tool that is gone has the one that was given."""
        return item | {"title": self._of(item).title or item.get("title", "")}

    def _of(self, item: dict[str, Any]) -> Entry:
        return self._entries.get(str(item.get("schemaId")), _UNKNOWN)


def _entry(item: dict[str, Any]) -> Entry:
    options = dict(_paths(item.get("treeOptions"), ""))
    options |= {str(option.get("schemaId")): str(option.get("value")) for option in _dicts(item.get("options"))}
    return Entry(str(item.get("tool", "")), str(item.get("title", "")), bool(item.get("columnField")), options)


def _paths(options: object, above: str) -> Iterator[tuple[str, str]]:
    """(key, whole path) of each option of a tree."""
    for option in _dicts(options):
        path = f"{above}{BETWEEN}{option.get('title')}" if above else str(option.get("title"))
        yield str(option.get("key")), path
        yield from _paths(option.get("children"), path)


def _in_words(answer: Any, options: dict[str, str]) -> Any:
    """People's answers are stored as ids of options, imported ones as texts already."""
    if isinstance(answer, list):
        return [_in_words(one, options) for one in answer]
    return options.get(answer, answer) if isinstance(answer, str) else answer


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


# --- geometries that are exported in another form than they may be stored in ---


def _box(box: dict[str, Any]) -> dict[str, Any]:
    """A person may have drawn it from right to left; it is exported with its upper left corner."""
    for start, size in (("x", "width"), ("y", "height")):
        if _is_number(box.get(size)) and box[size] < 0 and _is_number(box.get(start)):
            box = box | {start: box[start] + box[size], size: -box[size]}
    return box


def _rotated_box(box: dict[str, Any]) -> dict[str, Any]:
    """With its four corners, turned around the centre."""
    names = ("x", "y", "width", "height", "rotation")
    if "corners" in box or not all(_is_number(box.get(name)) for name in names):
        return box
    x, y, width, height, rotation = (box[name] for name in names)
    middle = x + width / 2, y + height / 2
    across, along = cos(radians(rotation)), sin(radians(rotation))
    steps = ((-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2))
    corners = [
        [middle[0] + right * across - down * along, middle[1] + right * along + down * across] for right, down in steps
    ]
    return box | {"corners": corners}


def _pdf(place: dict[str, Any]) -> dict[str, Any]:
    """Imported flat, exported nested."""
    if "position" in place:
        return place
    rect = {name: place.get(name) for name in ("x1", "y1", "x2", "y2", "width", "height")}
    content = {"image": place["image"]} if "image" in place else {"text": place.get("text", "")}
    return {
        "position": {"boundingRect": rect, "rects": [rect], "pageNumber": place.get("pageNumber", 1)},
        "content": content,
    }


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


_SHAPES = {"bounding-box": _box, "rotated-bounding-box": _rotated_box, "pdf": _pdf}
