"""A name for this running script that it has again when it is started anew, and that no other one has meanwhile.

By it the host knows, the moment a script is back, which of its earlier sessions went down with it.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

if sys.platform != "win32":
    import fcntl

MOST = 1_000
_taken: list[Any] = []
"""What is open here is ours until the process ends, however it ends."""


def name_of(plugin_id: str, given: str | None = None) -> str:
    """What was given, or stands in PLUGINHOST_INSTANCE; else the machine's name and the first number that is free.

    Numbers are taken as names of sockets that nobody connects to: the kernel frees them when the process ends, they
    are no files, and all users see the same ones. Where there is no such thing (not Linux) the name is a random one.
    """
    chosen = given or os.environ.get("PLUGINHOST_INSTANCE", "")
    if chosen:
        return chosen[:120]
    machine = socket.gethostname()[:80]
    number = _free_number(plugin_id) if sys.platform == "linux" else 0
    return f"{machine}-{number or secrets.token_hex(4)}"


def _free_number(plugin_id: str) -> int:
    for number in range(1, MOST):
        try:
            taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        except OSError:  # not allowed here
            return 0
        try:
            taken.bind(f"\0pluginhost:{plugin_id[:60]}:{number}")
        except OSError:
            taken.close()
            continue
        _taken.append(taken)
        return number
    return 0


def folder_of(plugin_id: str, spool: Path) -> Path:
    """A folder in `spool` that no other running script has: the first that is free, so that one is found again."""
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "_" for letter in plugin_id)[:60]
    for number in range(1, MOST):
        folder = spool / f"{name}-{number}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if _lock(folder / "lock"):
            return folder
    raise RuntimeError(f"All {MOST} folders in {spool} are taken by running scripts.")


def _lock(path: Path) -> bool:
    lock = path.open("a")
    if sys.platform != "win32":
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
    _taken.append(lock)
    return True
