"""The objectIds of an item's objects, and the relations that name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .geometry import Refusal, shown
from .import_words import Notice

Name = tuple[str, Any]
"""(objectId, page): one that is followed over frames has the same objectId on each."""
End = tuple[str, str]
"""An objectId that a relation names, and the path where it does."""


def name_of(item: dict[str, Any]) -> Name | None:
    """An object's; those of PDF pages have it inside of their geometry."""
    object_id = item.get("objectId")
    if object_id is None and isinstance(item.get("pdf"), dict):
        object_id = item["pdf"].get("objectId")
    return None if object_id is None else (object_id, item.get("page") or 0)


def read_id(item: dict[str, Any], name: str, path: str, notices: list[Notice]) -> None:
    """See to it that what stands there, if anything does, is text."""
    given = item.get(name)
    if given is None or type(given) is str:
        return
    if type(given) is not int:
        raise Refusal("bad_item", f"{path}.{name}", f"An objectId as text was expected, not {shown(given)}.")
    item[name] = str(given)
    notices.append(("number_as_id", f"{path}.{name}", f"{given} was read as text."))


def without_doubles(objects: list[dict[str, Any]], path: str, notices: list[Notice]) -> list[dict[str, Any]]:
    """The objects, those that are told twice only once; Refusal where one objectId stands for two."""
    seen: dict[Name, dict[str, Any]] = {}
    kept = []
    for place, item in enumerate(objects):
        name = name_of(item)
        if name is not None and name in seen:
            here = f"{path}[{place}].objectId"
            if seen[name] != item:
                raise doubled(name, here)
            notices.append(("repeated_object", here, "The same object stood before; it was kept once."))
            continue
        if name is not None:
            seen[name] = item
        kept.append(item)
    return kept


def doubled(name: Name, path: str) -> Refusal:
    message = f"Another object of this asset and page has the objectId {shown(name[0])}; give each its own."
    return Refusal("duplicate_object_id", path, message)


def ends_of(relation: dict[str, Any], path: str) -> Iterator[End]:
    """The objects that a relation (which is sound) is between."""
    names = ("group",) if relation.get("group") is not None else ("from", "to")
    for name in names:
        given = relation[name]
        if isinstance(given, list):
            yield from ((one, f"{path}.{name}[{place}]") for place, one in enumerate(given))
        else:
            yield given, f"{path}.{name}"


def check_there(ends: tuple[End, ...], there: set[str]) -> None:
    """Refusal for the first end that is no object's."""
    for object_id, path in ends:
        if object_id not in there:
            message = f"No object of this asset has the objectId {shown(object_id)}."
            raise Refusal("unknown_object", path, message)
