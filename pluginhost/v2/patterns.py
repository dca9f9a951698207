"""Regular expressions from outside, searched by an engine that takes linear time whatever the expression is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import re2

from pluginhost.protocol.storable import clean_text

from .query import refused

LONGEST = 200
_SIMPLE = re.compile(r"\^?(?P<literal>(?:[A-Za-z0-9_ /:=@#-]|\\[.+/()-])+)\$?")
_ESCAPE = re.compile(r"\\(.)")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_capture = True


@dataclass(frozen=True)
class Pattern:
    """One expression; `matches` looks for it anywhere in a text, and `literal` stands in each that it is found in."""

    _searched: Any
    literal: str

    def matches(self, text: str) -> bool:
        return bool(self._searched.Match(text))


def pattern(value: object, path: str) -> Pattern:
    """The expression that came; Invalid says what is wrong with it."""
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST:
        raise refused(f"{path}.$regex", f"This must be a regular expression of at most {LONGEST} characters.")
    try:
        value = clean_text(value)
        re2.compile(value, _OPTIONS)
        searched = re2.Set.SearchSet(_OPTIONS)  # a set of one: it answers yes or no, and four times as fast
        searched.Add(value)
        searched.Compile()
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise refused(f"{path}.$regex", f"{why[:200]} (Look-around and back references are not understood.)") from None
    return Pattern(searched, _literal(value))


def _literal(expression: str) -> str:
    """The text that an expression without alternatives stands for; nothing where it is not that simple."""
    found = _SIMPLE.fullmatch(expression)
    return _ESCAPE.sub(r"\1", found["literal"]) if found else ""
