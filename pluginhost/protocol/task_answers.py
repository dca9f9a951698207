"""What clients send as people's answer to a task, in all its shapes (PROTOCOL 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pluginhost.errors import Invalid

from .storable import clean_text

LISTS = ("tools", "classifications", "relations")
MASKS = ("brushDataUrl", "medicalBrushDataUrl")
_NAMES = ("answer", "label")
_LONGEST_ADDRESS = 10_000
_LONGEST_MS = 2**31 - 1


class NoAnswer(Invalid):
    """An answer that is null is a failure in disguise: nothing is stored, and the client is not to end for it."""

    status = 200


@dataclass(frozen=True)
class Annotation:
    """An answer as it is stored: `{tools, classifications, relations}` and masks where there are any."""

    answer: dict[str, Any]
    duration_ms: int = 0


def read(body: Mapping[str, Any]) -> Annotation:
    """Older clients send `label`, some `objects` for tools. Invalid says what is wrong by its path."""
    name = next((name for name in _NAMES if name in body), None)
    if name is None:
        raise _bad("answer", "Give the answer as an object with tools, classifications and relations.")
    given = body[name]
    if given is None:
        raise NoAnswer("The answer is null, so nothing was stored and the task stays where it is.")
    if not isinstance(given, Mapping):
        raise _bad(name, "This must be an object with tools, classifications and relations.")
    tools = "objects" if given.get("tools") is None and "objects" in given else "tools"
    answer = {
        "tools": _once(_list(given, tools, name)),
        "classifications": _list(given, "classifications", name),
        "relations": _list(given, "relations", name),
    }
    return Annotation(answer | _masks(body, given), _duration(body.get("duration")))


def _list(given: Mapping[str, Any], key: str, path: str) -> list[dict[str, Any]]:
    value = given.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _bad(f"{path}.{key}", "This must be a list.")
    for place, item in enumerate(value):
        if not isinstance(item, dict):
            raise _bad(f"{path}.{key}[{place}]", "This must be an object.")
    return value


def _once(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without exact duplicates of one object on one page: a client (1.3.29) merges twice."""
    seen: dict[tuple[str, str], list[dict[str, Any]]] = {}
    found = []
    for item in tools:
        if item.get("objectId"):
            alike = seen.setdefault((str(item["objectId"]), str(item.get("page"))), [])
            if item in alike:
                continue
            alike.append(item)
        found.append(item)
    return found


def _masks(body: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    masks = {}
    for name in MASKS:
        value = body.get(name) if body.get(name) is not None else given.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS:
            raise _bad(name, "This must be the address of a mask, or null.")
        masks[name] = clean_text(value)
    return masks


def _duration(value: object) -> int:
    """Milliseconds."""
    if value is None:
        return 0
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LONGEST_MS:
        raise _bad("duration", "This must be a number of milliseconds.")
    return int(value)


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
