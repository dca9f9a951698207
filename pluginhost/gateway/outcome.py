"""What follows from what was stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pluginhost.actions.connections import Verdict

from .peer import Peer

Verdicts = dict[Peer, Verdict]


@dataclass
class Outcome:
    """Verdicts on the heartbeats, and what is told to scripts that said hello."""

    verdicts: Verdicts = field(default_factory=dict)
    lines: dict[tuple[Peer, str], int] = field(default_factory=dict)
    """Of these sessions, lines up to this one are stored."""
    muted: dict[Peer, bool] = field(default_factory=dict)
    """Who has to say hello again before anything of it is taken."""
    to_tell: list[tuple[Peer, str, dict[str, Any]]] = field(default_factory=list)
    """Events, in order."""

    def add(self, later: Outcome) -> None:
        self.verdicts.update(later.verdicts)
        self.lines.update(later.lines)
        self.muted.update(later.muted)
        self.to_tell += later.to_tell
