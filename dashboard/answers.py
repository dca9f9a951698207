"""Refusals given before Django is asked."""

from __future__ import annotations

import asyncio
import json

from pluginhost.errors import PluginhostError, TooMany

from .asgi_types import Receive, Scope, Send

LINGER_SECONDS = 10


async def refuse(scope: Scope, receive: Receive, send: Send, error: PluginhostError) -> None:
    """Our error as JSON. A WebSocket is closed before it is open, which the client sees as 403."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
        return
    body = json.dumps({"status": "error", "message": error.sentence}, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    if isinstance(error, TooMany):
        headers.append((b"retry-after", str(error.retry_after).encode()))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await _linger(receive)
    await send({"type": "http.response.body", "body": b""})


async def _linger(receive: Receive) -> None:
    """Let a sender finish for a while: to one that is cut off in the middle of its body the answer is lost."""
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        pass
