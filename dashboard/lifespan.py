"""The outermost layer: it answers the server's lifespan itself, since Channels' router knows no such thing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from .asgi_types import Application, Receive, Scope, Send

logger = logging.getLogger(__name__)
Step = Callable[[], Awaitable[None]]


class Lifespan:
    def __init__(self, application: Application, *, on_startup: Step, on_shutdown: Step) -> None:
        self._application = application
        self._steps = {"lifespan.startup": on_startup, "lifespan.shutdown": on_shutdown}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        step = ""
        while step != "lifespan.shutdown":
            step = (await receive())["type"]
            await self._take(step, send)

    async def _take(self, step: str, send: Send) -> None:
        try:
            await self._steps[step]()
        except Exception as error:  # the server must hear of it, whatever it was
            logger.exception("%s failed", step)
            await send({"type": f"{step}.failed", "message": str(error)})
        else:
            await send({"type": f"{step}.complete"})
