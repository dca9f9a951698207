"""A plugin's desk in this process: its scripts' sockets, their inbox, and the ear for its nudges."""

from __future__ import annotations

from collections.abc import Callable

from pluginhost import nudge

from .ear import Ear
from .inbox import Inbox
from .peer import Peer

FEW = 4
"""So many scripts look for themselves at a nudge; of more, one question tells which have something to look for."""


class Desk:
    """Where all scripts of one plugin in this process are looked after. Known by the plugin's identifier."""

    def __init__(self, plugin_uid: str) -> None:
        self.plugin_uid = plugin_uid
        self.inbox = Inbox()
        self.peers: set[Peer] = set()
        self._ear: Ear | None = None

    @property
    def is_idle(self) -> bool:
        return not self.peers and not len(self.inbox)

    def listen(self, plugin_id: int, look_for_many: Callable[[], None]) -> None:
        """Wake the scripts' claims at each nudge of the plugin, from now on."""
        if self._ear is None:
            self._ear = Ear(nudge.plugin_group(plugin_id), lambda: self._wake(look_for_many))

    def _wake(self, look_for_many: Callable[[], None]) -> None:
        if len(self.peers) > FEW:
            look_for_many()
            return
        for peer in self.peers:
            peer.wake.set()

    def close(self) -> None:
        if self._ear is not None:
            self._ear.close()
            self._ear = None
