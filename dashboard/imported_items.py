"""The items of one import with what became of each, a page at a time; how many there are the import itself keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard import overlay
from dashboard.drawn import Contents, DrawnAsset, draw_given
from dashboard.paging import Page, page_of
from pluginhost.models import Import, Notice, PreLabel, Rejection

PAGE = 50
OUTCOMES = ("rejected", "accepted", "unchanged", "noticed")
Row = PreLabel | Rejection | Notice


@dataclass(frozen=True)
class Choice:
    """One outcome to filter by."""

    name: str
    count: int
    is_on: bool


@dataclass(frozen=True)
class Class:
    """The objects of one labeling tool in an import."""

    title: str
    color: str
    count: int


def choices(found: Import, chosen: str) -> list[Choice]:
    counts = {name: getattr(found, name, 0) for name in OUTCOMES} | {"noticed": noticed(found)}
    return [Choice(name, counts[name], name == chosen) for name in OUTCOMES if counts[name] or name != "noticed"]


def noticed(found: Import) -> int:
    return sum(found.notices.values())


def chosen_in(found: Import, asked: Mapping[str, str]) -> str:
    """The outcome that is asked for; else what was refused, where something was."""
    name = asked.get("outcome", "")
    return name if name in OUTCOMES else "rejected" if found.rejected else "accepted"


def page(found: Import, outcome: str, asked: Mapping[str, str]) -> Page[Any]:
    """In the order in which they came: rows are stored in that order, so by their key."""
    code = asked.get("reason", "")[:40]
    if outcome == "rejected":
        rows = Rejection.objects.filter(origin=found).select_related("asset")
        return page_of(rows.filter(code=code) if code else rows, asked, key="pk", size=PAGE)
    if outcome == "noticed":
        remarks = Notice.objects.filter(origin=found).select_related("asset")
        return page_of(remarks.filter(code=code) if code else remarks, asked, key="pk", size=PAGE)
    is_unchanged = outcome == "unchanged"
    if is_unchanged and not found.unchanged:  # nothing is there, and to find that out all rows would be read
        return Page([], None, None)
    given = PreLabel.objects.filter(origin=found, is_unchanged=is_unchanged)
    return page_of(given.select_related("asset"), asked, key="pk", size=PAGE)


def drawn(found: Import, rows: Sequence[Row], host: str) -> list[tuple[Row, DrawnAsset | None]]:
    """Each row with its asset as the import has it, where it is about one."""
    given = {row.asset_id: row for row in rows if isinstance(row, PreLabel)}
    contents: dict[int, Contents] = {key: [(found, json.loads(row.content))] for key, row in given.items()}
    assets = {row.asset.pk: row.asset for row in rows if row.asset is not None}
    pictures = {one.asset.pk: one for one in draw_given(found.project, assets.values(), contents, host)}
    return [(row, pictures.get(row.asset_id or 0)) for row in rows]


def classes(found: Import) -> list[Class]:
    """Its objects by labeling tool, the most frequent first."""
    tools = overlay.Tools(found.project.category_schema)
    counted = sorted(found.classes.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [(tools.of({"schemaId": schema_id}), count) for schema_id, count in counted]
    return [Class(tool.title, tool.color, count) for tool, count in shown]


def by_count(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))
