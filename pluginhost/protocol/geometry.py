"""The shapes of objects (PROTOCOL 3.4): each is checked for its form and its numbers, and that it is not nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from .import_words import Notice
from .plain_geometry import LARGEST, has_area, is_number

__all__ = ["KINDS", "LARGEST", "WITHOUT_GEOMETRY", "Refusal", "check", "is_number", "shown"]


class Refusal(Exception):
    """Why something is refused: one of the codes of `import_items.CODES`, where, and what was expected."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.code, self.path, self.message = code, path, message


def check(kind: str, value: object, path: str, notices: list[Notice]) -> None:
    """Refusal unless `value` is a geometry of this kind; what is odd about one that is goes into `notices`."""
    _CHECKS[kind](value, path, notices)


def shown(value: object) -> str:
    """What came, short enough for a sentence."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if -(10**60) < value < 10**60 else "a number of more than 60 digits"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"


# --- numbers ---


def no_number(value: object, path: str) -> Refusal:
    """Why the value is no coordinate."""
    if isinstance(value, float) and not math.isfinite(value):
        return Refusal("not_finite", path, f"A finite number was expected, not {shown(value)}.")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Refusal("number_too_large", path, f"A coordinate was expected, not {shown(value)}.")
    return Refusal("not_a_number", path, f"A number was expected, not {shown(value)}.")


def _members(value: object, names: tuple[str, ...], path: str) -> dict[str, Any]:
    """The object, with a number under each of the names."""
    if type(value) is not dict:
        raise Refusal("bad_geometry", path, f"An object with {', '.join(names)} was expected, not {shown(value)}.")
    for name in names:
        if name not in value:
            raise Refusal("bad_geometry", f"{path}.{name}", f"The number {name} is missing.")
        if not is_number(value[name]):
            raise no_number(value[name], f"{path}.{name}")
    return value


def _nothing(path: str, message: str) -> Refusal:
    return Refusal("degenerate", path, message)


# --- boxes ---


def _box(value: object, path: str, notices: list[Notice]) -> None:
    """Negative sizes are the direction in which a person drew; no size at all is no box."""
    box = _members(value, ("x", "y", "width", "height"), path)
    for name in ("width", "height"):
        if box[name] == 0:
            raise _nothing(f"{path}.{name}", f"The {name} must not be 0.")


def _rotated_box(value: object, path: str, notices: list[Notice]) -> None:
    _box(value, path, notices)
    rotation = _members(value, ("rotation",), path)["rotation"]
    if not -180 <= rotation <= 180:
        message = f"Rotations are between -180 and 180 degrees; {shown(rotation)} was kept as it is."
        notices.append(("unusual_rotation", f"{path}.rotation", message))


# --- points ---


def _point(value: object, path: str, notices: list[Notice]) -> None:
    if type(value) is not list or len(value) != 2:
        raise Refusal("bad_geometry", path, f"A point [x, y] was expected, not {shown(value)}.")
    for place, number in enumerate(value):
        if not is_number(number):
            raise no_number(number, f"{path}[{place}]")


def _points(value: object, path: str, least: int) -> list[Any]:
    """The list, if it holds so many points; nothing yet about what they look like together."""
    if type(value) is not list:
        raise Refusal("bad_geometry", path, f"A list of points [x, y] was expected, not {shown(value)}.")
    for place, point in enumerate(value):
        # The path is only made for a point that is wrong: polygons have thousands.
        if not (type(point) is list and len(point) == 2 and is_number(point[0]) and is_number(point[1])):
            _point(point, f"{path}[{place}]", [])
    if len(value) < least:
        raise _nothing(path, f"At least {least} points were expected, not {len(value)}.")
    return value


def _ring(value: object, path: str) -> None:
    if not has_area(_points(value, path, 3)):
        raise _nothing(path, "All of its points lie on one line; it has no area.")


def _polygon(value: object, path: str, notices: list[Notice]) -> None:
    _ring(value, path)


def _polyline(value: object, path: str, notices: list[Notice]) -> None:
    points = _points(value, path, 2)
    if all(point == points[0] for point in points):
        raise _nothing(path, "All of its points are the same; it has no length.")


def _segmentation(value: object, path: str, notices: list[Notice]) -> None:
    zones = value.get("zones") if isinstance(value, dict) else None
    if not isinstance(zones, list):
        raise Refusal("bad_geometry", path, "An object with a list of zones was expected.")
    if not zones:
        raise _nothing(f"{path}.zones", "At least one zone was expected.")
    for index, zone in enumerate(zones):
        here = f"{path}.zones[{index}]"
        if not isinstance(zone, dict):
            raise Refusal("bad_geometry", here, f"An object with a region was expected, not {shown(zone)}.")
        _ring(zone.get("region"), f"{here}.region")
        _holes(zone.get("holes"), f"{here}.holes", notices)


def _holes(value: object, path: str, notices: list[Notice]) -> None:
    """A hole that is nothing takes nothing away: that is remarked upon and does no harm."""
    if not value:
        return
    if not isinstance(value, list):
        raise Refusal("bad_geometry", path, "A list of rings was expected.")
    for index, hole in enumerate(value):
        if not has_area(_points(hole, f"{path}[{index}]", 0)):
            notices.append(("empty_hole", f"{path}[{index}]", "This hole has no area."))


# --- texts, sounds and pages ---


def _span(value: object, path: str, notices: list[Notice]) -> None:
    """Character offsets, or seconds of a sound."""
    span = _members(value, ("start", "end"), path)
    if span["start"] < 0:
        raise Refusal("bad_geometry", f"{path}.start", "The start must not be before 0.")
    if span["end"] < span["start"]:
        raise Refusal("bad_geometry", f"{path}.end", "The end must come after the start.")
    if span["end"] == span["start"]:
        raise _nothing(f"{path}.end", "The end must come after the start; this is nothing.")


def _pdf(value: object, path: str, notices: list[Notice]) -> None:
    """As it is imported, or as it is exported."""
    if isinstance(value, dict) and isinstance(value.get("position"), dict):
        rect, page, path = value["position"].get("boundingRect"), value["position"], f"{path}.position"
        box = _members(rect, _CORNERS, f"{path}.boundingRect")
        corners = f"{path}.boundingRect"
    else:
        box = page = _members(value, (*_CORNERS, "pageNumber"), path)
        corners = path
    number = page.get("pageNumber", 1)
    if not is_number(number) or number < 1 or number != int(number):
        raise Refusal("bad_geometry", f"{path}.pageNumber", f"Pages count from 1; this is {shown(number)}.")
    if box["x1"] == box["x2"] or box["y1"] == box["y2"]:
        raise _nothing(corners, "The corners lie on one line; there is nothing between them.")


_CORNERS = ("height", "width", "x1", "y1", "x2", "y2")


def _anything(value: object, path: str, notices: list[Notice]) -> None:
    """3-D annotations are not described anywhere in public; they are kept as they come."""


_CHECKS: dict[str, Callable[[object, str, list[Notice]], None]] = {
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
