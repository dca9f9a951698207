"""One item of an import (PROTOCOL 3.4), checked against a project's labeling tools. Plain Python, no database.

An item is taken or refused by itself, with a code from a closed list, the JSON path of what is wrong, and a
sentence that says what was expected. What is odd about one that is taken is said in its notices.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from . import image_bounds, import_text, plain_items
from .answers import Question
from .geometry import Refusal, shown
from .import_reading import ItemReading
from .import_words import CODES, NOTICES, Notice
from .json_values import Unreadable
from .labeling import Kind
from .object_names import End
from .plain_geometry import IS_PLAIN, MEMBERS
from .plain_items import Boxes, BoxItem
from .storable import clean_text, is_clean

__all__ = ["ALWAYS", "CODES", "MASKS", "NOTICES", "Item", "Notice", "Read", "Schema", "name_of", "whole"]

LONGEST_SELECTOR = 2 * 2**20
MASKS = ("brushDataUrl", "medicalBrushDataUrl")
ALWAYS = ("objects", "classifications", "relations")
"""What every item's content has, other than masks."""
_NOT_PLAIN = frozenset({"data", "_id", "classifications", "relations", "tools", *MASKS})
_PLAIN_BESIDE = frozenset({"title", "lock", "confidence", "score", "interpolationStopped", "color", "tool"})


_item = tuple.__new__  # a named tuple's own way in takes as long as all that is checked


class Item(NamedTuple):
    """An item that may be stored: which asset it is for, its content, and what was remarked about it.

    `loose` are the ends of its relations that are none of its own objects: items before it may have brought those.
    """

    external_id: str
    data: str
    uid: str
    content: dict[str, Any]
    text: str
    notices: tuple[Notice, ...] = ()
    loose: tuple[End, ...] = ()

    @property
    def classes(self) -> list[str]:
        """The labeling tool of each object."""
        return [one["schemaId"] for one in self.content["objects"]]

    def is_inside(self, size: image_bounds.Size) -> bool:
        """Whether no object reaches outside an image of this size."""
        return image_bounds.are_inside(self.content["objects"], size)

    @property
    def name(self) -> str:
        """By what it names its asset."""
        return self.external_id or self.data or self.uid

    def outside(self, size: image_bounds.Size, index: int) -> Notice | None:
        """The notice that an object reaches outside an image of this size."""
        found = image_bounds.first_outside(self.content["objects"], size)
        if found is None:
            return None
        place, kind = found
        message = f"This reaches outside the image, which is {size[0]:g} × {size[1]:g}."
        return "outside_image", f"[{index}].objects[{place}].{kind}", message


Read = Item | Boxes


def whole(item: Read) -> Item:
    """As any other item, with all that can be asked of it."""
    if isinstance(item, Item):
        return item
    return Item(item.external_id, "", "", json.loads(item.text), item.text)


class Schema:
    """A project's labeling tools, in the form in which items are checked against them."""

    def __init__(self, category_schema: dict[str, Any]) -> None:
        self.tools, self.classifications, self.relations = Kind(), Kind(), Kind()
        self.questions: dict[str, Question] = {}
        for entry in category_schema.get("tools") or []:
            self.tools.add(entry)
            self._ask(entry.get("classifications"), str(entry.get("schemaId")))
        self._ask(category_schema.get("classifications"), None)
        for entry in category_schema.get("relations") or []:
            self.relations.add(entry)
        self._boxes = {schema_id for schema_id, kind in self.tools.by_id.items() if kind == "bounding-box"}
        self._plain = {
            schema_id: (kind, IS_PLAIN[kind], MEMBERS.get(kind))
            for schema_id, kind in self.tools.by_id.items()
            if kind in IS_PLAIN
        }

    def _ask(self, entries: list[dict[str, Any]] | None, parent: str | None) -> None:
        for entry in entries or []:
            self.classifications.add(entry)
            schema_id = str(entry.get("schemaId"))
            self.questions[schema_id] = Question.of(entry, parent)
            self._ask(entry.get("classifications"), schema_id)

    def read(self, item: object, index: int) -> Read:
        """The item, with a schemaId on everything; Refusal says why it is not taken."""
        return self.plain(item) or self.thorough(item, index)

    def plain(self, item: Any) -> Read | None:
        """The same for an item of which nothing needs a word or a change, as nearly all are; None for any other."""
        if type(item) is BoxItem:
            return plain_items.read(item, self._boxes)
        if type(item) is not dict or (len(item) > 2 and not _NOT_PLAIN.isdisjoint(item)):
            return None
        external_id, objects = item.get("externalId"), item.get("objects")
        if type(external_id) is not str or type(objects) is not list:
            return None
        if not external_id or not external_id.isascii() or "\0" in external_id:
            return None
        has_numbers_alone = True
        try:
            for one in objects:
                kind, is_plain, members = self._plain[one["schemaId"]]
                shape = one[kind]
                if not is_plain(shape):
                    return None
                if len(one) > 2 and not (one.keys() - {"schemaId", kind} <= _PLAIN_BESIDE):
                    return None
                if len(one) > 2 or len(shape) != members:
                    has_numbers_alone = False
        except (KeyError, TypeError):  # something is missing, or no object
            return None
        content = {"objects": objects, "classifications": [], "relations": []}
        text = import_text.text_of(content) if has_numbers_alone else import_text.plain(content)
        return None if text is None else _item(Item, (external_id, "", "", content, text, (), ()))

    def thorough(self, item: object, index: int) -> Item:
        """As `read`, of any item."""
        root = f"[{index}]"
        if isinstance(item, BoxItem):
            item = item.as_dict()
        if isinstance(item, Unreadable):
            raise Refusal(item.code, f"{root}{item.path}", f"This item cannot be read: {item.why}.")
        if not isinstance(item, dict):
            raise Refusal("bad_item", root, f"An object was expected, not {shown(item)}.")
        external_id, data, uid = selectors_of(item, root)
        notices: list[Notice] = []
        reading = ItemReading(self.tools, self.classifications, self.relations, self.questions, notices)
        content, loose = reading.content(item, root)
        for name in MASKS:
            if item.get(name) not in (None, ""):
                content[name] = _mask(item[name], f"{root}.{name}")
        content, text = import_text.stored(content, root, notices)
        return Item(external_id, data, uid, content, text, tuple(notices), loose)


def selectors_of(item: dict[str, Any], root: str) -> tuple[str, str, str]:
    """externalId, data and _id of an item; at least one of them names the asset."""
    external_id = item.get("externalId")
    if type(external_id) is int:
        external_id = str(external_id) if abs(external_id) < 10**60 else None
    values = []
    for name, value in (("externalId", external_id), ("data", item.get("data")), ("_id", item.get("_id"))):
        if value is not None and not isinstance(value, str):
            raise Refusal("bad_item", f"{root}.{name}", f"Text was expected, not {shown(value)}.")
        if value and (len(value) > LONGEST_SELECTOR or not is_clean(value)):
            raise Refusal("bad_item", f"{root}.{name}", "This text has characters that no asset's can have.")
        values.append(value or "")
    if not any(values):
        raise Refusal("bad_item", root, "Name the asset by externalId or data.")
    return values[0], values[1], values[2]


def naming(item: object) -> Item | None:
    """What a refused item names its asset by and no more of it; None where it names none."""
    if isinstance(item, BoxItem):
        item = item.as_dict()
    try:
        return Item(*selectors_of(item, ""), {}, "") if isinstance(item, dict) else None
    except Refusal:
        return None


def name_of(item: object) -> str:
    """By what a refused item named its asset, as far as it did."""
    if isinstance(item, BoxItem):
        item = item.as_dict()
    if not isinstance(item, dict):
        return ""
    for name in ("externalId", "data", "_id"):
        value = item.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return clean_text(value if isinstance(value, str) else str(value)[:40])
    return ""


def _mask(value: object, path: str) -> str:
    if not isinstance(value, str) or len(value) > 10_000:
        raise Refusal("bad_mask", path, "The address of a mask was expected.")
    if not value.startswith(("https://", "http://", "/", "data:image/")):
        raise Refusal("bad_mask", path, f"An address that begins with https:// was expected, not {shown(value)}.")
    return clean_text(value)
