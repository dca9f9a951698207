"""One item of an import (PROTOCOL 3.4), checked against a project's labeling tools. Plain Python, no database.

An item is taken or refused by itself, with a code from a closed list, the JSON path of what is wrong, and a
sentence that says what was expected.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from . import geometry
from .category_schema import walk
from .geometry import Refusal, is_number, shown
from .labeling import Kind
from .storable import DEEPEST, TooDeep, clean, clean_text, is_clean
from .walk import Unreadable

CODES = {
    "bad_item": "The item is not of the form that is documented.",
    "unknown_asset": "No asset of the project has this externalId or data.",
    "out_of_scope": "The asset is not in the session's scope.",
    "not_todo": "The task is not in To Do any more.",
    "unknown_schema_id": "No labeling tool of the project has this schemaId.",
    "unknown_title": "No labeling tool of the project has this title.",
    "ambiguous_title": "Several labeling tools of the project have this title.",
    "no_class": "The object has neither schemaId nor title.",
    "wrong_geometry": "The geometry is not of the labeling tool's kind.",
    "no_geometry": "The object has no geometry.",
    "not_a_number": "A coordinate is not a finite number.",
    "bad_geometry": "The geometry is not of its documented form, or is nothing.",
    "bad_classification": "A classification is not of the documented form.",
    "bad_relation": "A relation is not of the documented form.",
    "too_large": "What one asset was given is larger than is stored.",
}
LONGEST_SELECTOR = 2 * 2**20
_LISTS = ("objects", "classifications", "relations")
MASKS = ("brushDataUrl", "medicalBrushDataUrl")
_ONE_TEXT = frozenset({"radio", "single-dropdown", "text"})
_TEXTS = frozenset({"checkbox", "multi-dropdown", "tree-dropdown", "rank"})
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_NO_BRACKETS = re.compile(r"[^][{}]+")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


@dataclass(frozen=True)
class Item:
    """An item that may be stored: which asset it is for, and its content."""

    external_id: str
    data: str
    uid: str
    content: dict[str, Any]
    text: str

    @property
    def name(self) -> str:
        """By what it names its asset."""
        return self.external_id or self.data or self.uid


def digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def text_of(content: dict[str, Any]) -> str:
    """The content as it is stored: plain ASCII, whatever it says."""
    return _encode(content)


class Schema:
    """A project's labeling tools, in the form in which items are checked against them."""

    def __init__(self, category_schema: dict[str, Any]) -> None:
        self.tools, self.classifications, self.relations = Kind(), Kind(), Kind()
        tools = category_schema.get("tools") or []
        for entry in tools:
            self.tools.add(entry)
            for nested in walk(entry.get("classifications") or []):
                self.classifications.add(nested)
        for entry in walk(category_schema.get("classifications") or []):
            self.classifications.add(entry)
        for entry in category_schema.get("relations") or []:
            self.relations.add(entry)

    def read(self, item: object, index: int) -> Item:
        """The item, with a schemaId on everything; Refusal says why it is not taken."""
        root = f"[{index}]"
        if isinstance(item, Unreadable):
            raise Refusal("bad_item", root, f"This item cannot be read: {item.why}.")
        if not isinstance(item, dict):
            raise Refusal("bad_item", root, f"An object was expected, not {shown(item)}.")
        external_id, data, uid = selectors_of(item, root)
        content: dict[str, Any] = {
            "objects": self._objects(_list(item, "objects", root), f"{root}.objects"),
            "classifications": self._answers(_list(item, "classifications", root), f"{root}.classifications"),
            "relations": self._relations(_list(item, "relations", root), f"{root}.relations"),
        }
        for name in MASKS:
            if item.get(name) is not None:
                content[name] = _mask(item[name], f"{root}.{name}")
        return Item(external_id, data, uid, content, _stored(content, root))

    # --- objects ---

    def _objects(self, items: list[Any], path: str) -> list[dict[str, Any]]:
        return [self._object(item, f"{path}[{index}]") for index, item in enumerate(items)]

    def _object(self, item: object, path: str) -> dict[str, Any]:
        if type(item) is not dict:
            raise Refusal("bad_item", path, f"An object was expected, not {shown(item)}.")
        given = [name for name in item if name in geometry.KINDS]
        schema_id = self._tool_of(item, given, path)
        kind = self.tools.by_id[schema_id]
        _check_kind(kind, given, path)
        for name in given:
            geometry.check(name, item[name], f"{path}.{name}")
        _check_page(item, path)
        read = {**item, "schemaId": schema_id}
        if item.get("classifications"):
            nested = _list(item, "classifications", path)
            read["classifications"] = self._answers(nested, f"{path}.classifications")
        return read

    def _tool_of(self, item: dict[str, Any], given: list[str], path: str) -> str:
        """The tool that is meant. A title that two tools have is clear where only one of them draws this geometry."""
        if item.get("schemaId") in (None, "") and given:
            titled = self.tools.titled(item.get("title"))
            fitting = [schema_id for schema_id in titled if self.tools.by_id[schema_id] == given[0]]
            if len(titled) > 1 and len(fitting) == 1:
                return fitting[0]
        return self.tools.meant(item, path, "labeling tool")

    # --- classifications and relations ---

    def _answers(self, items: list[Any], path: str, depth: int = 0) -> list[dict[str, Any]]:
        if depth > DEEPEST:
            raise Refusal("bad_classification", path, "This is nested too deeply.")
        return [self._answer(item, f"{path}[{index}]", depth) for index, item in enumerate(items)]

    def _answer(self, item: object, path: str, depth: int) -> dict[str, Any]:
        if type(item) is not dict:
            raise Refusal(
                "bad_classification", path, f"An object with schemaId and answer was expected, not {shown(item)}."
            )
        schema_id = self.classifications.meant(item, path, "classification")
        _check_answer(self.classifications.by_id[schema_id], item, f"{path}.answer")
        _check_page(item, path)
        read = {**item, "schemaId": schema_id}
        if item.get("classifications"):
            nested = _list(item, "classifications", path)
            read["classifications"] = self._answers(nested, f"{path}.classifications", depth + 1)
        return read

    def _relations(self, items: list[Any], path: str) -> list[dict[str, Any]]:
        return [self._relation(item, f"{path}[{index}]") for index, item in enumerate(items)]

    def _relation(self, item: object, path: str) -> dict[str, Any]:
        if type(item) is not dict:
            raise Refusal("bad_relation", path, f"An object was expected, not {shown(item)}.")
        schema_id = self.relations.meant(item, path, "relation")
        group = item.get("group")
        if group is not None:
            if not isinstance(group, list) or not group or not all(isinstance(one, str) for one in group):
                raise Refusal("bad_relation", f"{path}.group", "A list of objectIds was expected.")
        else:
            for end in ("from", "to"):
                if not isinstance(item.get(end), str):
                    raise Refusal(
                        "bad_relation", f"{path}.{end}", f"An objectId was expected, not {shown(item.get(end))}."
                    )
        return {**item, "schemaId": schema_id}


def selectors_of(item: dict[str, Any], root: str) -> tuple[str, str, str]:
    """externalId, data and _id of an item; at least one of them names the asset."""
    external_id = item.get("externalId")
    if type(external_id) is int:
        external_id = str(external_id)
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


def name_of(item: object) -> str:
    """By what a refused item named its asset, as far as it did."""
    if not isinstance(item, dict):
        return ""
    for name in ("externalId", "data", "_id"):
        value = item.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return clean_text(value if isinstance(value, str) else str(value)[:40])
    return ""


def _check_kind(kind: str, given: list[str], path: str) -> None:
    """Exactly one geometry, of the tool's kind; brushes have theirs in the mask."""
    if len(given) > 1:
        raise Refusal("wrong_geometry", path, f"One geometry was expected, not {' and '.join(sorted(given))}.")
    if not given:
        if kind not in geometry.WITHOUT_GEOMETRY:
            raise Refusal("no_geometry", f"{path}.{kind}", f"The tool draws a {kind}; it is missing.")
    elif given[0] != kind:
        raise Refusal("wrong_geometry", f"{path}.{given[0]}", f"The tool draws a {kind}, not a {given[0]}.")


def _check_page(item: dict[str, Any], path: str) -> None:
    page = item.get("page")
    if page is not None and not (is_number(page) and page >= 0 and page == int(page)):
        raise Refusal("bad_geometry", f"{path}.page", f"Frames and pages count from 0; this is {shown(page)}.")


def _check_answer(kind: str, item: dict[str, Any], path: str) -> None:
    answer = item.get("answer")
    if kind in _ONE_TEXT:
        is_right, wanted = isinstance(answer, str) or is_number(answer), "Text"
    elif kind in _TEXTS:
        is_right = isinstance(answer, list) and all(isinstance(one, str) for one in answer)
        wanted = "A list of texts"
    elif kind == "boolean":
        is_right, wanted = isinstance(answer, bool), "true or false"
    else:
        is_right, wanted = True, ""
    if not is_right:
        raise Refusal("bad_classification", path, f"{wanted} was expected, not {shown(answer)}.")


def _list(item: dict[str, Any], name: str, path: str) -> list[Any]:
    value = item.get(name)
    if value is None:
        return []
    if type(value) is not list:
        raise Refusal("bad_item", f"{path}.{name}", f"A list was expected, not {shown(value)}.")
    return value


def _mask(value: object, path: str) -> str:
    if not isinstance(value, str) or len(value) > 10_000:
        raise Refusal("bad_item", path, "The address of a mask was expected.")
    return clean_text(value)


def _stored(content: dict[str, Any], root: str) -> str:
    """The content as text, without what no database takes."""
    try:
        text = _encode(content)
    except RecursionError:
        raise Refusal("bad_item", root, "This is nested too deeply.") from None
    except ValueError:
        raise Refusal("not_a_number", root, "NaN and Infinity are not JSON; leave them out.") from None
    may_be_deep = text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST
    if may_be_deep or "\\u0000" in text or "\\ud" in text:  # NUL or, perhaps, half a surrogate pair
        try:
            content.update(clean(content))
        except TooDeep as error:
            raise Refusal("bad_item", root, f"This is {error}.") from None
        text = _encode(content)
    return text


def _depth(text: str) -> int:
    """How deep the JSON text is nested, or more where its strings have brackets."""
    return max(accumulate(map(_STEPS.__getitem__, _NO_BRACKETS.sub("", text))), default=0)
