"""Slowing down whoever guesses credentials, by address. Whoever has a right one is never slowed down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache

from .errors import TooMany, UnknownKey

MOST_FAILURES = 30
WINDOW_S = 60


@contextmanager
def failures_of(address: str) -> Iterator[None]:
    """Around a look at a key: one that nobody ever had counts; too many of them become TooMany."""
    try:
        yield
    except UnknownKey:
        if _count(f"failed-keys:{address}") > MOST_FAILURES:
            raise TooMany(
                f"Too many wrong keys came from your address. Wait {WINDOW_S} seconds, then try a right one.", WINDOW_S
            ) from None
        raise


def _count(name: str) -> int:
    """How many in this window, this one included; the first of a window sets its end."""
    if cache.add(name, 1, WINDOW_S):
        return 1
    try:
        return cache.incr(name)
    except ValueError:  # the window ended between the two
        cache.set(name, 1, WINDOW_S)
        return 1
