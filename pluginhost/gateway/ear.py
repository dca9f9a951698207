"""Hearing nudges on the channel layer: they say «look again», and no more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0
_RENEW_SECONDS = 3600.0  # a layer forgets its groups after a day


class Ear:
    """Calls `heard` at each nudge of one group, until it is closed."""

    def __init__(self, group: str, heard: Callable[[], None]) -> None:
        self._group, self._heard = group, heard
        self._task = asyncio.create_task(self._hear(), name=f"nudges of {group}")

    def close(self) -> None:
        self._task.cancel()

    async def _hear(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(self._group, channel)
                await self._hear_on(layer, channel)
            except (OSError, RedisError) as error:  # Redis is away; the slow tick goes on meanwhile
                logger.warning("no nudges of %s: %s", self._group, error)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _hear_on(self, layer: Any, channel: str) -> None:
        try:
            async with asyncio.timeout(_RENEW_SECONDS):
                while True:
                    await layer.receive(channel)
                    self._heard()
        except TimeoutError:
            return
        finally:
            await layer.group_discard(self._group, channel)
