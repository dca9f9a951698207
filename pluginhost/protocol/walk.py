"""Reading a big JSON object piece by piece: of one list only as many items are decoded at a time as one read brought.

`json.loads` of a whole import would hold the interpreter for seconds, and scripts would die at the door.

Items are decoded one by one with the standard library, which says exactly what is wrong, or many at once where it can
be told where one of them ends (`_several`): three times as fast, and the same in every value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import msgspec

from .json_place import READ_BYTES, NotJson, Place
from .json_values import MOST_PER_ITEM, Values
from .streams import Readable

MOST_AT_ONCE = 2 * READ_BYTES
_BORDER = re.compile(r'[ \t\n\r]*,[ \t\n\r]*\{[ \t\n\r]*"[^"\\]+"')
_ESCAPED_COLON = "\\u003"  # its beginning: the last digit may be an `a` or an `A`
_encode = msgspec.json.Encoder().encode
Decode = Callable[[str], list[Any]]
_decode_list: Decode = msgspec.json.Decoder(list[Any]).decode


class Walk:
    """One pass over a JSON object: `for name in walk.members()`, and for each either `value`, `items` or neither.

    `form` decodes a list of items that are all of the usual form into objects for it, with an error for any others. Of
    items that stand alone nobody can tell what they get.
    """

    def __init__(
        self, stream: Readable, read_bytes: int = READ_BYTES, most: int = MOST_PER_ITEM, form: Decode | None = None
    ) -> None:
        self._place = Place(stream, read_bytes)
        self._values = Values(self._place, most)
        self._is_unread = False
        self._form = form
        self._border: str | None = None  # what stands between two items, the comma first, and how the second begins
        self._alone_until = 0  # up to there, items are decoded one by one

    def members(self) -> Iterator[str]:
        """The names of the object's members, in order; the value of the one before is passed over if need be."""
        self._place.skip("\ufeff")
        if self._place.peek() != "{":
            raise NotJson("The body must be a JSON object: {…}.")
        self._place.at += 1
        if self._place.peek() == "}":
            self._place.at += 1
        else:
            while True:
                name = self._values.next()
                if not isinstance(name, str):
                    raise self._place.wrong("the name of a member, in quotes")
                self._place.expect(":", "a colon")
                self._is_unread = True
                yield name
                if self._is_unread:
                    self._pass_over()
                if self._place.next_of(",}", "a comma or the object's end") == "}":
                    break
        self.end()

    def value(self) -> Any:
        """The member's value, decoded (at most as large as an item may be)."""
        self._is_unread = False
        return self._values.next()

    def is_list(self) -> bool:
        """Whether the member's value is one (at the beginning, the whole); it is not read yet."""
        return self._place.peek() == "["

    def end(self) -> None:
        """See to it that nothing follows any more."""
        if self._place.peek():
            raise self._place.wrong("nothing more")

    def items(self) -> Iterator[Any]:
        """The members of the list that is the member's value, one at a time."""
        return chain.from_iterable(self.lists())

    def lists(self) -> Iterator[list[Any]]:
        """The same by some at a time."""
        self._is_unread = False
        self._place.expect("[", "a list")
        if self._place.peek() == "]":
            self._place.at += 1
            return
        while True:
            yield self._several() or [self._values.next()]
            ended = self._place.at
            if self._place.next_of(",]", "a comma or the list's end") == "]":
                return
            self._note_border(ended)

    def _pass_over(self) -> None:
        """A value that nobody wants: a list is passed over item by item, so that it may be of any length."""
        if self._place.peek() == "[":
            for _ in self.items():
                pass
        else:
            self.value()

    # --- several at once ---

    def _several(self) -> list[Any] | None:
        """The items at hand up to the last border, or None where they are to be taken one by one.

        The border may be found inside of an item. But if what stands before it is a list of whole values, then it is
        just those that a reader going from value to value would find, since each ends where it ends.
        """
        if self._border is None or self._place.characters < self._alone_until:
            return None
        end = self._place.text.rfind(self._border, self._place.at, self._place.at + MOST_AT_ONCE)
        if end < 0:
            return None
        text = self._place.text[self._place.at : end]
        values = (self._form and _decoded_alike(text, self._form)) or _decoded_alike(text, _decode_list)
        if values is None:
            self._alone_until = self._place.before + end
        else:
            self._place.at = end
        return values

    def _note_border(self, ended: int) -> None:
        """What stands between the item that ended there and the next, with the name that the next begins with."""
        found = _BORDER.match(self._place.text, ended)
        if found is not None:
            self._border = found[0]


def _decoded_alike(text: str, decode: Decode) -> list[Any] | None:
    """The values between which the commas of `text` stand; None where the standard library has something to say of one.

    Of a key that comes twice in an object only the last is decoded, and then a colon less is written.
    """
    try:
        values = decode(f"[{text}]")
        colons = _encode(values).count(b":")
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    return values if text.count(":") == colons and _ESCAPED_COLON not in text else None
