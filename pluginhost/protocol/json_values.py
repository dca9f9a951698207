"""JSON values decoded one by one with the standard library, which says exactly what is wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from . import json_brackets
from .doubled_keys import Decoder
from .json_place import Place

MOST_PER_ITEM = 8 * 2**20
_NUMBER = re.compile(r"[-+0-9.eE]")
_END = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True)
class Unreadable:
    """Stands for an item that is well-formed but cannot be decoded: nested too deeply, or an endless number.

    `code` is a reason of `import_words.CODES`, and `path` where in the item it is.
    """

    why: str
    code: str = "bad_item"
    path: str = ""


class Values:
    """The values from a place on; of one of more than `most` characters nothing is kept."""

    def __init__(self, place: Place, most: int = MOST_PER_ITEM) -> None:
        self._place = place
        self._most = most
        self._alone = Decoder()

    def next(self) -> Any:
        """The value at hand, decoded; `Unreadable` for one that is well-formed and cannot be."""
        self._place.peek()
        wanted = self._place.read_bytes
        while True:
            found = self._decoded()
            if found is not None:
                return found[0]
            if len(self._place.text) - self._place.at > self._most:
                return self._too_long()
            self._place.fill(wanted)
            wanted *= 2  # so that a large item is not decoded again for each small piece of it

    def _decoded(self) -> tuple[Any] | None:
        """The value at hand, or None while more must be read to know where it ends."""
        try:
            value, end = self._alone.decode(self._place.text, self._place.at)
        except json.JSONDecodeError as error:
            if self._place.is_over:
                raise self._place.wrong("a value", at=error.pos, why=error.msg) from None
            return None
        except RecursionError:
            return self._passed_by("it is nested too deeply")
        except ValueError:  # Python decodes whole numbers of up to 4,300 digits only
            return self._passed_by("it has a number of thousands of digits")
        if not self._place.is_over and (end == len(self._place.text) or self._may_go_on(value, end)):
            return None
        self._place.at = end
        doubled = self._alone.doubled_in(value)
        return (value,) if doubled is None else (_with_doubled_key(*doubled),)

    def _may_go_on(self, value: object, end: int) -> bool:
        """A number ends only where something else begins: `1` may be the beginning of `1.5`."""
        text = self._place.text
        return isinstance(value, int | float) and end + 2 >= len(text) and bool(_NUMBER.match(text, end))

    def _passed_by(self, why: str) -> tuple[Unreadable] | None:
        end = json_brackets.end_of_value(self._place)
        if end is None:
            if self._place.is_over:
                raise self._place.wrong(json_brackets.END)
            return None
        self._place.at = end
        return (Unreadable(why),)

    def _too_long(self) -> Unreadable:
        """Stands for a value of which more came than is read. One that ends there all the same is broken."""
        end = json_brackets.end_of_value(self._place)
        if end is not None and end < len(self._place.text):
            try:
                self._alone.decode(self._place.text, self._place.at)
            except json.JSONDecodeError as error:
                raise self._place.wrong("a value", at=error.pos, why=error.msg) from None
        json_brackets.let_go(self._place)
        return Unreadable(f"it has more than {self._most:,} characters", "too_large")


def _with_doubled_key(key: str, path: str) -> Unreadable:
    return Unreadable(f"the key {json.dumps(key[:60])} stands twice", "duplicate_key", path)
