"""One server for each data directory with SQLite: a second one would share its database but not its nudges."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from django.core.exceptions import ImproperlyConfigured


def take(folder: Path) -> IO[str]:
    """Held until the file is closed, at the latest when this process ends, however it ends."""
    file = (folder / "serve.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ImproperlyConfigured(
            f"PLUGINHOST_DATA_DIR: another server is running on {folder}. Stop it, or choose another folder with "
            "--data-dir. (Several servers need DATABASE_URL and REDIS_URL.)"
        ) from None
    return file
