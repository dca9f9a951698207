"""How a session that has ended may be run again: whole, only what it left, or the rest of what it was tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.cache import cache

from pluginhost.actions import scopes
from pluginhost.models import Session
from pluginhost.summaries import Counts

from .scope_words import LEFT_WORDS

_KEPT_SECONDS = 60


@dataclass(frozen=True)
class Reruns:
    """`left` are the outcomes of the assets that may be run again by themselves; `rest` counts those not tried."""

    left: Mapping[str, int]
    rest: int

    @property
    def left_count(self) -> int:
        return sum(self.left.values())

    @property
    def left_words(self) -> str:
        """«32 rejected, 5 without result, 9 not reached»"""
        return ", ".join(f"{count:,} {LEFT_WORDS[name]}" for name, count in self.left.items())


def reruns_of(session: Session, counts: Counts) -> Reruns:
    if not session.is_final:
        return Reruns({}, 0)
    return Reruns(counts.left, _rest(session))


def _rest(session: Session) -> int:
    """Counted anew where the project changed, and each minute: tasks may be completed meanwhile."""
    asked = session.inputs.scope_asked
    if asked.get("first") is None:
        return 0
    head = session.project.head
    key = f"rest.{session.uid}.{head.last_number}.{head.assets}.{head.last_applied}"
    return cache.get_or_set(key, lambda: len(scopes.rest_of(session)), _KEPT_SECONDS)  # type: ignore[return-value]
