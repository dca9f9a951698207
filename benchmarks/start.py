"""From the command to the first page, and what memory is used when nobody asks anything.

`python -m benchmarks.start [times]`
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from . import report
from .asking import signed_in
from .report import Measured, told
from .server import ROOT, Server, data_folder

TIMES = 5
PAGE = "/sign-in/"
SETTLE_SECONDS = 8
VISITED = 30


def main() -> None:
    report.show("start", partial(_measure, int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))


def _measure(times: int) -> Measured:
    with data_folder() as folder:
        server = Server(folder, demo=1)
        try:
            results = [_first_start(server), _next_starts(server, times), _memory(server)]
        finally:
            server.stop()
    return Measured(results, {"imports_alone": _imports_alone(times)})


def _first_start(server: Server) -> dict[str, Any]:
    """It makes keys, tables, the admin and the demo."""
    seconds = server.start(PAGE)
    server.stop()
    return _row("first start to first page", [seconds])


def _next_starts(server: Server, times: int) -> dict[str, Any]:
    seconds = []
    for _ in range(times):
        seconds.append(server.start(PAGE))
        server.stop()
    return _row("start to first page", seconds)


def _memory(server: Server) -> dict[str, Any]:
    """When it has just begun, and once pages were asked for."""
    server.start(PAGE)
    time.sleep(SETTLE_SECONDS)  # the worker and beat begin in threads of their own
    idle = server.memory()
    visitor = signed_in(server)
    for _ in range(VISITED):
        for path in ("/projects/", "/plugins/", "/sessions/", "/healthz"):
            visitor.get(f"http://127.0.0.1:{server.port}{path}", timeout=60)
    used = server.memory()
    told(f"memory: web {idle['web']['rss']} MB, after {VISITED * 4} answers {used['web']['rss']} MB")
    return {"name": "memory in MB", "idle": idle, "after_some_pages": used}


def _imports_alone(times: int) -> dict[str, float]:
    """Python, and the libraries that every page needs: no start can be quicker."""
    loaded = "import django.template.loader, django.db.models, channels, socketio, uvicorn, celery"
    return {
        "python_s": _median_seconds([sys.executable, "-c", "pass"], times),
        "libraries_s": _median_seconds([sys.executable, "-c", loaded], times),
    }


def _median_seconds(command: list[str], times: int) -> float:
    def once() -> float:
        began = time.monotonic()
        subprocess.run(command, cwd=Path(ROOT), check=True)
        return time.monotonic() - began

    return round(statistics.median(once() for _ in range(times)), 2)


def _row(name: str, seconds: list[float]) -> dict[str, Any]:
    told(f"{name}: {statistics.median(seconds):.2f} s")
    return {"name": name, "median_s": round(statistics.median(seconds), 2), "least_s": round(min(seconds), 2)}


if __name__ == "__main__":
    main()
