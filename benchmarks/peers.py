"""Scripts that cost next to nothing: raw WebSockets whose frames are made before the clock starts.

The public client takes 27 to 60 µs for a line, the server as much: to measure it, the sender must be cheap.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from typing import Any

Json = Any
JOINED, EVENT = "40/plugin,", "42/plugin,"
_UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


class Peer:
    """One Socket.IO client in the namespace `/plugin`, for one thread."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._waiting = b""
        self._upgrade(port)
        self.wait_for("0")
        self.send(frame(JOINED))
        self.wait_for(JOINED)

    def _upgrade(self, port: int) -> None:
        request = ["GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", f"Host: 127.0.0.1:{port}", *_UPGRADE, "", ""]
        self._socket.sendall("\r\n".join(request).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._socket.recv(1)
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"no WebSocket: {head[:200]!r}")

    def send(self, frames: bytes) -> None:
        self._socket.sendall(frames)

    def emit(self, name: str, payload: Json) -> None:
        self.send(frame(EVENT + json.dumps([name, payload])))

    def greet(self, plugin: Json) -> None:
        self.emit("heartbeat", {"id": plugin["id"], "secret": plugin["secret"]})

    def wait_for_order(self) -> Json:
        """The next order; pings are answered meanwhile."""
        text = self.wait_for(EVENT)
        return json.loads(text[text.index("[") :])[1]

    def wait_for(self, beginning: str) -> str:
        while True:
            text = self._frame()
            if text == "2":
                self.send(frame("3"))
            if text.startswith(beginning):
                return text

    def _frame(self) -> str:
        """The next text frame; a server's frames are not masked."""
        head = self._read(2)
        size = head[1] & 127
        if size > 125:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        return self._read(size).decode()

    def _read(self, count: int) -> bytes:
        while len(self._waiting) < count:
            part = self._socket.recv(1 << 16)
            if not part:
                raise RuntimeError("the server closed the connection")
            self._waiting += part
        read, self._waiting = self._waiting[:count], self._waiting[count:]
        return read

    def close(self) -> None:
        self._socket.close()


def frame(text: str) -> bytes:
    """A masked text frame as clients must send it; the mask is 0, which leaves the text as it is."""
    payload = text.encode()
    size = len(payload)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


def log_frames(
    session: str, first: int, count: int, message: str = "line {number} of a log that somebody reads"
) -> bytes:
    """`count` log events, one after the other."""
    return b"".join(
        frame(EVENT + json.dumps(["log", log_event(session, message.format(number=number))]))
        for number in range(first, first + count)
    )


def log_event(session: str, message: str) -> Json:
    """As the public client sends it."""
    owner = "6".zfill(24)
    return {
        "level": "INFO",
        "organization": owner,
        "pluginId": owner,
        "runBy": owner,
        "session": session,
        "msg": message,
    }


def main() -> None:
    """`python -m benchmarks.peers <port> <plugins as JSON> <lines each>`: a process of its own that only sends.

    Prints READY, waits for a line on standard input, sends everything, prints the time at which it began.
    """
    port, plugins, lines = int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
    peers = [Peer(port) for _ in plugins]
    for peer, plugin in zip(peers, plugins, strict=True):
        peer.greet(plugin)
    orders = [peer.wait_for_order() for peer in peers]
    chunks = [[log_frames(order["session"], first, 50) for first in range(1, lines + 1, 50)] for order in orders]
    print("READY", flush=True)
    sys.stdin.readline()
    print(time.time(), flush=True)
    for turn in range(len(chunks[0])):
        for peer, parts in zip(peers, chunks, strict=True):
            peer.send(parts[turn])
    sys.stdin.readline()


if __name__ == "__main__":
    main()
