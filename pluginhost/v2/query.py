"""Queries as the clients of six years write them: read leniently, refused clearly (PROTOCOL 2.0)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import QueryDict

from pluginhost.errors import Invalid
from pluginhost.protocol import storable
from pluginhost.protocol.storable import clean_text

DEFAULT_LIMIT = 10
MOST_A_PAGE = 1_000
_MOST_PAGES = 10**9
_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", "none", "null", ""}


class Query:
    """What stands after the `?`. Parameters that nobody asks for are ignored."""

    def __init__(self, given: QueryDict) -> None:
        self._given = given

    @property
    def page(self) -> int:
        """From 1; what is smaller is the first page."""
        return min(max(self._number("page", 1), 1), _MOST_PAGES)

    @property
    def limit(self) -> int:
        return min(max(self._number("limit", DEFAULT_LIMIT), 1), MOST_A_PAGE)

    @property
    def skip(self) -> int:
        return (self.page - 1) * self.limit

    def text(self, name: str) -> str | None:
        """The value of `name`, or of `name[eq]`; None where it is not given or blank."""
        for spelling in (name, f"{name}[eq]", f"{name}[$eq]"):
            value = self._given.get(spelling)
            if value:
                return clean_text(str(value))
        return None

    def has(self, name: str) -> bool:
        """Whether it was given at all, blank or not."""
        return name in self._given

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._given.get(name)
        return default if value is None else boolean(value, name)

    def words(self, *names: str) -> list[Any]:
        """The members of all lists of these names: JSON lists, or words between commas."""
        found: list[Any] = []
        for name in names:
            for spelling in (name, f"{name}[]", f"{name}[in]"):
                for value in self._given.getlist(spelling):
                    found += listed(str(value), name)
        return found

    def json(self, name: str) -> dict[str, Any]:
        """The JSON object of this name; empty where it is not given."""
        text = self.text(name)
        if text is None or text == "None":
            return {}
        value = parsed(text, name)
        if not isinstance(value, dict):
            raise refused(name, "This must be a JSON object.")
        return value

    def _number(self, name: str, default: int) -> int:
        text = (self._given.get(name) or "").strip()
        if not text or text in ("None", "null"):
            return default
        sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
        if not (digits.isascii() and digits.isdigit()):
            raise refused(name, f"«{text[:40]}» is not a whole number.")
        return sign * int(digits[:18])


def boolean(value: object, name: str) -> bool:
    """A boolean in any spelling."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise refused(name, f"«{word[:40]}» is neither true nor false.")


def listed(text: str, name: str) -> list[Any]:
    """The members of a list in a query: JSON, or words between commas."""
    text = clean_text(text).strip()
    if not text or text == "None":
        return []
    if text.startswith("["):
        value = parsed(text, name)
        return value if isinstance(value, list) else [value]
    if text.startswith('"'):
        return [parsed(text, name)]
    return [word.strip() for word in text.split(",") if word.strip()]


def parsed(text: str, name: str) -> Any:
    try:
        return storable.clean(json.loads(text, parse_constant=_no_json))
    except (ValueError, RecursionError):
        raise refused(
            name, "This is not JSON. (Characters like & and # must be escaped in an address, or they cut it.)"
        ) from None


def _no_json(word: str) -> NoReturn:
    """NaN and Infinity."""
    raise ValueError(word)


def refused(name: str, message: str) -> Invalid:
    return Invalid(f"{name}: {message}", [{"path": name, "message": message}])
