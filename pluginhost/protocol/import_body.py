"""The body of an import: where its items are, read one at a time from however large a stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from pluginhost.errors import Invalid

from .walk import Walk

ITEMS = ("jsonContent", "labels")
"""The list's name, and its older one."""
_ONCE = ("project", *ITEMS)


def items_of(walk: Walk, *, may_be_bare: bool = False) -> Iterator[Any]:
    """The items of `{"jsonContent": [items], …}`; `may_be_bare` also those of a list that stands by itself.

    Invalid where there is no such list, or two: which of them was meant, nobody can tell.
    """
    return chain.from_iterable(_lists_of(walk, may_be_bare=may_be_bare))


def _lists_of(walk: Walk, *, may_be_bare: bool) -> Iterator[list[Any]]:
    if may_be_bare and walk.is_list():
        yield from walk.lists()
        walk.end()
        return
    seen: set[str] = set()
    for name in walk.members():
        if name in _ONCE:
            _note(name, seen)
        if name in ITEMS:
            if not walk.is_list():
                raise _refused(name, "This must be a list of items.")
            yield from walk.lists()
    if seen.isdisjoint(ITEMS):
        raise _refused("jsonContent", "This must be a list of items.")


def _note(name: str, seen: set[str]) -> None:
    if name in seen:
        raise _refused(name, f"{name} stands twice; give it once.")
    seen.add(name)
    if seen.issuperset(ITEMS):
        raise _refused(name, "jsonContent and labels are two names of one list; give one of them.")


def _refused(name: str, message: str) -> Invalid:
    return Invalid(f"{name}: {message}", [{"path": name, "message": message}])
