"""The channel layer of a server without Redis: nudges within one process."""

from __future__ import annotations

import time

from channels.layers import InMemoryChannelLayer

CLEAN_SECONDS = 5.0


class MemoryLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """Channels' own looks through all channels for what has expired whenever anything is sent or received; with an ear
    for each of thousands of plugins that takes longer than all the rest. Once in a while is enough: what is too old
    is a nudge, and does no harm."""

    _cleaned_at = 0.0

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now >= self._cleaned_at + CLEAN_SECONDS:
            self._cleaned_at = now
            super()._clean_expired()
