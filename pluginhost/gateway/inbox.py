"""One inbox a plugin and process: all its scripts say goes through it in order, so nothing overtakes anything."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pluginhost.protocol.payloads import Answer, Heartbeat, Hello, Log, Progress

from .peer import Peer

MOST_WAITING = 20_000
MOST_CHARACTERS = 64 * 2**20
MOST_AT_ONCE = 2_000


@dataclass(frozen=True)
class Acknowledged:
    """The script's handler has returned for this session, with these values (mostly none)."""

    session_id: int
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Refused:
    """An event that could not be taken, and why."""

    reason: str


@dataclass(frozen=True)
class Gone:
    """The socket has ended."""

    reason: str
    was_too_large: bool = False


Report = Heartbeat | Hello | Log | Progress | Answer | Acknowledged | Refused | Gone


class Item(NamedTuple):
    peer: Peer
    at: datetime
    report: Report


class Inbox:
    """What waits to be stored for one plugin. A full one makes its senders wait, and nobody else."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._characters = 0
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        self._items.append(item)
        self._characters += _size(item)
        if len(self._items) >= MOST_WAITING or self._characters >= MOST_CHARACTERS:
            self._room.clear()

    async def wait_for_room(self) -> None:
        await self._room.wait()

    def take(self) -> list[Item]:
        """The oldest items, as many as one transaction should have."""
        taken = [self._items.popleft() for _ in range(min(len(self._items), MOST_AT_ONCE))]
        self._characters -= sum(map(_size, taken))
        if len(self._items) < MOST_WAITING // 2 and self._characters < MOST_CHARACTERS // 2:
            self._room.set()
        return taken

    def put_back(self, items: list[Item]) -> None:
        """They could not be stored now; they are the oldest still."""
        self._items.extendleft(reversed(items))
        self._characters += sum(map(_size, items))


def _size(item: Item) -> int:
    """Roughly what it takes in memory, in characters."""
    report = item.report
    if isinstance(report, Log):
        return len(report.message) + len(report.extra)
    return len(report.body) if isinstance(report, Answer) else 0
