"""What fifty managed scripts cost beside themselves: the supervisor, and the guard that each process has.

The limit is what the fifty processes take where nobody keeps them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import requests

from . import report
from .asking import Api
from .crowd import idle
from .server import Server, children_of, data_folder, memory_of, processor_seconds_of, served

SCRIPTS, SETTLE_S, MEASURED_S = 50, 5.0, 30.0
PATIENCE_S = 600.0
SOURCE = "import signal\nprint('here', flush=True)\nwhile True:\n    signal.pause()\n"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SCRIPTS
    report.show("supervision", partial(measure, count, SETTLE_S, MEASURED_S))


def measure(count: int, settle: float, seconds: float) -> report.Measured:
    with data_folder() as folder, served(folder, managed_scripts=1) as server:
        api = Api(server)
        plugins = [_kept(api, number) for number in range(count)]
        before = _supervisor(server, seconds)
        for plugin in plugins:
            api.ask("POST", f"/api/v1/plugins/{plugin}/script/start")
        first = _until(lambda: _running(server) == count)
        report.told(f"{count} scripts run after {first:.1f} s, their environments made")
        time.sleep(settle)
        with_all = _supervisor(server, seconds)
        again = _killed(server, count)
    results = [
        {"scripts": 0, **before},
        {"scripts": count, **with_all},
        {"scripts": count, "all_run_first_s": round(first, 1), "all_run_after_kill_9_s": round(again, 1)},
    ]
    return report.Measured(results, _alone(count))


def _kept(api: Api, number: int) -> str:
    """A plugin with a managed script that is not started yet."""
    plugin = api.plugin(f"Kept {number}")["id"]
    address = f"{api.base}/api/v1/plugins/{plugin}/script/versions"
    answer = requests.post(address, data=SOURCE, headers={"apikey": api.key}, timeout=60)
    if not answer.ok:
        raise RuntimeError(f"{address}: {answer.status_code} {answer.text[:300]}")
    return str(plugin)


def _guards(server: Server) -> list[int]:
    return children_of(server.processes()["supervise"])


def _running(server: Server) -> int:
    """Scripts whose process is there: a child of its guard."""
    return sum(_is_steady(child) for guard in _guards(server) for child in _children(guard))


def _children(pid: int) -> list[int]:
    try:
        return children_of(pid)
    except OSError:
        return []


def _is_steady(pid: int) -> bool:
    """The script, and not what makes its environment."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"script.py" in file.read()
    except OSError:
        return False


def _supervisor(server: Server, seconds: float) -> dict[str, Any]:
    guards = _guards(server)
    used = sum(map(processor_seconds_of, guards))
    memory, percent = idle(server.processes()["supervise"], seconds)
    of_guards = 100 * (sum(map(processor_seconds_of, guards)) - used) / seconds
    sizes = [memory_of(guard)["pss"] for guard in guards]
    return {
        "supervisor_mb": round(memory, 1),
        "supervisor_cpu_percent": round(percent, 2),
        "guard_mb_each": round(sum(sizes) / len(sizes), 2) if sizes else 0.0,
        "guards_cpu_percent": round(of_guards, 2),
    }


def _killed(server: Server, count: int) -> float:
    """The supervisor is killed, and with it all scripts; how long until the next has all of them running."""
    before = server.processes()["supervise"]
    os.kill(before, signal.SIGKILL)
    return _until(lambda: server.processes().get("supervise") != before and _running(server) == count)


def _until(condition: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not _is_so(condition):
        if time.monotonic() - began > PATIENCE_S:
            raise RuntimeError("the scripts did not run in time")
        time.sleep(0.1)
    return time.monotonic() - began


def _is_so(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except (OSError, KeyError):  # a process that has just ended
        return False


def _alone(count: int) -> report.Row:
    processes = [
        subprocess.Popen([sys.executable, "-c", SOURCE], stdout=subprocess.DEVNULL) for _ in range(min(count, 10))
    ]
    try:
        time.sleep(2)
        sizes = [memory_of(process.pid)["pss"] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return {"script_mb_each_alone": round(sum(sizes) / len(sizes), 2)}


if __name__ == "__main__":
    main()
