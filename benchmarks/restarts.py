"""Two hundred scripts, each with a session open, over ten kills of the serving process and ten hand-overs.

The proof of tests/test_story_crowd.py, with figures: real clients of both generations, ours, and stand-ins. It ends
with an error when a script's program ends, a silent session is lost, or a log is not as it should be.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path

from tests.crowd import HAND_OVER, KILL, Crowd
from tests.crowd_checks import check
from tests.server import Server
from tests.server import served as served_for_tests

from . import report

SIZES = {"real": 10, "own": 10, "standins": 170}
TIMES = 10


def main() -> None:
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    sizes = {name: max(1, round(size * share)) for name, size in SIZES.items()}
    report.show("restarts", lambda: _quietly(sizes, max(1, round(TIMES * share))))


def _quietly(sizes: dict[str, int], times: int) -> report.Measured:
    """What the scripts have printed is shown when they are stopped; only the report goes to standard output."""
    with contextlib.redirect_stdout(sys.stderr):
        return measure(sizes, times)


def measure(sizes: dict[str, int], times: int) -> report.Measured:
    with tempfile.TemporaryDirectory(prefix="pluginhost-restarts-") as name:
        folder = Path(name)
        Server.shared = folder
        (folder / "server").mkdir()
        with served_for_tests(folder / "server", sweep_seconds=1) as server:
            crowd = Crowd(server, folder, **sizes)
            try:
                results = [_phase(crowd, how, times) for how in (HAND_OVER, KILL)]
                told = crowd.standins_told()
            finally:
                crowd.close()
    reconnects = sum(one["reconnects"] for one in told)
    slowest = max(one["longest_wait_s"] for one in told)
    limit = {"of_the_clients_5_s": {"reconnects_of_stand_ins": reconnects, "slowest_reconnect_s": round(slowest, 2)}}
    return report.Measured(results, limit)


def _phase(crowd: Crowd, how: str, times: int) -> report.Row:
    crowd.run_all()
    before, took = [], []
    for number in range(times):
        seen, seconds = crowd.restart(how)
        before.append(seen)
        took.append(seconds)
        report.told(f"{how} {number + 1}: everybody back after {seconds:.2f} s")
    began = time.monotonic()
    after = crowd.finish()
    ended = check(crowd, how, before, after)
    report.told(f"{how}: {ended}, all ended after {time.monotonic() - began:.1f} s")
    lines = sum(map(len, after.lines.values()))
    sizes = {"how": how, "times": times, "scripts": len(crowd.members), "lines": lines}
    return {**sizes, "slowest_back_s": round(max(took), 2), "programs_ended": 0, "ended": ended}


if __name__ == "__main__":
    main()
