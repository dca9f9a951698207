"""What one import gives one asset: its items merged in their order, what is said twice only once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from .geometry import Refusal
from .import_items import Item, digest, text_of
from .walk import MOST_PER_ITEM

LISTS = ("objects", "classifications", "relations")


class Given:
    """The content for one asset, from the first of its items on (`index` is that item's place).

    An item's content is shared by all assets that it names, so it is copied before anything is added to it.
    """

    def __init__(self, index: int, content: dict[str, Any], text: str) -> None:
        self.index = index
        self.is_changed = False
        self._content = content
        self._text: str | None = text
        self._size = len(text)
        self._said: dict[str, set[str]] | None = None

    @classmethod
    def stored(cls, index: int, text: str) -> Given:
        """As it was stored before."""
        return cls(index, json.loads(text), text)

    def add(self, item: Item) -> bool:
        """Whether the item says anything new. Refusal when the asset would be given more than is stored."""
        if self._size + len(item.text) > MOST_PER_ITEM:
            message = f"One asset can be given at most {MOST_PER_ITEM:,} characters in a request."
            raise Refusal("too_large", "", message)
        self._texts()
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

    def _extend(self, name: str, items: list[Any]) -> bool:
        """Add those items that are not there yet. Those of one request item among themselves may be equal."""
        said = self._texts()[name]
        texts = [text_of(item) for item in items]
        fresh = [item for item, text in zip(items, texts, strict=True) if text not in said]
        self._content[name].extend(fresh)
        said.update(texts)
        return bool(fresh)

    def _texts(self) -> dict[str, set[str]]:
        """What each list says, made at the first item that comes on top: most assets have one item only."""
        if self._said is None:
            self._content = {name: list(it) if name in LISTS else it for name, it in self._content.items()}
            self._said = {name: {text_of(item) for item in self._content[name]} for name in LISTS}
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
    def classes(self) -> Counter[str]:
        """How many objects of each labeling tool."""
        return Counter([item["schemaId"] for item in self._content["objects"]])
