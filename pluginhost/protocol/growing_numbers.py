"""A set of asset numbers that grows by thousands: a bit for each, changed in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .numbers import NumberSet


class GrowingNumbers:
    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, numbers: Collection[int]) -> None:
        bits = self._bits
        size = max(numbers, default=0) // 8 + 1
        if size > len(bits):
            bits.extend(bytes(size - len(bits)))
        for number in numbers:
            bits[number >> 3] |= 1 << (number & 7)

    def remove(self, number: int) -> None:
        if number >> 3 < len(self._bits):
            self._bits[number >> 3] &= ~(1 << (number & 7))

    def among(self, numbers: Iterable[int]) -> set[int]:
        """Those of the numbers that are in the set."""
        bits, size = self._bits, 8 * len(self._bits)
        return {number for number in numbers if number < size and bits[number >> 3] >> (number & 7) & 1}

    def as_set(self) -> NumberSet:
        return NumberSet(int.from_bytes(self._bits, "little"))
