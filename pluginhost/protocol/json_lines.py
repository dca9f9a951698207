"""In which line of a JSON text a path stands, so that an error can be shown where it was typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

Steps = tuple[str | int, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.S)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def lines_of(text: str, paths: Iterable[str]) -> dict[str, int]:
    """For each path (`root.a[2].b`) its line from 1; for what is not there, that of the nearest part that is."""
    steps = {path: _steps(path) for path in paths}
    wanted = {given[:length] for given in steps.values() for length in range(len(given) + 1)}
    found = {place: line for place, line in _places(text) if place in wanted}
    return {path: _nearest(given, found) for path, given in steps.items()}


def _steps(path: str) -> Steps:
    return tuple(name or int(index) for name, index in _STEP.findall(path))


def _nearest(steps: Steps, found: dict[Steps, int]) -> int:
    return next((found[steps[:length]] for length in range(len(steps), -1, -1) if steps[:length] in found), 1)


def _places(text: str) -> Iterator[tuple[Steps, int]]:
    """Every value of the text with the line it begins in; `text` is JSON."""
    here: list[str | int] = []  # the way to the value that comes next
    brackets: list[str] = []
    line, seen, is_key = 1, 0, False
    for token in _TOKEN.finditer(text):
        mark, at = token.group(), token.start()
        line, seen = line + text.count("\n", seen, at), at
        if mark in ("]", "}"):
            brackets.pop()
            here.pop()
            is_key = False
        elif mark == ",":
            is_key = brackets[-1] == "{"
            if not is_key:
                here[-1] = int(here[-1]) + 1
        elif mark == ":":
            is_key = False
        elif is_key:
            here[-1] = json.loads(mark)
        else:
            yield tuple(here), line
            if mark in ("[", "{"):
                brackets.append(mark)
                here.append(0 if mark == "[" else "")
                is_key = mark == "{"
