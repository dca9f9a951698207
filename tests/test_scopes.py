"""The sets of numbers that are kept in memory for the scopes that were asked for last."""

from __future__ import annotations

import threading
from typing import Any

from pluginhost.models import Scope, scope
from pluginhost.protocol.numbers import NumberSet


def scope_of(number: int) -> Scope:
    return Scope(digest=str(number), count=1, numbers_stored=NumberSet.of([number]).to_bytes())


def test_the_oldest_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(scope, "_recent", {})
    for number in [*range(16), 0, 16]:
        assert list(scope_of(number).numbers) == [number]
    assert list(scope._recent) == [*map(str, range(2, 16)), "0", "16"]


def test_somebody_who_asks_while_the_oldest_is_forgotten_disturbs_nobody(monkeypatch):
    others: list[threading.Thread] = []

    class Watched(dict[str, NumberSet]):
        """Lets somebody else ask right before the oldest is named."""

        def __iter__(self) -> Any:
            found = super().__iter__()
            others.append(threading.Thread(target=lambda: scope_of(99).numbers))
            if len(others) == 1:
                others[0].start()
                others[0].join(0.2)
            return found

    monkeypatch.setattr(scope, "_recent", Watched())
    for number in range(17):
        assert list(scope_of(number).numbers) == [number]
    others[0].join()
    assert len(scope._recent) == 16
