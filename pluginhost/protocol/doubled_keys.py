"""Finding keys that stand twice in a JSON object: decoders keep the last of them and say nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class _Doubled(dict[str, Any]):
    """An object with a key that stood twice."""

    key = ""


class Decoder:
    """The standard library's, which notes such keys."""

    def __init__(self) -> None:
        self._is_doubled = False
        self._scan = json.JSONDecoder(object_pairs_hook=self._read).raw_decode

    def decode(self, text: str, start: int) -> tuple[Any, int]:
        """The value that begins there, and where it ends; errors are those of `json`."""
        self._is_doubled = False
        return self._scan(text, start)

    def doubled_in(self, value: Any) -> tuple[str, str] | None:
        """(key, path of the object) of the first key that stood twice in the value, which was decoded last."""
        return next(_found(value, ""), None) if self._is_doubled else None

    def _read(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) == len(pairs):
            return read
        self._is_doubled = True
        doubled = _Doubled(read)
        names = [name for name, _ in pairs]
        doubled.key = next(name for place, name in enumerate(names) if name in names[:place])
        return doubled


def _found(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, _Doubled):
        yield value.key, path
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _found(part, f"{path}.{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _found(part, f"{path}[{place}]")
