"""Reading a big JSON object piece by piece: of one list only as many items are decoded at a time as one read brought.

`json.loads` of a whole import would hold the interpreter for seconds, and scripts would die at the door.

Items are decoded one by one with the standard library, which says exactly what is wrong, or many at once where it can
be told where one of them ends (`_several`): three times as fast, and the same in every value.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from .doubled_keys import Decoder
from .streams import Readable

READ_BYTES = 64 * 1024
MOST_AT_ONCE = 2 * READ_BYTES
MOST_PER_ITEM = 8 * 2**20
_BLANKS = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"[-+0-9.eE]")
_NUMBERS = re.compile(r"[-+0-9.eE]*")
_TURNING_POINT = re.compile(r'["\[\]{}]')
_TEXT_TURN = re.compile(r'["\\]')
_TEXT_END = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)
_BORDER = re.compile(r'[ \t\n\r]*,[ \t\n\r]*\{[ \t\n\r]*"[^"\\]+"')
_ESCAPED_COLON = "\\u003"  # its beginning: the last digit may be an `a` or an `A`
_encode = msgspec.json.Encoder().encode
Decode = Callable[[str], list[Any]]
_decode_list: Decode = msgspec.json.Decoder(list[Any]).decode


class NotJson(ValueError):
    """The body is not what it should be; the text says what was expected, and after how many characters."""


@dataclass(frozen=True)
class Unreadable:
    """Stands for an item that is well-formed but cannot be decoded: nested too deeply, or an endless number.

    `code` is a reason of `import_words.CODES`, and `path` where in the item it is.
    """

    why: str
    code: str = "bad_item"
    path: str = ""


class Walk:
    """One pass over a JSON object: `for name in walk.members()`, and for each either `value`, `items` or neither.

    `form` decodes a list of items that are all of the usual form into objects for it, with an error for any others. Of
    items that stand alone nobody can tell what they get.
    """

    def __init__(
        self, stream: Readable, read_bytes: int = READ_BYTES, most: int = MOST_PER_ITEM, form: Decode | None = None
    ) -> None:
        self._stream = stream
        self._read_bytes = read_bytes
        self._most = most
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._before = 0  # characters that were read and let go of
        self._is_over = False
        self._alone = Decoder()
        self._is_unread = False
        self._form = form
        self._border: str | None = None  # what stands between two items, the comma first, and how the second begins
        self._alone_until = 0  # up to there, items are decoded one by one

    def members(self) -> Iterator[str]:
        """The names of the object's members, in order; the value of the one before is passed over if need be."""
        self._skip("\ufeff")
        self._expect("{", "a JSON object")
        if self._peek() == "}":
            self._at += 1
        else:
            while True:
                name = self._value()
                if not isinstance(name, str):
                    raise self._wrong("the name of a member, in quotes")
                self._expect(":", "a colon")
                self._is_unread = True
                yield name
                if self._is_unread:
                    self._pass_over()
                if self._next_of(",}", "a comma or the object's end") == "}":
                    break
        self.end()

    def value(self) -> Any:
        """The member's value, decoded (at most as large as an item may be)."""
        self._is_unread = False
        return self._value()

    def is_list(self) -> bool:
        """Whether the member's value is one (at the beginning, the whole); it is not read yet."""
        return self._peek() == "["

    def end(self) -> None:
        """See to it that nothing follows any more."""
        if self._peek():
            raise self._wrong("nothing more")

    def items(self) -> Iterator[Any]:
        """The members of the list that is the member's value, one at a time."""
        return chain.from_iterable(self.lists())

    def lists(self) -> Iterator[list[Any]]:
        """The same by some at a time."""
        self._is_unread = False
        self._expect("[", "a list")
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self._several() or [self._value()]
            ended = self._at
            if self._next_of(",]", "a comma or the list's end") == "]":
                return
            self._note_border(ended)

    def _pass_over(self) -> None:
        """A value that nobody wants: a list is passed over item by item, so that it may be of any length."""
        if self._peek() == "[":
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
        if self._border is None or self._before + self._at < self._alone_until:
            return None
        end = self._text.rfind(self._border, self._at, self._at + MOST_AT_ONCE)
        if end < 0:
            return None
        text = self._text[self._at : end]
        values = (self._form and _decoded_alike(text, self._form)) or _decoded_alike(text, _decode_list)
        if values is None:
            self._alone_until = self._before + end
        else:
            self._at = end
        return values

    def _note_border(self, ended: int) -> None:
        """What stands between the item that ended there and the next, with the name that the next begins with."""
        found = _BORDER.match(self._text, ended)
        if found is not None:
            self._border = found[0]

    # --- values ---

    def _value(self) -> Any:
        self._peek()
        wanted = self._read_bytes
        while True:
            found = self._decoded()
            if found is not None:
                return found[0]
            if len(self._text) - self._at > self._most:
                return self._too_long()
            self._fill(wanted)
            wanted *= 2  # so that a large item is not decoded again for each small piece of it

    def _decoded(self) -> tuple[Any] | None:
        """The value at hand, or None while more must be read to know where it ends."""
        try:
            value, end = self._alone.decode(self._text, self._at)
        except json.JSONDecodeError as error:
            if self._is_over:
                raise self._wrong("a value", at=error.pos, why=error.msg) from None
            return None
        except RecursionError:
            return self._passed_by("it is nested too deeply")
        except ValueError:  # Python decodes whole numbers of up to 4,300 digits only
            return self._passed_by("it has a number of thousands of digits")
        if not self._is_over and (end == len(self._text) or self._may_go_on(value, end)):
            return None
        self._at = end
        doubled = self._alone.doubled_in(value)
        return (value,) if doubled is None else (_with_doubled_key(*doubled),)

    def _may_go_on(self, value: object, end: int) -> bool:
        """A number ends only where something else begins: `1` may be the beginning of `1.5`."""
        return isinstance(value, int | float) and end + 2 >= len(self._text) and bool(_NUMBER.match(self._text, end))

    def _passed_by(self, why: str) -> tuple[Unreadable] | None:
        end = self._end_of_nest()
        if end is None:
            if self._is_over:
                raise self._wrong("the end of the item")
            return None
        self._at = end
        return (Unreadable(why),)

    def _too_long(self) -> Unreadable:
        """Stands for a value of which more came than is read. One that ends there all the same is broken."""
        end = self._end_of_nest()
        if end is not None and end < len(self._text):
            try:
                self._alone.decode(self._text, self._at)
            except json.JSONDecodeError as error:
                raise self._wrong("a value", at=error.pos, why=error.msg) from None
        self._let_go()
        return Unreadable(f"it has more than {self._most:,} characters", "too_large")

    def _let_go(self) -> None:
        """Go past the value at hand, however long, by its brackets alone, and keep none of it."""
        if self._text[self._at] not in '"[{':
            self._let_go_of_digits()
            return
        depth, is_text = 0, False
        while True:
            turn = (_TEXT_TURN if is_text else _TURNING_POINT).search(self._text, self._at)
            self._at = len(self._text) if turn is None else turn.end()
            if turn is None:
                self._fill_on()
            elif turn[0] == "\\":
                self._fill_on()
                self._at += 1
            elif turn[0] == '"':
                is_text = not is_text
            else:
                depth += 1 if turn[0] in "[{" else -1
            if turn is not None and depth == 0 and not is_text:
                return

    def _let_go_of_digits(self) -> None:
        while True:
            self._at = _NUMBERS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._text):
                return
            self._fill_on()

    def _fill_on(self) -> None:
        """See to it that there is something at hand."""
        while self._at == len(self._text):
            if self._is_over:
                raise self._wrong("the end of the item")
            self._fill(self._read_bytes)

    def _end_of_nest(self) -> int | None:
        """Where the value at hand ends, by its brackets alone; None when that has not been read."""
        if self._text[self._at] not in '"[{':
            end = _NUMBERS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it always matches
            return end if end < len(self._text) or self._is_over else None
        depth, at = 0, self._at
        while (turn := _TURNING_POINT.search(self._text, at)) is not None:
            at = turn.end()
            if turn[0] == '"':
                text = _TEXT_END.match(self._text, at)
                if text is None:
                    return None
                at = text.end()
            else:
                depth += 1 if turn[0] in "[{" else -1
            if depth == 0:
                return at
        return None

    # --- characters ---

    def _peek(self) -> str:
        """The next character that is no blank, which is then at hand; nothing at the end."""
        while True:
            self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._text):
                return self._text[self._at]
            if self._is_over:
                return ""
            self._fill(self._read_bytes)

    def _skip(self, character: str) -> None:
        if self._peek() == character:
            self._at += 1

    def _expect(self, character: str, what: str) -> None:
        if self._next_of(character, what) != character:
            raise self._wrong(what)

    def _next_of(self, characters: str, what: str) -> str:
        found = self._peek()
        if not found or found not in characters:
            raise self._wrong(what)
        self._at += 1
        return found

    def _fill(self, size: int) -> None:
        """Let go of what was used and read on."""
        piece = self._stream.read(size)
        self._is_over = not piece
        try:
            fresh = self._decoder.decode(piece, final=self._is_over)
        except UnicodeDecodeError as error:
            raise NotJson(f"This is not UTF-8: {error.reason}.") from None
        self._before += self._at
        self._text = self._text[self._at :] + fresh
        self._at = 0

    def _wrong(self, expected: str, at: int | None = None, why: str = "") -> NotJson:
        place = self._before + (self._at if at is None else at)
        return NotJson(f"This is not JSON at character {place:,}: {expected} was expected{f' ({why})' if why else ''}.")


def _with_doubled_key(key: str, path: str) -> Unreadable:
    return Unreadable(f"the key {json.dumps(key[:60])} stands twice", "duplicate_key", path)


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
