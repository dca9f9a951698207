"""A script's socket, as this process knows it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pluginhost.actions.connections import Caller, Verdict


@dataclass(eq=False)
class Peer:
    """One socket from its opening to its end. `verdict` is None until its first heartbeat was judged."""

    caller: Caller
    plugin_uid: str | None = None
    verdict: Verdict | None = None
    is_gone: bool = False
    is_leaving: bool = False
    """Gone, or about to be: it gets no more work."""
    told: str = ""
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

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
