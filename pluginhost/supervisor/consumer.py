"""How a supervisor hears nudges: a consumer of the channel layer, as a Channels worker runs one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from channels.consumer import AsyncConsumer
from redis.exceptions import RedisError

from pluginhost import nudge

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0


class SupervisorConsumer(AsyncConsumer):
    """Joins the group of supervisors; each nudge wakes ours. It is told nothing but «look again»."""

    async def supervise(self, _: dict[str, Any]) -> None:
        await self.channel_layer.group_add(nudge.SUPERVISORS, self.channel_name)

    async def nudge(self, _: dict[str, Any]) -> None:
        self.scope["wake"]()


async def listen(wake: Callable[[], None]) -> None:
    """For ever. While the layer is away, the slow tick does."""
    while True:
        try:
            await SupervisorConsumer()({"type": "channel", "wake": wake}, _first_then_nothing(), _nowhere)
        except (OSError, RedisError) as error:
            logger.warning("nudges cannot be heard: %s", error)
        await asyncio.sleep(RETRY_SECONDS)


def _first_then_nothing() -> Callable[[], Any]:
    """Told once to begin; nobody else speaks to it but through the layer."""
    begun = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if begun.is_set():
            await asyncio.Future()
        begun.set()
        return {"type": "supervise"}

    return receive


async def _nowhere(_: dict[str, Any]) -> None:
    """There is nobody to answer."""
