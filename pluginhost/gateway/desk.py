"""A plugin's desk in this process: its scripts' sockets, their inbox, and the ear for its nudges."""

from __future__ import annotations

import asyncio
import logging

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from pluginhost import nudge

from .inbox import Inbox
from .peer import Peer

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0
_RENEW_SECONDS = 3600.0  # a layer forgets its groups after a day


class Desk:
    """Where all scripts of one plugin in this process are looked after. Known by the plugin's identifier."""

    def __init__(self, plugin_uid: str) -> None:
        self.plugin_uid = plugin_uid
        self.inbox = Inbox()
        self.peers: set[Peer] = set()
        self._ear: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        return not self.peers and not len(self.inbox)

    def listen(self, plugin_id: int) -> None:
        """Wake the scripts' claims at each nudge of the plugin, from now on."""
        if self._ear is None:
            self._ear = asyncio.create_task(self._hear(plugin_id), name=f"nudges of plugin {plugin_id}")

    def wake(self) -> None:
        for peer in self.peers:
            peer.wake.set()

    def close(self) -> None:
        if self._ear is not None:
            self._ear.cancel()
            self._ear = None

    async def _hear(self, plugin_id: int) -> None:
        layer = get_channel_layer()
        groups = (nudge.plugin_group(plugin_id), nudge.EVERYTHING)
        while True:
            try:
                channel = await layer.new_channel()
                for group in groups:
                    await layer.group_add(group, channel)
                await self._hear_on(layer, channel, groups)
            except (OSError, RedisError) as error:  # Redis is away; the slow tick goes on meanwhile
                logger.warning("no nudges for plugin %s: %s", plugin_id, error)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _hear_on(self, layer: object, channel: str, groups: tuple[str, ...]) -> None:
        try:
            async with asyncio.timeout(_RENEW_SECONDS):
                while True:
                    await layer.receive(channel)  # type: ignore[attr-defined]
                    self.wake()
        except TimeoutError:
            return
        finally:
            for group in groups:
                await layer.group_discard(group, channel)  # type: ignore[attr-defined]
