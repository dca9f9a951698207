"""What is allowed in a category schema and yet unlikely to be meant: said on the page, never refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs

from pluginhost.errors import FieldError

from .schema_reading import ROOT, is_color
from .tool_kinds import CHOOSING, KINDS

MOST = 50


def advice(schema: dict[str, Any]) -> list[FieldError]:
    """The first fifty things to look at again, by path. `schema` is as it was given and has no errors."""
    found: list[FieldError] = []
    for path, message in _all(schema):
        found.append({"path": path, "message": message})
        if len(found) == MOST:
            break
    return found


def _all(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    placed = [pair for kind in KINDS for pair in _placed(schema.get(kind) or [], f"{ROOT}.{kind}")]
    keys = Counter(key for _, item in placed if (key := _key(item)))
    titles = Counter(_folded(tool["title"]) for tool in schema.get("tools") or [])
    for path, item in placed:
        is_tool = path.count(".") == 1 and path.startswith(f"{ROOT}.tools")
        if is_tool and titles[_folded(item["title"])] > 1:
            yield f"{path}.title", "Another tool has this title, too; by name neither is mapped."
        if keys[_key(item)] > 1:
            yield f"{path}.shortcutKey", f"{item['shortcutKey'].strip()} is the key of another one, too."
        if item.get("color") not in (None, "") and not is_color(item["color"]):
            yield f"{path}.color", "A colour is # and six hex digits; this one is replaced."
        if item.get("regex") and not _is_regex(item["regex"]):
            yield f"{path}.regex", "This is not a regular expression; no text would fit it."
        yield from _of_options(item, path)


def _of_options(item: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    options = [{"value": option} if isinstance(option, str) else option for option in item.get("options") or []]
    tree = item.get("treeOptions") or []
    if item["tool"] in CHOOSING and not options:
        yield f"{path}.options", "There is nothing to choose from yet. Add at least one option."
    if item["tool"] == "tree-dropdown" and not (tree or options):
        yield f"{path}.treeOptions", "The tree is empty. Add at least one branch."
    if tree:
        yield from _of_branches(tree, f"{path}.treeOptions")
    else:
        yield from _of_texts([option["value"] for option in options], f"{path}.options", "value")
    ids = {str(option.get("schemaId")) for option in options} | set(_keys(tree))
    for index, nested in enumerate(item.get("classifications") or []):
        if nested.get("parentOptionId") and str(nested["parentOptionId"]) not in ids:
            yield f"{path}.classifications[{index}].parentOptionId", "Its option is gone, so it is never asked."


def _of_branches(nodes: list[dict[str, Any]], path: str) -> Iterator[tuple[str, str]]:
    yield from _of_texts([node["title"] for node in nodes], path, "title")
    for index, node in enumerate(nodes):
        yield from _of_branches(node.get("children") or [], f"{path}[{index}].children")


def _of_texts(texts: list[str], path: str, name: str) -> Iterator[tuple[str, str]]:
    counts = Counter(texts)
    for index, text in enumerate(texts):
        if not text.strip():
            yield f"{path}[{index}].{name}", "This has no text yet."
        elif counts[text] > 1:
            yield f"{path}[{index}].{name}", f"«{text[:80]}» stands twice; answers name options by their text."


def _keys(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        yield str(node.get("key") or node.get("schemaId"))
        yield from _keys(node.get("children") or [])


def _placed(items: list[dict[str, Any]], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, item in enumerate(items):
        yield f"{path}[{index}]", item
        yield from _placed(item.get("classifications") or [], f"{path}[{index}].classifications")


def _key(item: dict[str, Any]) -> str:
    return (item.get("shortcutKey") or "").strip().casefold()


def _folded(title: str) -> str:
    return title.strip().casefold()


@lru_cache
def _regexes() -> Any:
    return jsonschema_rs.validator_for({"format": "regex"}, validate_formats=True)


def _is_regex(pattern: str) -> bool:
    """Whether browsers take it: by the rules of ECMA-262, not Python's."""
    return bool(_regexes().is_valid(pattern))
