"""A throw-away PostgreSQL for the tests: `python -m tests.postgres pytest tests/test_claims.py`.

The command gets `DATABASE_URL`, and the name of a database that has all tables, to make others from. The cluster
lives in a folder of its own, listens on a free port of the loopback, and ends with the command, however that ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

TEMPLATE = "PLUGINHOST_TESTS_TEMPLATE"
"""The variable that names the database with all tables and no rows; set by this program for what it starts."""
MISSING = """There is no PostgreSQL here: neither `initdb` nor `postgres` is on PATH or in /usr/lib/postgresql/*/bin.
Install it (Debian: apt install postgresql; its own cluster need not run), or name your own server in DATABASE_URL
and run `make test`."""
SETTINGS = {
    "fsync": "off",  # it is thrown away, whatever happens
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_min_messages": "fatal",
}
_ROOT = Path(__file__).resolve().parent.parent
_STARTS = 5


# --- the programs ---


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest there is."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    places += sorted(debian, key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))], reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def other_user() -> pwd.struct_passwd | None:
    """Who runs them: they refuse to be root. None when we are somebody else ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SystemExit("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` here.")


# --- one cluster ---


@dataclass
class Cluster:
    """Its folder, and how to come in."""

    folder: Path
    programs: Path
    password: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://tests:{self.password}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """An empty one. The collation is one of a language where there is one: what relies on bytes is found out."""
        password = self.folder / "password"
        password.write_text(self.password)
        user = other_user()
        if user is not None:
            for path in (self.folder, password):
                os.chown(path, user.pw_uid, user.pw_gid)
        options = ["--username=tests", f"--pwfile={password}", "--auth=md5", "--encoding=UTF8", "--locale=C.UTF-8"]
        if "--icu-locale" in self._run("--help").stdout:
            options += ["--locale-provider=icu", "--icu-locale=en-US"]
        done = self._run(f"--pgdata={self.folder / 'data'}", *options, "--no-sync")
        if done.returncode:
            raise SystemExit(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _run(self, *options: str) -> subprocess.CompletedProcess[str]:
        command = [self.programs / "initdb", *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, **self._as_user())

    def start(self) -> None:
        """On a free port; somebody else may take it first, then on another."""
        for _ in range(_STARTS):
            self.port = _free_port()
            options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
            command = [self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), *options]
            with (self.folder / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    **self._as_user(),
                    preexec_fn=_end_with_us,
                )
            if self._is_ready():
                return
        raise SystemExit(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-4000:]}")

    def _is_ready(self) -> bool:
        assert self.process is not None
        while self.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=10):
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
        return False

    def stop(self) -> None:
        """Nothing of it is wanted any more."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _as_user(self) -> dict[str, object]:
        user = other_user()
        mine: dict[str, object] = {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
        return mine | ({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {})


def _end_with_us() -> None:
    """Linux: should its guard be killed, it goes too (SIGQUIT: at once)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- its guard: a process that outlives the command by as long as it takes to clean up ---


def guarded() -> str:
    """Start a cluster that ends when this process and whatever it becomes is gone; its URL."""
    found = programs()
    if found is None:
        raise SystemExit(MISSING)
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        _guard(theirs, found)
    theirs.close()
    os.set_inheritable(ours.fileno(), True)  # the command holds it open to its end
    told = ours.recv(4096).decode()
    ours.detach()
    if not told:
        raise SystemExit(1)
    return told


def _guard(line: socket.socket, found: Path) -> None:
    """Never returns."""
    os.setsid()  # Ctrl-C is the command's affair
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="pluginhost-postgres-")), found, secrets.token_hex(16))
    status = 1
    try:
        cluster.make()
        cluster.start()
        line.sendall(cluster.url.encode())
        line.recv(1)  # nothing ever comes: it ends when the command does
        status = 0
    except SystemExit as error:
        sys.stderr.write(f"{error}\n")
    finally:
        cluster.stop()
        os._exit(status)


# --- its databases ---


def beside(url: str, database: str) -> str:
    """The address of another database of the same cluster."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextlib.contextmanager
def _administered(url: str) -> Iterator[psycopg.Connection]:
    with contextlib.closing(psycopg.connect(beside(url, "postgres"), autocommit=True)) as database:
        yield database


def create_database(url: str, name: str, environment: Mapping[str, str] = os.environ) -> str:
    """A new database with all tables where there is a template, else an empty one; its address."""
    template = environment.get(TEMPLATE, "template1")
    with _administered(url) as database:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        database.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return beside(url, name)


def drop_database(url: str) -> None:
    with _administered(url) as database:
        name = sql.Identifier(urlsplit(url).path.lstrip("/"))
        database.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _make_template(url: str) -> str:
    """All migrations, run once: each worker and each server of the tests begins with a copy."""
    name = "pluginhost_template"
    with tempfile.TemporaryDirectory(prefix="pluginhost-template-") as folder:
        given = {"DATABASE_URL": create_database(url, name, {}), "PLUGINHOST_DATA_DIR": folder}
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, cwd=_ROOT, env=os.environ | given, check=True, timeout=300)
    return name


def main(command: Sequence[str]) -> None:
    if not command:
        raise SystemExit("What is to be run? For instance: python -m tests.postgres pytest")
    url = guarded()
    os.environ["DATABASE_URL"] = beside(url, "pluginhost")
    os.environ[TEMPLATE] = _make_template(url)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
