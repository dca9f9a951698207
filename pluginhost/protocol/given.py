"""What one import gives one asset: its items merged in their order, what is said twice only once."""

from __future__ import annotations

import json
from typing import Any

from . import object_names
from .geometry import Refusal
from .import_items import Item
from .import_text import digest, text_of
from .json_values import MOST_PER_ITEM
from .object_names import Name

LISTS = ("objects", "classifications", "relations")


class Given:
    """The content for one asset, from the first of its items on (`index` is that item's place).

    An item's content is shared by all assets that it names, so it is copied before anything is added to it.
    """

    is_changed = False
    _said: dict[str, set[str]] | None = None

    def __init__(self, index: int, content: dict[str, Any], text: str) -> None:
        self.index = index
        self._content = content
        self._text: str | None = text

    @classmethod
    def by(cls, item: Item, index: int) -> Given:
        """Refusal when its relations name what it does not bring."""
        if item.loose:
            object_names.check_there(item.loose, set())
        return cls(index, item.content, item.text)

    @classmethod
    def stored(cls, index: int, text: str) -> Given:
        """As it was stored before."""
        return cls(index, json.loads(text), text)

    def add(self, item: Item, index: int) -> bool:
        """Whether the item says anything new. Refusal when it does not go together with what was given before."""
        self._texts()
        if self._size + len(item.text) > MOST_PER_ITEM:
            message = f"One asset can be given at most {MOST_PER_ITEM:,} characters in a request."
            raise Refusal("too_large", "", message)
        self._check(item, index)
        is_new = False
        for name in LISTS:
            is_new = self._extend(name, item.content[name]) or is_new
        for name, value in item.content.items():
            if name not in LISTS and self._content.get(name) != value:
                self._content[name], is_new = value, True
        if is_new:
            self._text, self.is_changed = None, True
            self._size += len(item.text)
        return is_new

    def _check(self, item: Item, index: int) -> None:
        """That no objectId comes to stand for two objects, and that relations find theirs."""
        for place, one in enumerate(item.content["objects"]):
            name = object_names.name_of(one)
            if name is not None and name in self._names and self._names[name] != text_of(one):
                raise object_names.doubled(name, f"[{index}].objects[{place}].objectId")
        if item.loose:
            object_names.check_there(item.loose, {object_id for object_id, _ in self._names})

    def _extend(self, name: str, items: list[Any]) -> bool:
        """Add those items that are not there yet. Those of one request item among themselves may be equal."""
        said = self._texts()[name]
        texts = [text_of(item) for item in items]
        fresh = [(item, text) for item, text in zip(items, texts, strict=True) if text not in said]
        self._content[name].extend(item for item, _ in fresh)
        if name == "objects":
            self._note_names(fresh)
        said.update(texts)
        return bool(fresh)

    def _note_names(self, objects: list[tuple[dict[str, Any], str]]) -> None:
        for item, text in objects:
            name = object_names.name_of(item)
            if name is not None:
                self._names[name] = text

    def _texts(self) -> dict[str, set[str]]:
        """What each list says, made at the first item that comes on top: most assets have one item only."""
        if self._said is None:
            self._size = len(self.text)
            self._names: dict[Name, str] = {}
            self._content = {name: list(it) if name in LISTS else it for name, it in self._content.items()}
            texts = {name: [text_of(item) for item in self._content[name]] for name in LISTS}
            self._said = {name: set(of_list) for name, of_list in texts.items()}
            self._note_names(list(zip(self._content["objects"], texts["objects"], strict=True)))
        return self._said

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = text_of(self._content)
        return self._text

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def objects(self) -> int:
        return len(self._content["objects"])

    @property
    def classes(self) -> list[str]:
        """The labeling tool of each object."""
        return [item["schemaId"] for item in self._content["objects"]]
