"""Sets of asset numbers: each question agrees with the plain set, and none takes long on a million."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluginhost.protocol.numbers import NumberSet

few = st.sets(st.integers(0, 150_000), max_size=40)
runs = st.lists(st.tuples(st.integers(0, 150_000), st.integers(1, 900)), max_size=4).map(
    lambda pairs: {number for first, size in pairs for number in range(first, first + size)}
)
many = st.one_of(few, runs)


@given(many)
def test_it_holds_what_it_is_made_of_in_order(numbers):
    made = NumberSet.of(numbers)
    assert list(made) == sorted(numbers)
    assert len(made) == len(numbers)


@given(many)
def test_what_is_stored_is_read_again(numbers):
    made = NumberSet.of(numbers)
    again = NumberSet.from_bytes(made.to_bytes())
    assert again == made
    assert again.to_bytes() == made.to_bytes()
    assert list(again) == sorted(numbers)


@given(many)
def test_it_is_stored_in_the_smaller_of_two_ways(numbers):
    made = NumberSet.of(numbers)
    ranges = b"r" + ",".join(f"{first}-{last}" for first, last in made.ranges()).encode()
    bitmap = b"b" + bytes(len(made._as_bytes()))
    stored = made.to_bytes()
    assert len(stored) == min(len(ranges), len(bitmap))
    assert stored[:1] == (b"r" if len(ranges) <= len(bitmap) else b"b")


@given(many)
def test_ranges_are_the_runs_of_neighbours(numbers):
    ranges = list(NumberSet.of(numbers).ranges())
    assert {number for first, last in ranges for number in range(first, last + 1)} == numbers
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(ranges))


@given(many, st.integers(0, 4_000), st.integers(0, 3_000))
def test_a_page_is_a_slice(numbers, skip, count):
    assert NumberSet.of(numbers).page(skip, count) == sorted(numbers)[skip : skip + count]


@given(many, few)
def test_sets_are_joined_cut_and_taken_away(one, other):
    first, second = NumberSet.of(one), NumberSet.of(other)
    assert set(first | second) == one | other
    assert set(first & second) == one & other
    assert set(first - second) == one - other
    assert all((number in first) == (number in one) for number in [*other, -1, 10**9])


def test_nothing_stored_is_the_empty_set():
    assert NumberSet.from_bytes(b"") == NumberSet() == NumberSet.of([])
    assert NumberSet().to_bytes() == b"r"


@pytest.mark.parametrize("last", [0, 1, 7, 8, 1_000_000])
def test_all_up_to_a_number_takes_a_few_bytes(last):
    made = NumberSet.up_to(last)
    assert len(made) == last
    assert len(made.to_bytes()) <= 10
    assert made.page(last - 1, 5) == ([last] if last else [])
