"""Labeling tools as a table shows them, and what each of them is used for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboard.words import grouped
from pluginhost import tool_uses
from pluginhost.models import Project
from pluginhost.protocol import category_schema
from pluginhost.tool_uses import Mapped, Objects

from .tool_words import KINDS

DEEPEST_SHOWN = 3


@dataclass(frozen=True)
class Uses:
    """Which classes are mapped to a tool, and how many objects were drawn with it."""

    mapped: dict[str, list[Mapped]]
    drawn: Objects

    def mapped_by(self, schema_id: str) -> list[str]:
        """«Detector: Car» for each class."""
        return [f"{plugin}: {name}" for plugin, name in self.mapped.get(schema_id, [])]

    def objects(self, schema_id: str) -> str:
        """`1,204 objects`, or nothing."""
        number, is_least = self.drawn.of(schema_id)
        if not number:
            return ""
        return f"{'at least ' if is_least else ''}{grouped(number)} {'object' if number == 1 else 'objects'}"

    def for_editor(self) -> dict[str, dict[str, Any]]:
        ids = {*self.mapped, *self.drawn.by_id}
        return {
            schema_id: {"mapped": self.mapped_by(schema_id), "objects": self.objects(schema_id)} for schema_id in ids
        }


@dataclass(frozen=True)
class Row:
    """One tool, classification or relation."""

    title: str
    color: str
    schema_id: str
    kind: str
    icon: str
    depth: int
    asked_when: str
    is_required: bool
    key: str
    options: list[str]
    mapped_by: list[str]
    objects: str


def uses(project: Project) -> Uses:
    return Uses(tool_uses.mapped(project), tool_uses.drawn(project))


def rows(project: Project, used: Uses) -> Iterator[Row]:
    """All of them, what is nested below what it is nested in."""
    for kind in category_schema.KINDS:
        for item, depth, asked_when in _placed(project.category_schema.get(kind) or [], 0, {}):
            word, icon = KINDS.get(item["tool"], (item["tool"], "tag"))
            schema_id = item["schemaId"]
            yield Row(
                item["title"], item["color"], schema_id, word, icon, min(depth, DEEPEST_SHOWN), asked_when,
                bool(item.get("required")), item.get("shortcutKey") or "",
                [str(option["value"]) for option in item.get("options") or []],
                used.mapped_by(schema_id), used.objects(schema_id),
            )  # fmt: skip


def _placed(
    items: list[dict[str, Any]], depth: int, options: dict[str, str]
) -> Iterator[tuple[dict[str, Any], int, str]]:
    for item in items:
        yield item, depth, options.get(item.get("parentOptionId") or "", "")
        own = {option["schemaId"]: option["value"] for option in item.get("options") or []}
        yield from _placed(item.get("classifications") or [], depth + 1, own)
