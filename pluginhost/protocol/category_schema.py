"""Category schemas: the labeling tools of a project as the wire has them (PROTOCOL 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pluginhost.errors import FieldError, Invalid

from .schema_reading import Reading
from .tool_kinds import GEOMETRY_OF_TOOL, KINDS, PALETTE

__all__ = ["GEOMETRY_OF_TOOL", "KINDS", "PALETTE", "complete", "everything", "problems", "tools_of", "walk"]


def tools_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools (what draws geometry), in their order."""
    return list(schema.get("tools") or [])


def walk(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every item and, depth first, the classifications nested in it."""
    for item in items:
        yield item
        yield from walk(item.get("classifications") or [])


def everything(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All tools, classifications and relations, nested ones included."""
    for kind in KINDS:
        yield from walk(schema.get(kind) or [])


def complete(schema: object) -> dict[str, Any]:
    """The schema with a schemaId and a colour everywhere and all else as it came.

    Invalid names the path of everything that is wrong, the first fifty at least.
    """
    reading = Reading()
    read = reading.whole(schema)
    if reading.errors:
        first = reading.errors[0]
        raise Invalid(f"{first['path']}: {first['message']}", reading.errors)
    return read


def problems(schema: object) -> list[FieldError]:
    """What `complete` would refuse."""
    reading = Reading()
    reading.whole(schema)
    return reading.errors
