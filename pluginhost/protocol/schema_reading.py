"""Reading a category schema as somebody gave it: what is missing is made, what is wrong is named by its path."""

from __future__ import annotations

import re
import uuid
from typing import Any

from pluginhost.errors import FieldError

from .storable import TooDeep, clean
from .tool_kinds import CLASSIFICATIONS, KINDS, OF_KIND, PALETTE

ROOT = "categorySchema"
DEEPEST = 8
DEEPEST_TREE = 20
MOST_ITEMS = 5_000
MOST_OPTIONS = 20_000
MOST_ERRORS = 50
LONGEST_TITLE = 500
LONGEST_OPTION = 1_000
LONGEST_ID = 100
BETWEEN = " / "
"""Stands between the titles of a tree's path, as the client writes it."""
_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_SWITCHES = ("required", "columnField", "frameSpecific", "showDropdown", "richText")
_TEXTS = {"shortcutKey": 40, "regex": 2_000, "parentOptionId": LONGEST_ID}

Item = dict[str, Any]


class Reading:
    """One reading: `whole` gives the completed schema, `errors` what is wrong with what was given."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self._seen: set[str] = set()
        self._options = 0

    def whole(self, schema: object) -> dict[str, Any]:
        try:
            schema = clean(schema)
        except TooDeep as error:
            self._wrong(ROOT, f"This is {error}.")
            return {}
        if not isinstance(schema, dict):
            self._wrong(ROOT, "This must be an object with tools, classifications and relations.")
            return {}
        lists = {kind: self._items(schema.get(kind), f"{ROOT}.{kind}", OF_KIND[kind], 0) for kind in KINDS}
        return {**schema, **lists}

    def _wrong(self, path: str, message: str) -> None:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append({"path": path, "message": message})

    # --- tools, classifications, relations ---

    def _items(self, value: object, path: str, kinds: set[str], depth: int) -> list[Item]:
        items = self._list(value, path)
        if items and depth > DEEPEST:
            self._wrong(path, f"Classifications are nested deeper than {DEEPEST} levels.")
            return []
        read = (self._item(item, f"{path}[{index}]", kinds, depth) for index, item in enumerate(items))
        return [item for item in read if item is not None]

    def _item(self, item: object, path: str, kinds: set[str], depth: int) -> Item | None:
        if not isinstance(item, dict):
            self._wrong(path, "This must be an object.")
            return None
        kind = item.get("tool")
        if not isinstance(kind, str) or kind not in kinds:
            self._wrong(f"{path}.tool", f"This must be one of {', '.join(sorted(kinds))}.")
        title = self._title(item.get("title"), f"{path}.title")
        self._check_switches_and_texts(item, path)
        schema_id = self._schema_id(item.get("schemaId"), path)
        color = item.get("color")
        read = {
            **item,
            "title": title,
            "schemaId": schema_id,
            "color": color if is_color(color) else PALETTE[(len(self._seen) - 1) % len(PALETTE)],
            "options": self._options_of(item.get("options"), f"{path}.options"),
        }
        if item.get("treeOptions") is not None:
            read["treeOptions"] = self._tree(item["treeOptions"], f"{path}.treeOptions", 0)
            read["options"] = _flattened(read["treeOptions"], read["options"]) or read["options"]
        nested = self._items(item.get("classifications"), f"{path}.classifications", CLASSIFICATIONS, depth + 1)
        return {**read, "classifications": nested}

    def _check_switches_and_texts(self, item: Item, path: str) -> None:
        for name in _SWITCHES:
            if item.get(name) not in (None, True, False):
                self._wrong(f"{path}.{name}", "This must be true or false.")
        for name, longest in _TEXTS.items():
            value = item.get(name)
            if value is not None and not isinstance(value, str):
                self._wrong(f"{path}.{name}", "This must be text or null.")
            elif value and len(value) > longest:
                self._wrong(f"{path}.{name}", f"This is longer than {longest:,} characters.")

    def _title(self, title: object, path: str) -> str:
        if not isinstance(title, str) or not title.strip() or len(title) > LONGEST_TITLE:
            self._wrong(path, f"Give it a title of at most {LONGEST_TITLE} characters.")
            return ""
        return title.strip()

    def _schema_id(self, given: object, path: str) -> str:
        schema_id = self._id(given, f"{path}.schemaId")
        if schema_id in self._seen:
            self._wrong(f"{path}.schemaId", f"{schema_id} stands twice.")
        if len(self._seen) == MOST_ITEMS:
            self._wrong(path, f"There are more than {MOST_ITEMS:,} tools and classifications.")
        self._seen.add(schema_id)
        return schema_id

    def _id(self, given: object, path: str) -> str:
        """The id that was given, or a new one. Numbers occur: older hubs had timestamps."""
        if given in (None, ""):
            return uuid.uuid4().hex
        if isinstance(given, bool) or not isinstance(given, str | int):
            self._wrong(path, "This must be text.")
            return ""
        if len(text := str(given)) > LONGEST_ID:
            self._wrong(path, f"This is longer than {LONGEST_ID} characters.")
        return text

    # --- options ---

    def _options_of(self, value: object, path: str) -> list[Item]:
        options = self._list(value, path)
        return [self._option(option, f"{path}[{index}]") for index, option in enumerate(options) if self._counted(path)]

    def _option(self, option: object, path: str) -> Item:
        if isinstance(option, str):
            option = {"value": option}
        if not isinstance(option, dict) or not isinstance(option.get("value"), str):
            self._wrong(f"{path}.value", "This must be text.")
            return {}
        self._check_length(option["value"], f"{path}.value")
        return {**option, "schemaId": self._id(option.get("schemaId"), f"{path}.schemaId")}

    def _tree(self, value: object, path: str, depth: int) -> list[Item]:
        nodes = self._list(value, path)
        if nodes and depth > DEEPEST_TREE:
            self._wrong(path, f"The tree is deeper than {DEEPEST_TREE} levels.")
            return []
        return [self._node(node, f"{path}[{index}]", depth) for index, node in enumerate(nodes) if self._counted(path)]

    def _node(self, node: object, path: str, depth: int) -> Item:
        if not isinstance(node, dict) or not isinstance(node.get("title"), str):
            self._wrong(f"{path}.title", "This must be text.")
            return {}
        self._check_length(node["title"], f"{path}.title")
        key = self._id(node.get("key") or node.get("schemaId"), f"{path}.key")
        value = node.get("value")
        return {
            **node,
            "key": key,
            "value": key if value is None else value,
            "children": self._tree(node.get("children"), f"{path}.children", depth + 1),
        }

    def _check_length(self, text: str, path: str) -> None:
        if len(text) > LONGEST_OPTION:
            self._wrong(path, f"This is longer than {LONGEST_OPTION:,} characters.")

    def _counted(self, path: str) -> bool:
        self._options += 1
        if self._options == MOST_OPTIONS + 1:
            self._wrong(path, f"There are more than {MOST_OPTIONS:,} options in all.")
        return self._options <= MOST_OPTIONS

    def _list(self, value: object, path: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong(path, "This must be a list.")
            return []
        return value


def is_color(value: object) -> bool:
    return isinstance(value, str) and _COLOR.match(value) is not None


def _flattened(tree: list[Item], options: list[Item]) -> list[Item]:
    """The tree's paths as options, each with its node's key; what else an option of that key had is kept."""
    had = {option.get("schemaId"): option for option in options}
    return [{**had.get(key, {}), "value": path, "schemaId": key} for path, key in _paths(tree, "")]


def _paths(tree: list[Item], before: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for node in tree:
        path = f"{before}{node.get('title', '')}"
        found += [(path, node.get("key", "")), *_paths(node.get("children", []), path + BETWEEN)]
    return found
