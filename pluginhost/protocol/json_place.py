"""A place in the text of a stream: characters come as they are needed, and what was passed is let go of."""

from __future__ import annotations

import codecs
import re

from .streams import Readable

READ_BYTES = 64 * 1024
_BLANKS = re.compile(r"[ \t\n\r]*")


class NotJson(ValueError):
    """The body is not what it should be; the text says what was expected, and after how many characters."""


class Place:
    """`text` from `at` on is at hand; before it came `before` more characters, and after it nothing if `is_over`."""

    def __init__(self, stream: Readable, read_bytes: int = READ_BYTES) -> None:
        self.text = ""
        self.at = 0
        self.before = 0
        self.is_over = False
        self.read_bytes = read_bytes
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    @property
    def characters(self) -> int:
        """How many were passed."""
        return self.before + self.at

    def peek(self) -> str:
        """The next character that is no blank, which is then at hand; nothing at the end."""
        while True:
            self.at = _BLANKS.match(self.text, self.at).end()  # type: ignore[union-attr]  # it always matches
            if self.at < len(self.text):
                return self.text[self.at]
            if self.is_over:
                return ""
            self.fill(self.read_bytes)

    def skip(self, character: str) -> None:
        if self.peek() == character:
            self.at += 1

    def expect(self, character: str, what: str) -> None:
        if self.next_of(character, what) != character:
            raise self.wrong(what)

    def next_of(self, characters: str, what: str) -> str:
        """The next character, which must be one of these, and go past it."""
        found = self.peek()
        if not found or found not in characters:
            raise self.wrong(what)
        self.at += 1
        return found

    def fill(self, size: int) -> None:
        """Let go of what was passed and read on."""
        piece = self._stream.read(size)
        self.is_over = not piece
        try:
            fresh = self._decoder.decode(piece, final=self.is_over)
        except UnicodeDecodeError as error:
            raise NotJson(f"This is not UTF-8: {error.reason}.") from None
        self.before += self.at
        self.text = self.text[self.at :] + fresh
        self.at = 0

    def fill_on(self, what: str) -> None:
        """See to it that something is at hand."""
        while self.at == len(self.text):
            if self.is_over:
                raise self.wrong(what)
            self.fill(self.read_bytes)

    def wrong(self, expected: str, at: int | None = None, why: str = "") -> NotJson:
        place = self.before + (self.at if at is None else at)
        return NotJson(f"This is not JSON at character {place:,}: {expected} was expected{f' ({why})' if why else ''}.")
