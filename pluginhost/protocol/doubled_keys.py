"""Finding keys that stand twice in a JSON object: decoders keep the last of them and say nothing."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from .storable import clean_text


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
        """(key, path of the object) of a key that stood twice in the value, which was decoded last."""
        return _found(value) if self._is_doubled else None

    def _read(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) == len(pairs):
            return read
        self._is_doubled = True
        doubled = _Doubled(read)
        doubled.key = Counter(name for name, _ in pairs).most_common(1)[0][0]
        return doubled


def _found(value: Any) -> tuple[str, str] | None:
    """Without recursion: what was decoded may be nested as deeply as functions may call each other."""
    waiting = [(value, "")]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, _Doubled):
            return value.key, clean_text(path)
        if isinstance(value, dict):
            waiting += [(part, f"{path}.{name}") for name, part in value.items()]
        elif isinstance(value, list):
            waiting += [(part, f"{path}[{place}]") for place, part in enumerate(value)]
    return None
