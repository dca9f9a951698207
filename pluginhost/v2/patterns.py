"""Regular expressions from outside, searched by an engine that takes linear time whatever the expression is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import re2

from pluginhost.protocol.storable import clean_text

from .query import refused

LONGEST = 200
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_capture = True


@dataclass(frozen=True)
class Pattern:
    """One expression; `matches` looks for it anywhere in a text."""

    _searched: Any

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
    return Pattern(searched)
