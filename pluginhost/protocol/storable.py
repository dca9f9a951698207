"""Text that every database takes: PostgreSQL refuses NUL, and no encoding has a place for half a surrogate pair."""

from __future__ import annotations

import re
from typing import Any

DEEPEST = 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "�"


class TooDeep(ValueError):
    """A value nested deeper than anybody means."""


def is_clean(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def clean_text(text: str) -> str:
    """The text with a replacement character for what cannot be stored."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def clean(value: Any, depth: int = 0) -> Any:
    """The JSON value with all its texts cleaned; TooDeep when it is nested deeper than DEEPEST."""
    if depth > DEEPEST:
        raise TooDeep(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): clean(item, depth + 1) for key, item in value.items()}
    return value
