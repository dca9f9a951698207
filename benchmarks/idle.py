"""What connected scripts cost while nothing happens: heartbeats each minute, pings and probes go on.

The limit is the bare Socket.IO server with the same crowd, which only pings.
"""

from __future__ import annotations

import sys
import time

from . import report
from .asking import Api
from .crowd import bare_idle, crowd_at, idle, plugins_on
from .server import data_folder, memory_of, served

SCRIPTS = (1_000, 3_000)
SETTLE_S, MEASURED_S = 20.0, 60.0
"""A minute holds a heartbeat of each, two pings and four probes."""


def main() -> None:
    scripts = tuple(map(int, sys.argv[1:])) or SCRIPTS
    report.show("idle", lambda: measure(scripts, SETTLE_S, MEASURED_S))


def measure(scripts: tuple[int, ...], settle: float, seconds: float) -> report.Measured:
    results = [_ours(count, settle, seconds) for count in scripts]
    limits = {f"bare_socketio_{count}": bare_idle(count, settle, seconds) for count in scripts}
    for row in results:
        report.told(f"{row['scripts']} scripts: {row['kb_each']} KB each, {row['cpu_percent']} % of a processor")
    return report.Measured(results, limits)


def _ours(count: int, settle: float, seconds: float) -> report.Row:
    with data_folder() as folder, served(folder) as server:
        plugins = plugins_on(server, Api(server).plugin(), count)
        time.sleep(settle)
        web = server.processes()["web"]
        before, alone = memory_of(web)["pss"], idle(web, seconds / 4)[1]
        with crowd_at(server.port, plugins):
            time.sleep(settle)
            memory, percent = idle(web, seconds)
    each = round((memory - before) * 1024 / count, 1)
    return {
        "scripts": count,
        "kb_each": each,
        "cpu_percent": round(percent, 2),
        "cpu_percent_without": round(alone, 2),
    }


if __name__ == "__main__":
    main()
