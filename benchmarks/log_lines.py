"""Log lines from 1, 10 and 100 scripts: how many a second are stored and numbered.

The limit is what the bare Socket.IO server receives from the same senders without storing anything.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import bare, report
from .asking import Api
from .server import ROOT, Server, data_folder, served

LINES, SCRIPTS, ROUNDS = 60_000, (1, 10, 100), 3


def main() -> None:
    report.show("log_lines", measure)


def measure() -> report.Measured:
    results = []
    for scripts in SCRIPTS:
        stored, received = [], []
        for _ in range(ROUNDS):  # in turns, so that both meet the same moods of the machine
            received.append(_bare(scripts))
            stored.append(_ours(scripts))
        best, limit = max(stored), max(received)
        results.append(
            {
                "scripts": scripts,
                "stored_per_s": round(best),
                "bare_per_s": round(limit),
                "ratio": round(best / limit, 2),
            }
        )
    return report.Measured(results, {"bare_socketio": {"per_s": max(row["bare_per_s"] for row in results)}})


def _ours(scripts: int) -> float:
    each = LINES // scripts
    with data_folder() as folder, served(folder) as server:
        plugin = _queued(Api(server), scripts)
        with _senders(server.port, [plugin] * scripts, each) as begin:
            began = begin()
            ended = _when(lambda: _stored(server) >= each * scripts)
        _check(server, scripts, each)
    return each * scripts / (ended - began)


def _queued(api: Api, count: int) -> dict[str, Any]:
    """A plugin with so many sessions waiting."""
    plugin = api.plugin()
    project = api.project(plugin, assets=1)
    for _ in range(count):
        api.run(project, plugin)
    return plugin


def _bare(scripts: int) -> float:
    each = LINES // scripts
    with bare.bare_server() as port, _senders(port, [bare.PLUGIN] * scripts, each) as begin:
        began = begin()
        ended = _when(lambda: bare.count(port) >= each * scripts)
    return each * scripts / (ended - began)


@contextlib.contextmanager
def _senders(port: int, plugins: list[dict[str, Any]], each: int) -> Iterator[Callable[[], float]]:
    """A process with the senders, all connected; calling what it gives lets them go and tells when they did."""
    kept = [{name: plugin[name] for name in ("id", "secret")} for plugin in plugins]
    command = [sys.executable, "-m", "benchmarks.peers", str(port), json.dumps(kept), str(each)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        if process.stdout.readline().strip() != "READY":
            raise RuntimeError("the senders did not connect")

        def begin() -> float:
            process.stdin.write("go\n")
            process.stdin.flush()
            return float(process.stdout.readline().split()[0])

        yield begin
    finally:
        process.kill()
        process.wait()


def _when(is_done: Callable[[], bool]) -> float:
    """The time at which it is; RuntimeError after two minutes."""
    end = time.time() + 120
    while not is_done():
        if time.time() > end:
            raise RuntimeError("not all lines came")
        time.sleep(0.01)
    return time.time()


def _stored(server: Server) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=20)) as database:
        return int(database.execute("SELECT coalesce(sum(last), 0) FROM pluginhost_loghead").fetchone()[0])


def _check(server: Server, scripts: int, each: int) -> None:
    """A figure for lines that were lost, or numbered with gaps, would be none."""
    query = (
        "SELECT count(*), min(number), max(number), count(DISTINCT number) FROM pluginhost_logline GROUP BY session_id"
    )
    with contextlib.closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=20)) as database:
        found = database.execute(query).fetchall()
    if found != [(each, 1, each, each)] * scripts:
        raise RuntimeError(f"lines are missing: {found[:3]}")


if __name__ == "__main__":
    main()
