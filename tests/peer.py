"""Two scripts that speak the wire themselves, for what no real client would do: bare frames, and polling only."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from .server import Server
from .waiting import until

Json = Any
OPEN, PING, PONG, EVENT, JOINED = "0", "2", "3", "42/plugin,", "40/plugin,"
PROBE, UPGRADE = PING + "probe", "5"


class Peer:
    """One WebSocket to the gateway. Orders are kept and pings answered; everything else is up to the test."""

    def __init__(self, server: Server) -> None:
        self.orders: list[Json] = []
        self.said: list[str] = []
        self.is_open = True
        address = server.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._held = contextlib.ExitStack()
        opened = connect(address, max_size=None, open_timeout=20, close_timeout=1, ping_interval=None)
        self._socket = self._held.enter_context(opened)
        assert self._socket.recv(10).startswith(OPEN)
        self._socket.send(JOINED)
        assert self._socket.recv(10).startswith(JOINED)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            for frame in self._socket:
                self._take(str(frame))
        self.is_open = False

    def _take(self, frame: str) -> None:
        if frame == PING:
            self._socket.send(PONG)
        self.said.append(frame)
        name, payload = event_of(frame)
        if name == "plugin":
            self.orders.append(payload)

    def frame(self, text: str | bytes) -> None:
        self._socket.send(text)

    def emit(self, name: str, *payload: Json) -> None:
        self.frame(EVENT + json.dumps([name, *payload]))

    def heartbeat(self, plugin: Json, secret: str | None = None) -> None:
        self.emit("heartbeat", {"id": plugin["id"], "secret": secret or plugin["secret"]})

    def log(self, session: str, message: str, level: str = "INFO") -> None:
        self.emit("log", {"level": level, "session": session, "msg": message})

    def wait_order(self, count: int = 1) -> Json:
        """The newest order, once there are `count`."""
        until(lambda: len(self.orders) >= count, f"{count} orders to come")
        return self.orders[-1]

    def close(self) -> None:
        self._held.close()
        self._reader.join(10)


@contextlib.contextmanager
def peer_of(server: Server, plugin: Json | None = None, secret: str | None = None) -> Iterator[Peer]:
    """A peer that has said its heartbeat, if it got a plugin."""
    made = Peer(server)
    try:
        if plugin:
            made.heartbeat(plugin, secret)
        yield made
    finally:
        made.close()


def event_of(frame: str) -> tuple[str, Json]:
    """Name and payload of an event's frame, with or without the number of its acknowledgement."""
    if not frame.startswith(EVENT):
        return "", None
    name, *payload = json.loads(frame[frame.index("[") :])
    return name, payload[0] if payload else None


class PollingPeer:
    """One long-polling script, packet by packet: several packets may go in one request."""

    SEPARATOR = "\x1e"

    def __init__(self, server: Server) -> None:
        self._address = server.url + "/socket.io/?EIO=4&transport=polling"
        self._session = requests.Session()
        opened = self._session.get(self._address, timeout=20).text
        self._address += "&sid=" + json.loads(opened[1:])["sid"]
        self.post(JOINED)
        self.waiting: list[str] = []
        self.wait_for(JOINED)

    def post(self, *packets: str) -> None:
        answer = self._session.post(self._address, data=self.SEPARATOR.join(packets).encode(), timeout=60)
        assert (answer.status_code, answer.text.lower()) == (200, "ok")

    def wait_for(self, beginning: str) -> str:
        """The next packet that begins like this."""
        while True:
            for packet in self.waiting:
                if packet.startswith(beginning):
                    self.waiting.remove(packet)
                    return packet
            answer = self._session.get(self._address, timeout=60)
            assert answer.status_code == 200, answer.text
            packets = answer.text.split(self.SEPARATOR)
            if PING in packets:
                self.post(PONG)
            self.waiting += packets

    def wait_until_forgotten(self) -> None:
        """Until what it posts is answered 400, which tells a client to connect anew."""
        until(lambda: self._session.post(self._address, data=PONG, timeout=60).status_code == 400, "the end of it")

    @contextlib.contextmanager
    def go_over(self, *packets: str) -> Iterator[ClientConnection]:
        """Ask for a WebSocket in the place of polling. With `PROBE` and `UPGRADE` it takes the place."""
        address = self._address.replace("http", "ws", 1).replace("polling", "websocket")
        with connect(address, max_size=None, open_timeout=20, close_timeout=1, ping_interval=None) as opened:
            for packet in packets:
                opened.send(packet)
                if packet == PROBE:
                    assert opened.recv(10) == PONG + "probe"
            yield opened

    def event(self, name: str, payload: Json) -> str:
        return EVENT + json.dumps([name, payload])

    def close(self) -> None:
        self._session.close()
