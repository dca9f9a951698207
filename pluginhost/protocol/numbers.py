"""Sets of asset numbers, small to store and quick to ask.

Stored as sorted ranges or as a bitmap, whichever is smaller: «all of a million» takes a few bytes,
a random half of it 125 KB.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import islice

_RANGES, _BITMAP = b"r", b"b"
_RUN = re.compile(b"1+")


class NumberSet:
    """An immutable set of whole numbers from 0 up, held as the bits of one integer."""

    __slots__ = ("_bits", "_bytes")

    def __init__(self, bits: int = 0) -> None:
        self._bits = bits
        self._bytes: bytes | None = None  # made at the first membership test: shifting a big integer copies it

    @classmethod
    def of(cls, numbers: Iterable[int]) -> NumberSet:
        chosen = set(numbers)
        bits = bytearray(max(chosen, default=-1) // 8 + 1)
        for number in chosen:
            bits[number >> 3] |= 1 << (number & 7)
        return cls(int.from_bytes(bits, "little"))

    @classmethod
    def up_to(cls, last: int) -> NumberSet:
        """1 … last."""
        return cls(((1 << last) - 1) << 1)

    @classmethod
    def from_bytes(cls, stored: bytes) -> NumberSet:
        """Read what `to_bytes` wrote; nothing stored is the empty set."""
        if stored[:1] != _RANGES:
            return cls(int.from_bytes(stored[1:], "little"))
        bits = 0
        for pair in stored[1:].decode().split(",") if stored[1:] else ():
            first, last = map(int, pair.split("-"))
            bits |= ((1 << (last - first + 1)) - 1) << first
        return cls(bits)

    def to_bytes(self) -> bytes:
        bitmap = _BITMAP + self._bits.to_bytes((self._bits.bit_length() + 7) // 8, "little")
        text = ",".join(f"{first}-{last}" for first, last in islice(self.ranges(), len(bitmap) // 3 + 2))
        ranges = _RANGES + text.encode()
        whole = NumberSet.from_bytes(ranges)._bits == self._bits
        return ranges if whole and len(ranges) <= len(bitmap) else bitmap

    def digest(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def ranges(self) -> Iterator[tuple[int, int]]:
        """(first, last) of each run of neighbours, in order."""
        text = bin(self._bits)[:1:-1].encode()  # the lowest bit first
        for run in _RUN.finditer(text):
            yield run.start(), run.end() - 1

    def page(self, skip: int, count: int) -> list[int]:
        """`count` numbers in order, after the first `skip` of them."""
        found: list[int] = []
        for first, last in self.ranges():
            size = last - first + 1
            if skip >= size:
                skip -= size
                continue
            found.extend(range(first + skip, min(last, first + skip + count - len(found) - 1) + 1))
            skip = 0
            if len(found) >= count:
                break
        return found

    def first(self, count: int) -> NumberSet:
        return NumberSet.of(self.page(0, count))

    def __contains__(self, number: int) -> bool:
        if self._bytes is None:
            self._bytes = self._bits.to_bytes((self._bits.bit_length() + 7) // 8, "little")
        return 0 <= number >> 3 < len(self._bytes) and bool(self._bytes[number >> 3] >> (number & 7) & 1)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.ranges():
            yield from range(first, last + 1)

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __or__(self, other: NumberSet) -> NumberSet:
        return NumberSet(self._bits | other._bits)

    def __and__(self, other: NumberSet) -> NumberSet:
        return NumberSet(self._bits & other._bits)

    def __sub__(self, other: NumberSet) -> NumberSet:
        return NumberSet(self._bits & ~other._bits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumberSet) and self._bits == other._bits

    def __hash__(self) -> int:
        return hash(self._bits)
