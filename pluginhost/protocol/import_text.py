"""What an item gives, as the text that is stored: compact JSON without what no database takes."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import orjson

from .geometry import Refusal, shown
from .import_words import Notice
from .storable import DEEPEST, TooDeep, clean

_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_NO_BRACKETS = re.compile(r"[^][{}]+")
_ESCAPED_NUL = "\\u0000"
_LEAST, _MOST = -(2**63), 2**64


def text_of(content: Any) -> str:
    """As it is stored, names in the order of their letters; of what `stored` has let through, or a part of it."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def plain(content: Any) -> str | None:
    """The text, or None where something about it may need a closer look."""
    try:
        written = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # half a surrogate pair, a number beyond 64 bits, or nested too deeply
        return None
    if b"null" in written or b"\\u0000" in written:  # NaN and Infinity are written as null
        return None
    if written.count(b"[") + written.count(b"{") > DEEPEST and _depth(written.decode()) > DEEPEST:
        return None
    return written.decode()


def stored(content: dict[str, Any], root: str, notices: list[Notice]) -> tuple[dict[str, Any], str]:
    """The content without what cannot be stored, and its text. Refusal for numbers and depths that nobody can read."""
    text = plain(content)
    if text is not None:
        return content, text
    try:
        cleaned: dict[str, Any] = clean(content)
    except TooDeep as error:
        raise Refusal("bad_item", root, f"This is {error}.") from None
    for path, number in _numbers(cleaned, root):
        _check(number, path)
    if cleaned != content:
        notices.append(("text_replaced", root, "Characters that cannot be stored were replaced by �."))
    return cleaned, text_of(cleaned)


def _check(number: int | float, path: str) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise Refusal("not_finite", path, f"{shown(number)} is not JSON; leave it out or give null.")
    if isinstance(number, int) and not _LEAST <= number < _MOST:
        raise Refusal("number_too_large", path, f"{shown(number)} is more than programs can read; give it as text.")


def _numbers(value: Any, path: str) -> Iterator[tuple[str, int | float]]:
    """Every number with its path."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _numbers(part, f"{path}.{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _numbers(part, f"{path}[{place}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def _depth(text: str) -> int:
    """How deep the JSON text is nested, or more where its strings have brackets."""
    return max(accumulate(map(_STEPS.__getitem__, _NO_BRACKETS.sub("", text))), default=0)
