"""What a benchmark prints: its results as JSON, with the limit measured in the same run and the machine."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """`results` is a table; `limit` is what the machine allowed in the same run."""

    results: list[Row]
    limit: Row


def show(name: str, measure: Callable[[], Measured]) -> None:
    """Run it and print one JSON object."""
    load = os.getloadavg()[0]
    json.dump(
        {"benchmark": name, **machine(), "load_before": round(load, 1), **asdict(measure())}, sys.stdout, indent=2
    )
    print()


def percentiles(seconds: Sequence[float]) -> Row:
    """In milliseconds."""
    ordered = sorted(seconds)
    at = {f"p{part}_ms": ordered[min(len(ordered) * part // 100, len(ordered) - 1)] * 1000 for part in (50, 90, 99)}
    return {name: round(value, 2) for name, value in at.items()}


def told(text: str) -> None:
    """How far it is, for whoever waits; the report alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def machine() -> Row:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} × {model}",
    }
