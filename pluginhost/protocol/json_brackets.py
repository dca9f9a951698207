"""Where a JSON value ends, told by its brackets alone: for what cannot be decoded, or is too long to be."""

from __future__ import annotations

import re

from .json_place import Place

END = "the end of the item"
_NUMBERS = re.compile(r"[-+0-9.eE]*")
_TURNING_POINT = re.compile(r'["\[\]{}]')
_TEXT_TURN = re.compile(r'["\\]')
_TEXT_END = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)


def end_of_value(place: Place) -> int | None:
    """Where the value at hand ends; None when that has not been read."""
    text, at = place.text, place.at
    if text[at] not in '"[{':
        end = _end_of_digits(place)
        return end if end < len(text) or place.is_over else None
    depth = 0
    while (turn := _TURNING_POINT.search(text, at)) is not None:
        at = turn.end()
        if turn[0] == '"':
            rest = _TEXT_END.match(text, at)
            if rest is None:
                return None
            at = rest.end()
        else:
            depth += 1 if turn[0] in "[{" else -1
        if depth == 0:
            return at
    return None


def let_go(place: Place) -> None:
    """Go past the value at hand, however long, and keep none of it."""
    if place.text[place.at] not in '"[{':
        _let_go_of_digits(place)
        return
    depth, is_text = 0, False
    while True:
        turn = (_TEXT_TURN if is_text else _TURNING_POINT).search(place.text, place.at)
        place.at = len(place.text) if turn is None else turn.end()
        if turn is None:
            place.fill_on(END)
        elif turn[0] == "\\":
            place.fill_on(END)
            place.at += 1
        elif turn[0] == '"':
            is_text = not is_text
        else:
            depth += 1 if turn[0] in "[{" else -1
        if turn is not None and depth == 0 and not is_text:
            return


def _let_go_of_digits(place: Place) -> None:
    while True:
        place.at = _end_of_digits(place)
        if place.at < len(place.text):
            return
        place.fill_on(END)


def _end_of_digits(place: Place) -> int:
    return _NUMBERS.match(place.text, place.at).end()  # type: ignore[union-attr]  # it always matches
