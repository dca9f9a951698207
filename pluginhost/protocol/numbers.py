"""Sets of asset numbers, small to store and quick to ask.

Stored as sorted ranges or as a bitmap, whichever is smaller: «all of a million» takes a few bytes,
a random half of it 125 KB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

_RANGES, _BITMAP = b"r", b"b"
_PIECE, _LARGE_PIECE = 64, 128 * 64
"""Bytes whose bits are counted at once when a page is looked for."""
_BITS = [[bit for bit in range(8) if byte >> bit & 1] for byte in range(256)]


class NumberSet:
    """An immutable set of whole numbers from 0 up, held as the bits of one integer."""

    __slots__ = ("_bits", "_bytes")

    def __init__(self, bits: int = 0) -> None:
        self._bits = bits
        self._bytes: bytes | None = None  # made when it is first needed: shifting a big integer copies it

    @classmethod
    def of(cls, numbers: Iterable[int]) -> NumberSet:
        chosen = set(numbers)
        bits = bytearray(max(chosen, default=-1) // 8 + 1)
        for number in chosen:
            bits[number >> 3] |= 1 << (number & 7)
        return cls(int.from_bytes(bits, "little"))

    @classmethod
    def of_words(cls, words: Iterable[tuple[int, int]], size: int) -> NumberSet:
        """Of (place, bits) pairs, the bits of `size` bytes each: a database gives a great many numbers in few rows."""
        found = dict(words)
        whole = bytearray((max(found, default=-1) + 1) * size)
        for place, bits in found.items():
            whole[place * size : (place + 1) * size] = bits.to_bytes(size, "little")
        return cls(int.from_bytes(whole, "little"))

    @classmethod
    def union_of(cls, stored: Iterable[bytes]) -> NumberSet:
        """All that is in any of what `to_bytes` wrote: many thousands of small ones are read as one."""
        bits, ranges = 0, []
        for one in stored:
            if one[:1] == _BITMAP:
                bits |= int.from_bytes(one[1:], "little")
            else:
                ranges.append(one[1:])
        return cls(bits | int.from_bytes(_from_ranges(b",".join(ranges)), "little"))

    @staticmethod
    def length_of(stored: bytes) -> int:
        """How many are in what `to_bytes` wrote, without making the set."""
        if stored[:1] == _BITMAP:
            return int.from_bytes(stored[1:], "little").bit_count()
        return sum(last - first + 1 for first, last in _pairs(stored[1:]))

    @classmethod
    def up_to(cls, last: int) -> NumberSet:
        """1 … last."""
        return cls(((1 << last) - 1) << 1)

    @classmethod
    def from_bytes(cls, stored: bytes) -> NumberSet:
        """Read what `to_bytes` wrote; nothing stored is the empty set."""
        whole = _from_ranges(stored[1:]) if stored[:1] == _RANGES else stored[1:]
        found = cls(int.from_bytes(whole, "little"))
        found._bytes = whole
        return found

    def to_bytes(self) -> bytes:
        bitmap = _BITMAP + self._as_bytes()
        if self._has_longer_ranges(len(bitmap)):
            return bitmap
        return _RANGES + ",".join(f"{first}-{last}" for first, last in self.ranges()).encode()

    def _has_longer_ranges(self, limit: int) -> bool:
        """Whether the ranges would be longer than that, found without writing them: there may be half a million."""
        starts, ends = self._starts_and_ends()
        longest = 2 * len(str(self._bits.bit_length())) + 2
        if starts.bit_count() * longest <= limit:
            return False
        length, least = 2 * starts.bit_count(), 0  # the letter and the commas, and a dash in each
        while (starts or ends) and length <= limit:
            length += starts.bit_count() + ends.bit_count()  # a digit of each number that has so many
            before, least = least, max(least * 10, 10)
            starts, ends = starts >> (least - before), ends >> (least - before)
        return length > limit

    def digest(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def ranges(self) -> Iterator[tuple[int, int]]:
        """(first, last) of each run of neighbours, in order."""
        starts, ends = self._starts_and_ends()
        return zip(NumberSet(starts), NumberSet(ends), strict=True)

    def _starts_and_ends(self) -> tuple[int, int]:
        """The bits that begin a run of neighbours, and those that end one."""
        return self._bits & ~(self._bits << 1), self._bits & ~(self._bits >> 1)

    def page(self, skip: int, count: int) -> list[int]:
        """`count` numbers in order, after the first `skip` of them. Whole pieces are skipped by counting their bits."""
        whole = self._as_bytes()
        found: list[int] = []
        begin = 0
        for size in (_LARGE_PIECE, _PIECE):
            while begin < len(whole) and (inside := _bits_in(whole[begin : begin + size])) <= skip:
                skip, begin = skip - inside, begin + size
        for start in range(begin, len(whole), _PIECE):
            piece = whole[start : start + _PIECE]
            found += _numbers_in(piece, start * 8)[skip : skip + count - len(found)]
            skip = 0
            if len(found) >= count:
                break
        return found

    def first(self, count: int) -> NumberSet:
        last = self.page(count - 1, 1) if count else [0]
        return self & NumberSet.up_to(last[0]) if last else self

    def _as_bytes(self) -> bytes:
        if self._bytes is None:
            self._bytes = self._bits.to_bytes((self._bits.bit_length() + 7) // 8, "little")
        return self._bytes

    def __contains__(self, number: int) -> bool:
        whole = self._as_bytes()
        return 0 <= number >> 3 < len(whole) and bool(whole[number >> 3] >> (number & 7) & 1)

    def __iter__(self) -> Iterator[int]:
        whole = self._as_bytes()
        for start in range(0, len(whole), _PIECE):
            piece = whole[start : start + _PIECE]
            if piece.strip(b"\0"):
                yield from _numbers_in(piece, start * 8)

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __or__(self, other: NumberSet) -> NumberSet:
        return NumberSet(self._bits | other._bits)

    def __and__(self, other: NumberSet) -> NumberSet:
        return NumberSet(self._bits & other._bits)

    def __sub__(self, other: NumberSet) -> NumberSet:
        return NumberSet(self._bits & ~other._bits) if other._bits else self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumberSet) and self._bits == other._bits

    def __hash__(self) -> int:
        return hash(self._bits)


def _from_ranges(text: bytes) -> bytes:
    """The bitmap of ranges, byte by byte: there may be ten thousand, and each would copy a big integer."""
    pairs = _pairs(text)
    whole = bytearray(max((last for _, last in pairs), default=-1) // 8 + 1)
    for first, last in pairs:
        low, high = first >> 3, last >> 3
        from_first, to_last = 0xFF << (first & 7) & 0xFF, 0xFF >> (7 - (last & 7))
        if low == high:
            whole[low] |= from_first & to_last
        else:
            whole[low] |= from_first
            whole[low + 1 : high] = b"\xff" * (high - low - 1)
            whole[high] |= to_last
    return bytes(whole)


def _pairs(text: bytes) -> list[tuple[int, int]]:
    return [(int(first), int(last)) for first, _, last in (pair.partition(b"-") for pair in text.split(b",") if pair)]


def _bits_in(piece: bytes) -> int:
    return int.from_bytes(piece, "little").bit_count()


def _numbers_in(piece: bytes, first: int) -> list[int]:
    """The numbers of the bits that are set in `piece`, whose lowest bit is `first`."""
    return [first + place * 8 + bit for place, byte in enumerate(piece) if byte for bit in _BITS[byte]]
