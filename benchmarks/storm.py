"""`python -m benchmarks.storm <port>`: a thousand scripts and more in one process, each with a WebSocket that is opened
once more, at once, whenever it breaks, as published clients from 1.1.6 on do it.

Reads plugins from standard input (JSON: a list of `id`, `secret`), prints READY, and for each line on standard input a
JSON report: how many are here, who has ended, when lines broke and were back, how long each waited for the namespace.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from typing import Any

from .peers import EVENT, JOINED, frame

CONNECT_S, NAMESPACE_S, HEARTBEAT_S = 5.0, 1.0, 60.0
AT_ONCE = 50
"""So many open their first connection at once; after a break everybody comes at the same moment."""
_UPGRADE = (
    "GET /socket.io/?transport=websocket&EIO=4 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
Json = Any


class Crowd:
    def __init__(self, port: int) -> None:
        self._port = port
        self._few = asyncio.Semaphore(AT_ONCE)
        self.here = 0
        self.ended: list[str] = []
        self.gone_at: list[float] = []
        self.back_at: list[float] = []
        self.waits: list[float] = []
        self._writers: dict[int, tuple[asyncio.StreamWriter, bytes]] = {}

    async def live(self, plugin: Json) -> None:
        """One script, until a reconnect fails."""
        async with self._few:
            reader, writer = await self._connect(plugin)
        while True:
            self.here += 1
            await self._listen(reader, writer)
            writer.close()
            self.here -= 1
            self.gone_at.append(time.time())
            try:
                reader, writer = await self._connect(plugin)
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self.ended.append(f"{type(error).__name__} {error}")
                return
            self.back_at.append(time.time())

    async def _connect(self, plugin: Json) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(_UPGRADE.format(port=self._port).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise OSError(f"no WebSocket: {head[:60]!r}")
            await _text(reader)
        asked = time.perf_counter()
        async with asyncio.timeout(NAMESPACE_S):
            writer.write(frame(JOINED))
            while not (await _text(reader)).startswith(JOINED):
                pass
        self.waits.append(time.perf_counter() - asked)
        heartbeat = frame(EVENT + json.dumps(["heartbeat", {"id": plugin["id"], "secret": plugin["secret"]}]))
        writer.write(heartbeat)
        self._writers[plugin["number"]] = writer, heartbeat
        return reader, writer

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                text = await _text(reader)
                if text == "2":
                    writer.write(frame("3"))
                elif text.startswith(EVENT) and (number := text[len(EVENT) :].partition("[")[0]):
                    writer.write(frame(f"43/plugin,{number}[]"))

    async def beat(self) -> None:
        """Each says its heartbeat once a minute, as the clients do; they began one after the other."""
        while self._writers:
            for number, (writer, heartbeat) in list(self._writers.items()):
                await asyncio.sleep(HEARTBEAT_S / len(self._writers))
                if number in self._writers and not writer.is_closing():
                    writer.write(heartbeat)

    def report(self) -> Json:
        told = {"here": self.here, "ended": self.ended, "waits": self.waits}
        told |= {"gone_at": self.gone_at, "back_at": self.back_at}
        self.ended, self.waits, self.gone_at, self.back_at = [], [], [], []
        return told


async def _text(reader: asyncio.StreamReader) -> str:
    _, size = await reader.readexactly(2)
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    return (await reader.readexactly(size)).decode()


async def _main(port: int) -> None:
    loop = asyncio.get_running_loop()
    crowd = Crowd(port)
    given = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    plugins = [{**plugin, "number": number} for number, plugin in enumerate(given)]
    lives = [asyncio.ensure_future(crowd.live(plugin)) for plugin in plugins]
    while crowd.here < len(lives):
        await asyncio.sleep(0.1)
        for life in lives:
            if life.done():
                life.result()
    beating = asyncio.ensure_future(crowd.beat())
    print("READY", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(crowd.report()), flush=True)
    beating.cancel()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
