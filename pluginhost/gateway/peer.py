"""A script's socket, as this process knows it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pluginhost.actions.connections import Caller, Verdict

HEARTBEAT_SECONDS = 60.0
SOON_SECONDS = 3.0
"""A published client comes back within 1.5 s, and the next process may take a moment until it accepts."""
LATE_SECONDS = 1.0


@dataclass(eq=False)
class Peer:
    """One socket from its opening to its end. `verdict` is None until its first heartbeat was judged."""

    caller: Caller
    plugin_uid: str | None = None
    verdict: Verdict | None = None
    is_out: bool = False
    """Found out of service since its last heartbeat. Set and read in the gateway's thread alone: what it says comes in
    while the loop has not heard of it yet, and would bring its lost sessions back."""
    is_gone: bool = False
    is_leaving: bool = False
    """Gone, or about to be: it gets no more work."""
    told: str = ""
    has_said_hello: bool = False
    """Our own client: its lines are numbered, and it is told what is stored."""
    instance: str = ""
    awaits_hello: bool = False
    """Its heartbeat announced one: no work before it is known what it holds."""
    is_muted: bool = False
    """Something it said was refused while it was in quarantine: nothing of it is taken until it says hello again, since
    a later line that was taken would hide the gap."""
    told_over: set[str] = field(default_factory=set)
    """The sessions that it was told to stop."""
    was_told_to_drain: bool = False
    stored_lines: dict[str, int] = field(default_factory=dict)
    """Session → line that it is still to be told is stored."""
    dialect: str = ""
    probed_at: float = 0.0
    """When the newest probe was sent, on the loop's clock; 0 when none is under way."""
    next_probe_at: float = 0.0
    slowest_ms: float = 0.0
    """The longest that an answer to a probe has taken."""
    heartbeat_due_at: float = 0.0
    """When a published client sends its next one, on the loop's clock; 0 before the first."""
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    """Its end is stored, and so all that it said."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    work: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def sid(self) -> str:
        return self.caller.sid

    @property
    def connection_id(self) -> int | None:
        if self.verdict is None or self.verdict.connection is None:
            return None
        return self.verdict.connection.pk

    @property
    def is_welcome(self) -> bool:
        return self.verdict is not None and self.verdict.is_welcome

    def note_heartbeat(self, now: float) -> None:
        """Published clients send one each minute from their start on, and one at each connect: after a reconnect the
        second tells when the next is due."""
        self.heartbeat_due_at = now + HEARTBEAT_SECONDS

    def is_about_to_send_heartbeat(self, now: float) -> bool:
        """So soon that it could fall into a reconnect; one that is late by more than a moment is not waited for."""
        return -LATE_SECONDS < self.heartbeat_due_at - now < SOON_SECONDS

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
