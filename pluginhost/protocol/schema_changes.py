"""What goes away, or becomes another kind, when one category schema takes the place of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .tool_kinds import KINDS

Item = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A tool, classification, relation or option that is deleted (`becomes` is empty) or is of another kind now."""

    schema_id: str
    title: str
    kind: str
    becomes: str = ""
    option_of: str = ""
    place: str = "tools"

    @property
    def is_tool(self) -> bool:
        return self.place == "tools" and not self.option_of


def between(old: Item, new: Item) -> list[Change]:
    """In the order of the old schema, a whole with its parts; both are completed."""
    after = {item["schemaId"]: item for _, item in _placed(new)}
    found: list[Change] = []
    for place, item in _placed(old):
        found += _of(place, item, after.get(item["schemaId"]))
    return found


def _of(place: str, item: Item, now: Item | None) -> Iterator[Change]:
    if now is None:
        yield Change(item["schemaId"], item["title"], item["tool"], place=place)
        return
    if now["tool"] != item["tool"]:
        yield Change(item["schemaId"], item["title"], item["tool"], now["tool"], place=place)
    kept = {option["schemaId"] for option in now["options"]}
    for option in item.get("options") or []:
        if option["schemaId"] not in kept:
            yield Change(item["schemaId"], option["value"], "option", option_of=item["title"], place=place)


def _placed(schema: Item) -> Iterator[tuple[str, Item]]:
    """Everything with the list it stands in; what is nested stands among the classifications."""
    for kind in KINDS:
        for item in schema.get(kind) or []:
            yield kind, item
            yield from (("classifications", nested) for nested in _nested(item))


def _nested(item: Item) -> Iterator[Item]:
    for nested in item.get("classifications") or []:
        yield nested
        yield from _nested(nested)
