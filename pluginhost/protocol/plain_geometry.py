"""Whether a shape is sound, asked as quickly as can be: nearly all are, and an import has millions.

What is true here is what `geometry.check` takes without a word; what is not is looked at again there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LARGEST = 1e15
"""Past this, a number is no coordinate; the comparison refuses NaN and Infinity too."""
_NUMBERS = frozenset({int, float})


def is_number(value: object) -> bool:
    return type(value) in _NUMBERS and -LARGEST <= value <= LARGEST  # type: ignore[operator]


def has_area(points: list[Any]) -> bool:
    """Whether the points (which are sound) do not all lie on one line: mostly the first three tell."""
    if len(points) < 3:
        return False
    x, y = points[0]
    along_x = along_y = 0
    for place_x, place_y in points:
        step_x, step_y = place_x - x, place_y - y
        if along_x * step_y != along_y * step_x:
            return True
        if not (along_x or along_y):
            along_x, along_y = step_x, step_y
    return False


def _box(value: Any) -> bool:
    try:
        x, y, width, height = value["x"], value["y"], value["width"], value["height"]
    except (KeyError, TypeError):
        return False
    return (
        type(x) in _NUMBERS
        and type(y) in _NUMBERS
        and type(width) in _NUMBERS
        and type(height) in _NUMBERS
        and -LARGEST <= x <= LARGEST
        and -LARGEST <= y <= LARGEST
        and (-LARGEST <= width < 0 or 0 < width <= LARGEST)
        and (-LARGEST <= height < 0 or 0 < height <= LARGEST)
    )


def _rotated_box(value: Any) -> bool:
    return _box(value) and is_number(value.get("rotation")) and -180 <= value["rotation"] <= 180


def _point(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and is_number(value[0]) and is_number(value[1])


def _points(value: Any) -> bool:
    if type(value) is not list:
        return False
    for point in value:
        if type(point) is not list or len(point) != 2:
            return False
        x, y = point
        if type(x) not in _NUMBERS or type(y) not in _NUMBERS:
            return False
        if not (-LARGEST <= x <= LARGEST and -LARGEST <= y <= LARGEST):
            return False
    return True


def _ring(value: Any) -> bool:
    return _points(value) and has_area(value)


def _polyline(value: Any) -> bool:
    return _points(value) and any(point != value[0] for point in value)


def _segmentation(value: Any) -> bool:
    zones = value.get("zones") if type(value) is dict else None
    return type(zones) is list and bool(zones) and all(map(_zone, zones))


def _zone(zone: Any) -> bool:
    if type(zone) is not dict or not _ring(zone.get("region")):
        return False
    holes = zone.get("holes")
    return not holes or (type(holes) is list and all(map(_ring, holes)))


IS_PLAIN: dict[str, Callable[[Any], bool]] = {
    "bounding-box": _box,
    "rotated-bounding-box": _rotated_box,
    "polygon": _ring,
    "polyline": _polyline,
    "point": _point,
    "segmentation": _segmentation,
}
MEMBERS = {"bounding-box": 4, "rotated-bounding-box": 5}
"""How many members such a shape has when they are numbers, each of them looked at."""
