"""Category schemas: the labeling tools of a project as the wire has them (PROTOCOL 3.2)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from pluginhost.errors import Invalid

KINDS = ("tools", "classifications", "relations")
GEOMETRY_OF_TOOL = {
    "bounding-box": "bounding-box",
    "rotated-bounding-box": "rotated-bounding-box",
    "polygon": "polygon",
    "polyline": "polyline",
    "point": "point",
    "segmentation": "segmentation",
    "ner": "ner",
    "pdf": "pdf",
    "brush": "brush",
    "pct": "pct",
}
CLASSIFICATIONS = {
    "multi-dropdown", "single-dropdown", "tree-dropdown", "radio", "checkbox", "text", "instance", "boolean", "rank",
}  # fmt: skip
RELATIONS = {"one-to-one", "one-to-many", "group"}
DEEPEST = 8
MOST_ITEMS = 5_000
_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
PALETTE = ("#d1495b", "#2f7fb5", "#7b4bb3", "#178f6b", "#b7791f", "#5a6b1f", "#a33b8f", "#3f5fbf")


def tools_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools (what draws geometry), in their order."""
    return list(schema.get("tools") or [])


def walk(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every item and, depth first, the classifications nested in it."""
    for item in items:
        yield item
        yield from walk(item.get("classifications") or [])


def complete(schema: object) -> dict[str, list[dict[str, Any]]]:
    """The schema with a schemaId and a colour everywhere. Invalid names the path of the first thing wrong."""
    if not isinstance(schema, dict):
        raise _bad("categorySchema", "This must be an object with tools, classifications and relations.")
    known = {"tools": set(GEOMETRY_OF_TOOL), "classifications": CLASSIFICATIONS, "relations": RELATIONS}
    seen: set[str] = set()
    return {kind: _items(schema.get(kind), f"categorySchema.{kind}", known[kind], seen, 0) for kind in KINDS}


def _items(value: object, path: str, kinds: set[str], seen: set[str], depth: int) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _bad(path, "This must be a list.")
    if depth > DEEPEST:
        raise _bad(path, f"Classifications are nested deeper than {DEEPEST} levels.")
    return [_item(item, f"{path}[{index}]", kinds, seen, depth) for index, item in enumerate(value)]


def _item(item: object, path: str, kinds: set[str], seen: set[str], depth: int) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise _bad(path, "This must be an object.")
    if item.get("tool") not in kinds:
        raise _bad(f"{path}.tool", f"This must be one of {', '.join(sorted(kinds))}.")
    title = item.get("title")
    if not isinstance(title, str) or not title.strip() or len(title) > 500:
        raise _bad(f"{path}.title", "Give it a title of at most 500 characters.")
    schema_id = _schema_id(item.get("schemaId"), path, seen)
    color = item.get("color")
    return {
        **item,
        "title": title.strip(),
        "schemaId": schema_id,
        "color": color if isinstance(color, str) and _COLOR.match(color) else _color(len(seen)),
        "classifications": _items(
            item.get("classifications"), f"{path}.classifications", CLASSIFICATIONS, seen, depth + 1
        ),
        "options": _options(item.get("options"), f"{path}.options"),
    }


def _schema_id(given: object, path: str, seen: set[str]) -> str:
    schema_id = str(given) if given not in (None, "") else uuid.uuid4().hex
    if len(schema_id) > 100:
        raise _bad(f"{path}.schemaId", "This is longer than 100 characters.")
    if schema_id in seen:
        raise _bad(f"{path}.schemaId", f"{schema_id} stands twice.")
    if len(seen) >= MOST_ITEMS:
        raise _bad(path, f"There are more than {MOST_ITEMS:,} tools and classifications.")
    seen.add(schema_id)
    return schema_id


def _options(value: object, path: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _bad(path, "This must be a list.")
    options = []
    for index, option in enumerate(value):
        if isinstance(option, str):
            option = {"value": option}
        if not isinstance(option, dict) or not isinstance(option.get("value"), str):
            raise _bad(f"{path}[{index}].value", "This must be text.")
        options.append({**option, "schemaId": str(option.get("schemaId") or uuid.uuid4().hex)})
    return options


def _color(index: int) -> str:
    return PALETTE[(index - 1) % len(PALETTE)]


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
