"""Many scripts in one process, as the server sees published clients from 1.1.6 on: raw WebSockets that come back once,
at once, and whose program ends when that fails; a word said while the line is down ends the callback.

`python -m tests.standins <port>` reads from standard input: JSON, a list of plugins with `id`, `secret` and `kind`;
then the words `go` (the callbacks return) and `report` (what became of each, as JSON on standard output).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from typing import Any

NAMESPACE, EVENT = "40/plugin,", "42/plugin,"
CONNECT_S, NAMESPACE_S, HEARTBEAT_S = 5.0, 1.0, 60.0
PAUSES = {"silent": 0.0, "talking": 0.25, "slow": 4.0, "careful": 0.25}
_UPGRADE = (
    "GET /socket.io/?transport=websocket&EIO=4 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_AWAY = (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError)
Json = Any


class LineIsDownError(Exception):
    """What the client's `emit` raises while it is not in the namespace."""


class StandIn:
    def __init__(self, port: int, plugin: Json) -> None:
        self._port, self.plugin, self.kind = port, plugin, plugin["kind"]
        self._writer: asyncio.StreamWriter | None = None
        self._is_joined = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.go = asyncio.Event()
        self.end = ""  # why its program has ended; it never should
        self.reconnects = 0
        self.longest_wait_s = 0.0
        self.runs: list[Json] = []

    async def live(self) -> None:
        """The client's `run`: connect; whenever the line breaks, connect once more, at once."""
        self._begin(self._beat())
        while not self.end:
            began = asyncio.get_running_loop().time()
            try:
                reader = await self._connect()
            except _AWAY as error:
                self.end = f"exit status 1: {type(error).__name__} {error}"
                return
            if self.reconnects:
                self.longest_wait_s = max(self.longest_wait_s, asyncio.get_running_loop().time() - began)
            await self._listen(reader)
            self._is_joined = False
            self.reconnects += 1

    def _begin(self, task: Any) -> None:
        begun = asyncio.ensure_future(task)
        self._tasks.add(begun)
        begun.add_done_callback(self._tasks.discard)

    async def _connect(self) -> asyncio.StreamReader:
        async with asyncio.timeout(CONNECT_S):
            reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
            self._writer.write(_UPGRADE.format(port=self._port).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise OSError(f"no WebSocket: {head[:100]!r}")
            await _frame(reader)  # Engine.IO's greeting
        async with asyncio.timeout(NAMESPACE_S):
            self._writer.write(frame(NAMESPACE))
            while not (await _frame(reader)).startswith(NAMESPACE):
                pass
        self._is_joined = True
        self.emit("heartbeat", {"id": self.plugin["id"], "secret": self.plugin["secret"]})
        return reader

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(*_AWAY):
            while True:
                text = await _frame(reader)
                if text == "2":
                    self._write("3")
                elif text.startswith(EVENT):
                    number, _, rest = text[len(EVENT) :].partition("[")
                    name, *values = json.loads(f"[{rest}")
                    self._begin(self._obey(name, values, number))
        if self._writer is not None:
            self._writer.close()

    async def _obey(self, name: str, values: list[Json], number: str) -> None:
        if name == "plugin":
            run = {"session": values[0]["session"], "said": 0, "raised": "", "returned": False}
            self.runs.append(run)
            try:
                await self._call_back(run)
                self.emit("response", {"response": f"said {run['said']}", "session": run["session"]})
                run["returned"] = True
            except LineIsDownError as error:
                run["raised"] = str(error)
                return
        if number and self._is_joined:
            self._write(f"43/plugin,{number}[]")

    async def _call_back(self, run: Json) -> None:
        go, pause = self.go, PAUSES[self.kind]
        while not go.is_set():
            if pause:
                await self._say(run)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(go.wait(), pause or None)

    async def _say(self, run: Json) -> None:
        line = {"level": "INFO", "session": run["session"], "msg": f"line {run['said'] + 1}"}
        while True:
            try:
                self.emit("log", line)
                run["said"] += 1
                return
            except LineIsDownError:
                if self.kind != "careful":  # its author knows that the line may be down, and says it again
                    raise
                await asyncio.sleep(0.02)

    async def _beat(self) -> None:
        """Each minute since it was made; one that falls into the gap ends the program, as it does the client's."""
        while not self.end:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                self.emit("heartbeat", {"id": self.plugin["id"], "secret": self.plugin["secret"]})
            except LineIsDownError:
                self.end = "exit status 1: a heartbeat fell into the gap"
                self._writer and self._writer.close()

    def emit(self, name: str, payload: Json) -> None:
        if not self._is_joined:
            raise LineIsDownError("/plugin is not a connected namespace.")
        self._write(EVENT + json.dumps([name, payload]))

    def _write(self, text: str) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frame(text))

    def told(self) -> Json:
        kept = ("kind", "end", "reconnects", "longest_wait_s", "runs")
        return {"plugin": self.plugin["id"], **{name: getattr(self, name) for name in kept}}


def frame(text: str) -> bytes:
    """A masked text frame; the mask is 0, which leaves the text as it is."""
    payload = text.encode()
    size = len(payload)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    return head + b"\0\0\0\0" + payload


async def _frame(reader: asyncio.StreamReader) -> str:
    """The next text frame; EOFError at a CLOSE."""
    first, size = await reader.readexactly(2)
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    payload = await reader.readexactly(size)
    if first & 15 == 8:
        raise EOFError("closed")
    return payload.decode()


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    crowd: list[StandIn] = []
    lives = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        word = line.strip()
        if word == "go":
            for one in crowd:
                one.go.set()
                one.go = asyncio.Event()  # the next run waits for the next word
        elif word == "report":
            sys.stdout.write(json.dumps([one.told() for one in crowd]) + "\n")
            sys.stdout.flush()
        else:
            fresh = [StandIn(port, plugin) for plugin in json.loads(word)]
            crowd += fresh
            for one in fresh:
                lives.append(asyncio.ensure_future(one.live()))
                await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
