"""From a script's log line to the browser that watches it, while lines come at 1,000, 2,000 and 8,000 a second.

The watcher speaks the page's own protocol: frames with lines over the WebSocket, and what a frame leaves out is read
over HTTP. The limit is the bare Socket.IO server, which passes the lines on every 20 ms and stores nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from . import bare, report
from .asking import Api, signed_in
from .server import ROOT, Server, data_folder, served

RATES, SECONDS = (1_000, 2_000, 8_000), 10


def main() -> None:
    report.show("line_to_browser", measure)


def measure() -> report.Measured:
    results = [_ours(rate) for rate in RATES]
    limits = [_bare(rate) for rate in RATES]
    for row, limit in zip(results, limits, strict=True):
        row["ratio_p99"] = round(row["p99_ms"] / limit["p99_ms"], 2)
    return report.Measured(results, {"bare_socketio_" + str(limit.pop("lines_per_s")): limit for limit in limits})


def _ours(rate: int) -> dict[str, Any]:
    with data_folder() as folder, served(folder) as server:
        return seen(server, rate)


def seen(server: Server, rate: int) -> dict[str, Any]:
    """What it takes on this server for ten seconds; RuntimeError for a line that is not stored or not seen."""
    api = Api(server)
    plugin = api.plugin("Talker")
    session = api.run(api.project(plugin), plugin)
    browser = signed_in(server)
    cookie = {"Cookie": f"sessionid={browser.cookies['sessionid']}", "Origin": api.base}
    with connect(f"ws://127.0.0.1:{server.port}/ws/sessions/{session['id']}/", additional_headers=cookie) as socket:
        watcher = Watcher(socket, lambda after: _fetched(browser, api.base, session["id"], after))
        found = _watched(watcher, server.port, plugin, rate)
    stored = api.ask("GET", f"/api/v1/sessions/{session['id']}")["log_lines"]
    if stored != rate * SECONDS:
        raise RuntimeError(f"{stored} of {rate * SECONDS} lines are stored")
    return found | {"stored": stored}


def _bare(rate: int) -> dict[str, Any]:
    with bare.bare_server() as port, connect(f"ws://127.0.0.1:{port}/ws/") as socket:
        return _watched(Watcher(socket, lambda after: []), port, bare.PLUGIN, rate)


def _fetched(browser: requests.Session, base: str, session: int, after: int) -> list[dict[str, Any]]:
    query = {"after": after, "limit": 500, "total": "no"}
    return list(browser.get(f"{base}/sessions/{session}/log/", params=query, timeout=60).json()["lines"])


class Watcher:
    """Reads until it has the last line; keeps how long each line took. RuntimeError for a line that never came."""

    def __init__(self, socket: ClientConnection, fetch: Callable[[int], list[dict[str, Any]]]) -> None:
        self._socket, self._fetch = socket, fetch
        self.took: list[float] = []
        self.last = 0

    def watch(self, count: int) -> None:
        while self.last < count:
            body = json.loads(self._socket.recv(30))
            self._see(body.get("lines") or [])
            while self.last < body.get("last", 0):
                lines = self._fetch(self.last)
                if not lines:
                    break
                self._see(lines)

    def _see(self, lines: list[dict[str, Any]]) -> None:
        now = time.time()
        for line in lines:
            if line["number"] > self.last:
                if line["number"] != self.last + 1:
                    raise RuntimeError(f"line {self.last + 1} was skipped")
                self.last = line["number"]
                self.took.append(now - float(line["message"].split()[0]))


def _watched(watcher: Watcher, port: int, plugin: dict[str, Any], rate: int) -> dict[str, Any]:
    kept = {name: plugin[name] for name in ("id", "secret")}
    command = [sys.executable, "-m", "benchmarks.talking", str(port), json.dumps(kept), str(rate), str(SECONDS)]
    sender = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    watching = threading.Thread(target=watcher.watch, args=[rate * SECONDS])
    watching.start()
    watching.join(SECONDS + 60)
    sender.kill()
    sender.wait()
    if watching.is_alive() or watcher.last < rate * SECONDS:
        raise RuntimeError(f"{watcher.last} of {rate * SECONDS} lines came")
    took = report.percentiles(watcher.took)
    return {"lines_per_s": rate, "lines": len(watcher.took), "lost": rate * SECONDS - len(watcher.took), **took}


if __name__ == "__main__":
    main()
