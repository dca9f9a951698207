"""What the machine allows: python-socketio on uvicorn, storing nothing, checking nothing.

`python -m benchmarks.bare <port>` serves three things: Socket.IO's `/plugin`, which gives an order to whoever greets,
counts log events, and passes them on every 20 ms to whoever listens at `/ws/`; `/count`, how many came; and `/run`,
which gives every script an order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import socketio
import uvicorn

from .server import ROOT, free_port

GATHER_S = 0.02
ORDER = {"session": "x" * 24}
PLUGIN = {"id": "", "secret": ""}

sio = socketio.AsyncServer(async_mode="asgi", async_handlers=False, cors_allowed_origins=[], max_http_buffer_size=2**25)


class Bare:
    count = 0
    gathered: list[Any] = []
    came = asyncio.Event()


@sio.on("log", namespace="/plugin")  # type: ignore[untyped-decorator]
async def log(sid: str, event: Any) -> None:
    Bare.count += 1
    Bare.gathered.append({"number": Bare.count, "message": event["msg"]})
    Bare.came.set()


@sio.on("heartbeat", namespace="/plugin")  # type: ignore[untyped-decorator]
async def heartbeat(sid: str, event: Any) -> None:
    await sio.emit("plugin", ORDER, to=sid, namespace="/plugin")


async def others(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _watch(receive, send)
    elif scope["type"] == "http":
        if scope["path"] == "/run":
            await sio.emit("plugin", ORDER, namespace="/plugin")
        body = json.dumps({"count": Bare.count}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


async def _watch(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    with contextlib.suppress(Exception):
        while True:
            await Bare.came.wait()
            await asyncio.sleep(GATHER_S)
            lines, Bare.gathered = Bare.gathered, []
            Bare.came.clear()
            await send({"type": "websocket.send", "text": json.dumps({"lines": lines})})


@contextlib.contextmanager
def bare_server() -> Iterator[int]:
    """One in a process of its own; gives its port."""
    with bare_process() as (port, _):
        yield port


@contextlib.contextmanager
def bare_process() -> Iterator[tuple[int, int]]:
    """Its port, and the process's id."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare", str(port)], cwd=ROOT)
    try:
        for _ in range(500):
            with contextlib.suppress(OSError):
                count(port)
                break
            time.sleep(0.02)
        yield port, process.pid
    finally:
        process.kill()  # asked to end, it would wait for whoever still listens
        process.wait()


def count(port: int) -> int:
    """How many log events the bare server has received."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=10) as answer:
        return int(json.load(answer)["count"])


if __name__ == "__main__":
    application = socketio.ASGIApp(sio, others)
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        ws="websockets-sansio",
        ws_ping_interval=None,
    )
