"""A Pluginhost in processes of its own, as `manage.py serve` starts it, and what it costs in time and memory."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a password for benchmarks"
_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """One server on a data directory of its own. Settings are given as `ping_interval=1`.

    It has SQLite where no `postgresql` is given, which is the address of a database.
    """

    def __init__(self, folder: Path, postgresql: str = "", **settings: object) -> None:
        self.folder, self.port, self.postgresql = folder, free_port(), postgresql
        self.database = folder / "pluginhost.sqlite3"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLUGINHOST_", "DJANGO_"))}
        kept = {name: value for name, value in kept.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.environment = kept | {
            "PLUGINHOST_DATA_DIR": str(folder),
            "PLUGINHOST_PORT": str(self.port),
            "PLUGINHOST_ADMIN_PASSWORD": PASSWORD,
            "PLUGINHOST_DEMO": "0",
            **{f"PLUGINHOST_{name.upper()}": str(value) for name, value in settings.items()},
            **({"DATABASE_URL": postgresql} if postgresql else {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, first_page: str = "/healthz") -> float:
        """Until `first_page` is there; how many seconds that took."""
        began = time.monotonic()
        with (self.folder / "server.log").open("ab") as log:
            command = [sys.executable, "manage.py", "serve"]
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        while not self._shows(first_page):
            if self._process.poll() is not None or time.monotonic() - began > 120:
                raise RuntimeError(f"the server did not start: {(self.folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.01)
        return time.monotonic() - began

    def _shows(self, path: str) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(line):
            line.request("GET", path)
            return line.getresponse().status == 200
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process = None

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout

    def key(self, username: str = "admin") -> str:
        """A new personal API key."""
        return self.manage("createapikey", username).strip()

    # --- what it costs ---

    def signal(self, number: int) -> None:
        """To the parent, as an operator sends it."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        self._process.send_signal(number)

    def processes(self) -> dict[str, int]:
        """The ids of its processes by what they are: the parent, web, which serves, supervise, and the template."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        found = {"parent": self._process.pid, **self._serving()}
        others = [pid for pid in children_of(self._process.pid) if pid not in found.values()]
        return {**found, **({"template": others[0]} if others else {})}

    def _serving(self) -> dict[str, int]:
        """Those that have written themselves down, by their role; the newest of each."""
        query = "SELECT role, pid FROM pluginhost_serverprocess WHERE ended_at IS NULL ORDER BY id"
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=20)) as opened:
            return dict(opened.execute(query).fetchall())

    def processor_seconds(self) -> float:
        """What the web process has used until now."""
        return processor_seconds_of(self.processes()["web"])

    def memory(self) -> dict[str, dict[str, float]]:
        """MB by process: `rss`, and `pss`, in which what several share counts for each its part."""
        return {name: memory_of(pid) for name, pid in self.processes().items()}


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def processor_seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_of(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.partition(":")[0].lower(): int(line.split()[1]) / 1024 for line in lines}
    return {"rss": round(sizes["rss"], 1), "pss": round(sizes["pss"], 1)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """An empty data directory, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="pluginhost-benchmark-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def served(folder: Path, **settings: object) -> Iterator[Server]:
    """A running server, ended at the end."""
    server = Server(folder, **settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
