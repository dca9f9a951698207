"""The classes and confidences of what is staged for an asset, read out of its JSON and nothing else of it.

A review goes through a hundred thousand of them: to decode whole objects with their coordinates would take thrice as
long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pluginhost.protocol.confidence import confidence_of

from .overlay import objects_of
from .shapes import dicts

Sure = tuple[str, float | None]
"""A class (schemaId), and the confidence where the object carries one."""


class _Item(msgspec.Struct, gc=False):
    schemaId: str = "None"
    confidence: float | None = None
    score: float | None = None


class _Content(msgspec.Struct, gc=False):
    objects: list[_Item] = []  # msgspec copies it
    classifications: list[_Item] = []


_decode = msgspec.json.Decoder(_Content).decode


def sureness_of(content: str) -> tuple[list[Sure], list[Sure]]:
    """Of its objects, and of the classifications of the asset as a whole."""
    try:
        given = _decode(content)
    except msgspec.MsgspecError:  # a score in words, a title without a schemaId: read as everything else is
        return _slowly(json.loads(content))
    return _of(given.objects), _of(given.classifications)


def _of(items: Iterable[_Item]) -> list[Sure]:
    """As `confidence_of` reads it; most objects carry one, under its own name."""
    return [
        (item.schemaId, sure if (sure := item.confidence) is not None and 0 <= sure <= 1 else _score(item))
        for item in items
    ]


def _score(item: _Item) -> float | None:
    return item.score if item.score is not None and 0 <= item.score <= 1 else None


def _slowly(content: Mapping[str, Any]) -> tuple[list[Sure], list[Sure]]:
    given = objects_of(content), dicts(content.get("classifications"))
    objects, answers = ([(str(item.get("schemaId")), confidence_of(item)) for item in items] for items in given)
    return objects, answers
