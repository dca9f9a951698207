"""Many scripts that are connected: how soon they are back after the server went away, and what they cost while idle.

All in one process of their own; each has a plugin of its own. The limit is what the bare Socket.IO server costs for the
same crowd, which keeps nothing of its scripts.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from . import bare, report
from .filling import copies, database, uid
from .server import ROOT, Server, memory_of, processor_seconds_of

Json = Any
PATIENCE_S = 120.0


class Crowd:
    """The senders' process, from outside."""

    def __init__(self, port: int, plugins: list[Json]) -> None:
        self.count = len(plugins)
        command = [sys.executable, "-m", "benchmarks.storm", str(port)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._say(json.dumps(plugins))
        if self._hear() != "READY":
            raise RuntimeError("the crowd could not connect")

    def _say(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def report(self) -> Json:
        self._say("report")
        return json.loads(self._hear())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def crowd_at(port: int, plugins: list[Json]) -> Iterator[Crowd]:
    crowd = Crowd(port, plugins)
    try:
        yield crowd
    finally:
        crowd.close()


def plugins_on(server: Server, plugin: Json, count: int) -> list[Json]:
    """So many with the secret of this one, which came through the door."""
    with database(server.database) as opened:
        (pattern,) = opened.execute("SELECT id FROM pluginhost_plugin WHERE uid = ?", (plugin["id"],)).fetchone()
        newest = opened.execute("SELECT max(id) FROM pluginhost_plugin").fetchone()[0]
        own = {"id": f"{newest} + n", "uid": uid(f"{newest} + n"), "name": "printf('Plugin %05d', n)"}
        copies(opened, "pluginhost_plugin", pattern, 1, count - 1, own)
        rows = opened.execute("SELECT uid FROM pluginhost_plugin ORDER BY id DESC LIMIT ?", (count,)).fetchall()
    return [{"id": plugin_uid, "secret": plugin["secret"]} for (plugin_uid,) in rows]


def storm(server: Server, crowd: Crowd, how: str) -> report.Row:
    """The server goes away by `how`; RuntimeError for who did not come back. Times count from the first broken line."""
    crowd.report()
    newest = _asked(server, "SELECT max(id) FROM pluginhost_connection")
    patience = time.monotonic() + PATIENCE_S
    if how == "kill -9":
        os.kill(server.processes()["web"], signal.SIGKILL)
    else:
        server.signal(signal.SIGHUP)
    gone: list[float] = []
    back: list[float] = []
    waits: list[float] = []
    while len(back) < crowd.count:
        time.sleep(0.2)
        told = crowd.report()
        gone += told["gone_at"]
        back += told["back_at"]
        waits += told["waits"]
        if told["ended"] or time.monotonic() > patience:
            raise RuntimeError(f"{len(back)} of {crowd.count} came back; ended: {told['ended'][:5]}")
    while _asked(server, f"SELECT count(*) FROM pluginhost_connection WHERE id > {newest} AND state = 'open'") < len(
        back
    ):
        time.sleep(0.05)
    let_in = time.time() - min(gone)
    first, last = min(back) - min(gone), max(back) - min(gone)
    report.told(f"{how}: all {crowd.count} back after {last:.2f} s")
    row = {"scripts": crowd.count, "how": how, "first_back_s": round(first, 2), "all_back_s": round(last, 2)}
    row |= {"all_let_in_s": round(let_in, 2)}
    slowest = {"slowest_namespace_ms": round(max(waits) * 1000, 1), "ended": 0}
    return {**row, **slowest}


def _asked(server: Server, query: str) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=20)) as opened:
        return int(opened.execute(query).fetchone()[0])


def idle(pid: int, seconds: float) -> tuple[float, float]:
    """What a process has in memory (MB, its own share) and uses of one processor (percent) while nothing happens."""
    used = processor_seconds_of(pid)
    time.sleep(seconds)
    return memory_of(pid)["pss"], 100 * (processor_seconds_of(pid) - used) / seconds


def bare_idle(count: int, settle: float, seconds: float) -> report.Row:
    with bare.bare_process() as (port, pid):
        before = memory_of(pid)["pss"]
        with crowd_at(port, [bare.PLUGIN] * count):
            time.sleep(settle)
            memory, percent = idle(pid, seconds)
    return {"scripts": count, "kb_each": round((memory - before) * 1024 / count, 1), "cpu_percent": round(percent, 2)}
