"""A thousand scripts lose their server at the same moment and are back: after `kill -9`, and after a hand-over.

A published client waits one second for the namespace and ends when that is over, so none may wait as long. The limit is
how long the same crowd takes to come in one after the other, each as soon as there is room.
"""

from __future__ import annotations

import sys
import time

from . import report
from .asking import Api
from .crowd import Crowd, crowd_at, plugins_on, storm
from .server import data_folder, served

SCRIPTS, ROUNDS = 1_000, 3


def main() -> None:
    scripts = int(sys.argv[1]) if len(sys.argv) > 1 else SCRIPTS
    report.show("reconnects", lambda: measure(scripts, ROUNDS))


def measure(scripts: int, rounds: int) -> report.Measured:
    with data_folder() as folder, served(folder) as server:
        plugins = plugins_on(server, Api(server).plugin(), scripts)
        began = time.monotonic()
        with crowd_at(server.port, plugins) as crowd:
            first = time.monotonic() - began
            results = [_worst([storm(server, crowd, how) for _ in range(rounds)]) for how in ("kill -9", "SIGHUP")]
            _check(crowd, scripts)
    return report.Measured(results, {"first connect": {"scripts": scripts, "all_there_s": round(first, 2)}})


def _worst(rows: list[report.Row]) -> report.Row:
    """Of several rounds the slowest of each."""
    return {name: max(row[name] for row in rows) for name in rows[0]}


def _check(crowd: Crowd, scripts: int) -> None:
    told = crowd.report()
    if told["here"] != scripts:
        raise RuntimeError(f"{told['here']} of {scripts} scripts are here")


if __name__ == "__main__":
    main()
