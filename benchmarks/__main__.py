"""All benchmarks, one after the other, and their results written into docs/performance.md.

`python -m benchmarks [name …]` (or `make benchmarks`); named ones alone replace their own part of the results.
"""

from __future__ import annotations

import json
import subprocess
import sys

from .report import told
from .server import ROOT
from .tables import written

OURS = (
    "log_lines", "line_to_browser", "claims", "imports", "pages", "admin", "start", "reconnects", "idle",
    "supervision", "restarts",
)  # fmt: skip
RESULTS = ROOT / "docs" / "performance.md"
KEPT = ROOT / ".cache" / "benchmarks"


def main() -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or OURS:
        told(f"--- {name}")
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        report = json.loads(done.stdout)
        (KEPT / f"{name}.json").write_text(json.dumps(report, indent=2))
        RESULTS.write_text(written(RESULTS.read_text(), report))
    told(f"written to {RESULTS.relative_to(ROOT)}; the JSON is in {KEPT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
