"""Whether what was drawn lies within its image, where the image's size is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

TOLERANCE = 1.0
"""Models round; what reaches over the edge by a pixel is not worth a word."""
Size = tuple[float, float]


def are_inside(objects: Iterable[dict[str, Any]], size: Size) -> bool:
    """Whether none reaches outside; boxes, which are most, are looked at here and now."""
    right, bottom = size[0] + TOLERANCE, size[1] + TOLERANCE
    for item in objects:
        box = item.get("bounding-box")
        if box is None:
            return first_outside(objects, size) is None
        x, y = box["x"], box["y"]
        if not (
            -TOLERANCE <= x <= right
            and -TOLERANCE <= y <= bottom
            and -TOLERANCE <= x + box["width"] <= right
            and -TOLERANCE <= y + box["height"] <= bottom
        ):
            return False
    return True


def first_outside(objects: Iterable[dict[str, Any]], size: Size) -> tuple[int, str] | None:
    """Place and kind of the first object (all are sound) that reaches outside an image of this size."""
    right, bottom = size[0] + TOLERANCE, size[1] + TOLERANCE
    for place, item in enumerate(objects):
        for kind, is_inside in _INSIDE.items():
            if kind in item:
                if not is_inside(item[kind], right, bottom):
                    return place, kind
                break
    return None


def _box(box: Any, right: float, bottom: float) -> bool:
    x, y = box["x"], box["y"]
    return (
        -TOLERANCE <= x <= right
        and -TOLERANCE <= y <= bottom
        and -TOLERANCE <= x + box["width"] <= right
        and -TOLERANCE <= y + box["height"] <= bottom
    )


def _rotated_box(box: Any, right: float, bottom: float) -> bool:
    """Around which point such boxes turn is not told; so only one that lies outside either way is remarked upon."""
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    return _points([middle], right, bottom) or _points([[box["x"], box["y"]]], right, bottom)


def _point(point: Any, right: float, bottom: float) -> bool:
    return -TOLERANCE <= point[0] <= right and -TOLERANCE <= point[1] <= bottom


def _points(points: Any, right: float, bottom: float) -> bool:
    return all(-TOLERANCE <= x <= right and -TOLERANCE <= y <= bottom for x, y in points)


def _segmentation(value: Any, right: float, bottom: float) -> bool:
    return all(_points(zone["region"], right, bottom) for zone in value["zones"])


_INSIDE: dict[str, Callable[[Any, float, float], bool]] = {
    "bounding-box": _box,
    "polygon": _points,
    "segmentation": _segmentation,
    "point": _point,
    "polyline": _points,
    "rotated-bounding-box": _rotated_box,
}
