"""The shapes of objects (PROTOCOL 3.4): each is checked for its form and its numbers, and that it is not nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

LARGEST = 1e15
"""Past this, a number is no coordinate; the comparison refuses NaN and Infinity too."""


class Refusal(Exception):
    """Why something is refused: one of the codes of `import_items.CODES`, where, and what was expected."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.code, self.path, self.message = code, path, message


def check(kind: str, value: object, path: str) -> None:
    """Refusal unless `value` is a geometry of this kind."""
    _CHECKS[kind](value, path)


def is_number(value: object) -> bool:
    return (type(value) is float or type(value) is int) and -LARGEST <= value <= LARGEST  # type: ignore[operator]


def shown(value: object) -> str:
    """What came, short enough for a sentence."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value) if isinstance(value, str | float | bool | None) else str(value)[:60]
    return text if len(text) <= 60 else text[:57] + "…"


def _members(value: object, names: tuple[str, ...], path: str) -> dict[str, Any]:
    """The object, with a number under each of the names."""
    if type(value) is not dict:
        raise Refusal("bad_geometry", path, f"An object with {', '.join(names)} was expected, not {shown(value)}.")
    for name in names:
        if not is_number(value.get(name)):
            raise _no_number(value, name, f"{path}.{name}")
    return value


def _no_number(value: dict[str, Any], name: str, path: str) -> Refusal:
    if name not in value:
        return Refusal("bad_geometry", path, f"The number {name} is missing.")
    return Refusal("not_a_number", path, f"A finite number was expected, not {shown(value[name])}.")


def _box(value: object, path: str) -> None:
    """Negative sizes are the direction in which a person drew; no size at all is no box."""
    box = _members(value, ("x", "y", "width", "height"), path)
    for name in ("width", "height"):
        if box[name] == 0:
            raise Refusal("bad_geometry", f"{path}.{name}", f"The {name} must not be 0.")


def _rotated_box(value: object, path: str) -> None:
    _box(value, path)
    _members(value, ("rotation",), path)


def _point(value: object, path: str) -> None:
    if type(value) is not list or len(value) != 2:
        raise Refusal("bad_geometry", path, f"A point [x, y] was expected, not {shown(value)}.")
    if not (is_number(value[0]) and is_number(value[1])):
        place = 1 if is_number(value[0]) else 0
        message = f"A finite number was expected, not {shown(value[place])}."
        raise Refusal("not_a_number", f"{path}[{place}]", message)


def _points(value: object, path: str, least: int) -> None:
    if type(value) is not list:
        raise Refusal("bad_geometry", path, f"A list of points [x, y] was expected, not {shown(value)}.")
    if len(value) < least:
        raise Refusal("bad_geometry", path, f"At least {least} points were expected, not {len(value)}.")
    for place, point in enumerate(value):
        # The path is only made for a point that is wrong: polygons have thousands.
        if not (type(point) is list and len(point) == 2 and is_number(point[0]) and is_number(point[1])):
            _point(point, f"{path}[{place}]")


def _polygon(value: object, path: str) -> None:
    _points(value, path, 3)


def _polyline(value: object, path: str) -> None:
    _points(value, path, 2)


def _segmentation(value: object, path: str) -> None:
    zones = value.get("zones") if isinstance(value, dict) else None
    if not isinstance(zones, list) or not zones:
        raise Refusal("bad_geometry", path, "An object with a list of zones was expected.")
    for index, zone in enumerate(zones):
        here = f"{path}.zones[{index}]"
        if not isinstance(zone, dict):
            raise Refusal("bad_geometry", here, f"An object with a region was expected, not {shown(zone)}.")
        _points(zone.get("region"), f"{here}.region", 3)
        holes = zone.get("holes") or []
        if not isinstance(holes, list):
            raise Refusal("bad_geometry", f"{here}.holes", "A list of rings was expected.")
        for ring, hole in enumerate(holes):
            _points(hole, f"{here}.holes[{ring}]", 3)


def _span(value: object, path: str) -> None:
    """Character offsets, or seconds of a sound."""
    span = _members(value, ("start", "end"), path)
    if span["start"] < 0:
        raise Refusal("bad_geometry", f"{path}.start", "The start must not be before 0.")
    if span["end"] <= span["start"]:
        raise Refusal("bad_geometry", f"{path}.end", "The end must come after the start.")


def _pdf(value: object, path: str) -> None:
    """As it is imported, or as it is exported."""
    if isinstance(value, dict) and isinstance(value.get("position"), dict):
        rect = value["position"].get("boundingRect")
        _members(rect, ("x1", "y1", "x2", "y2", "width", "height"), f"{path}.position.boundingRect")
        return
    box = _members(value, ("height", "width", "x1", "y1", "x2", "y2", "pageNumber"), path)
    if box["pageNumber"] < 1 or box["pageNumber"] != int(box["pageNumber"]):
        raise Refusal("bad_geometry", f"{path}.pageNumber", "Pages count from 1.")


def _anything(value: object, path: str) -> None:
    """3-D annotations are not described anywhere in public; they are kept as they come."""


_CHECKS: dict[str, Callable[[object, str], None]] = {
    "bounding-box": _box,
    "rotated-bounding-box": _rotated_box,
    "polygon": _polygon,
    "polyline": _polyline,
    "point": _point,
    "segmentation": _segmentation,
    "ner": _span,
    "pdf": _pdf,
    "pct": _anything,
    "brush": _anything,
}
KINDS = frozenset(_CHECKS)
WITHOUT_GEOMETRY = frozenset({"brush", "pct"})
