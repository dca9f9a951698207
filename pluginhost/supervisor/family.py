"""Processes below this one, as the kernel knows them. Plain Python."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def descendants(of: int = 0) -> list[int]:
    """All processes below this one that live."""
    found: list[int] = []
    for child in children(of or os.getpid()):
        found += [*([child] if is_alive(child) else []), *descendants(child)]
    return found


def children(of: int) -> list[int]:
    with contextlib.suppress(OSError):
        threads = os.listdir(f"/proc/{of}/task")
        return [
            int(pid) for thread in threads for pid in Path(f"/proc/{of}/task/{thread}/children").read_text().split()
        ]
    return []


def is_alive(pid: int) -> bool:
    """Not gone, and not only waiting for somebody to take note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill(pids: list[int]) -> int:
    """How many there were."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)
