"""The confidence that objects may carry: not in any documented format, but written by many scripts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

KEYS = ("confidence", "score")
_HAIR = 1e-8
"""A script's 0.58 may be a hair less than ours."""


def confidence_of(item: Mapping[str, Any]) -> float | None:
    """From 0 to 1, or None of an object that carries none that can be read."""
    for key in KEYS:
        value = item.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
    return None


def passes(item: Mapping[str, Any], classes: Collection[str] | None, least: float | None) -> bool:
    """Whether a review by classes (schemaIds) and least confidence takes the object. What carries none is taken."""
    if classes is not None and item.get("schemaId") not in classes:
        return False
    confidence = confidence_of(item) if least is not None else None
    return confidence is None or least is None or confidence + _HAIR >= least
