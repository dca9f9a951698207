"""A real Pluginhost in processes of its own, as `manage.py serve` starts it."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from . import postgres
from .waiting import until

ROOT = Path(__file__).resolve().parent.parent
ADMIN_PASSWORD = "a password for tests"
FINAL = {"succeeded", "partial", "failed", "timed_out", "crashed", "cancelled"}
Json = Any
_count = itertools.count(1)
_NOT_KEPT = ("PLUGINHOST_", "DJANGO_", "PYTHONDONTWRITEBYTECODE")


class Server:
    """One server with a data directory of its own. Settings are given as `ping_interval=1`.

    One that is made `like` another, which has been started, is another machine of the same site: it has that one's
    database, its keys and its REDIS_URL.
    """

    shared: Path

    def __init__(self, folder: Path, like: Server | None = None, **settings: object) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self._key = ""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_KEPT)}
        self.environment = kept | {
            "PLUGINHOST_DATA_DIR": str(folder / "data"),
            "PLUGINHOST_PORT": str(self.port),
            "PLUGINHOST_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "PLUGINHOST_DEMO": "0",
            "PYTHONUNBUFFERED": "1",
            **{f"PLUGINHOST_{name.upper()}": str(value) for name, value in settings.items()},
        }
        if like is not None:
            self.environment |= {name: like.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
            shutil.copytree(like.folder / "data" / "keys", folder / "data" / "keys")
        elif "DATABASE_URL" in kept:
            name = f"server_{os.getpid()}_{next(_count)}"
            self.environment["DATABASE_URL"] = postgres.create_database(kept["DATABASE_URL"], name)
        self._process: subprocess.Popen[bytes] | None = None

    def make_tables(self) -> None:
        """The migrations take longer than all the rest of a first start: they run once, and each server gets a copy.

        Where the first start itself is what a test is about, it does without this.
        """
        if "DATABASE_URL" in self.environment:
            return  # a copy already
        template = self.shared / "template"
        template.mkdir(exist_ok=True)
        with (template / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (template / "ready").exists():
                environment = self.environment | {"PLUGINHOST_DATA_DIR": str(template)}
                command = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
                subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300)
                (template / "ready").touch()
        (self.folder / "data").mkdir(mode=0o700)
        shutil.copy(template / "pluginhost.sqlite3", self.folder / "data")

    # --- its life ---

    def start(self) -> Server:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        until(self._answers, lambda: f"the server to answer; it said:\n{self.said()}", within=120)

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the server ended by itself:\n{self.said()}"
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        return False

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server was not started"
        return self._process

    def stop(self, within: float = 15.0) -> int:
        """End it as an operator does, and give its exit status. It has to go within 5 s; a busy machine gets more."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not end within {within:g} s of SIGTERM:\n{self.said()}") from None

    def forget(self) -> None:
        """Its database goes; a data directory goes with the folder that it lies in."""
        if "DATABASE_URL" in self.environment:
            postgres.drop_database(self.environment["DATABASE_URL"])

    def child(self) -> int:
        """The id of the process that serves, as it wrote it down itself."""
        found = self.webs()
        assert found, f"no process serves:\n{self.said()}"
        return found[-1]

    def webs(self) -> list[int]:
        """The processes that hold scripts, the one that serves last; more than one after a hand-over at work."""
        query = "SELECT pid FROM pluginhost_serverprocess WHERE ended_at IS NULL AND role = 'web' ORDER BY id"
        return [int(pid) for (pid,) in self.rows(query)]

    def kill_child(self) -> int:
        """`kill -9` of the serving process; gives the id it had."""
        child = self.child()
        os.kill(child, signal.SIGKILL)
        until(lambda: not self._is_child(child), "the killed child to be gone")
        return child

    def _is_child(self, child: int) -> bool:
        parent = self.process.pid
        return str(child) in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()

    def hand_over(self) -> None:
        """SIGHUP, and wait until another child serves; the old one may stay for scripts that are at work."""
        before = self.child()
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.webs()[-1:] not in ([], [before]), "another child to serve after SIGHUP", within=90)
        self.wait_ready()

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-20_000:] if self.log.exists() else ""

    # --- talking to it ---

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def create_key(self, username: str = "admin") -> str:
        return self.manage("createapikey", username).strip()

    @property
    def key(self) -> str:
        self._key = self._key or self.create_key()
        return self._key

    def request(self, method: str, path: str, key: str | None = None, **rest: Any) -> requests.Response:
        """The bare answer, whatever its status."""
        headers = {"apikey": self.key if key is None else key, **rest.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=120, **rest)

    def api(self, method: str, path: str, body: Json = None, key: str | None = None) -> Json:
        """The answer's JSON; AssertionError with the server's words when it refused."""
        answer = self.request(method, path, key, json=body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.content else None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        if "DATABASE_URL" in self.environment:
            with psycopg.connect(self.environment["DATABASE_URL"]) as database:
                return database.execute(query.replace("?", "%s"), values).fetchall()
        path = self.folder / "data" / "pluginhost.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(query, values).fetchall()

    # --- what tests need of it ---

    def new_plugin(self, name: str = "Detector", **fields: object) -> Json:
        """A registered plugin: `id` and `secret`."""
        given = {"name": name, "type": "batch_model", "class_names": ["Car", "Bus"], "default_config": {}, **fields}
        return self.api("POST", "/api/v1/plugins", given)

    def new_project(self, plugin: Json = None, assets: int = 3, name: str = "Streets") -> str:
        """A project with two labeling tools and some assets; `plugin` is enabled in it. Gives its id."""
        project = self.api("POST", "/api/v1/projects", {"name": name})["id"]
        tools = [{"tool": "bounding-box", "title": title} for title in ("Car", "Bus")]
        schema = {"tools": tools, "classifications": [], "relations": []}
        self.api("POST", f"/v2/project/{project}", {"categorySchema": schema})
        if assets:
            items = [
                {"data": f"https://example.org/{number:05}.jpg", "externalId": f"image_{number:05}.jpg"}
                for number in range(1, assets + 1)
            ]
            self.api("POST", f"/v2/project/{project}/cloud", {"assets": items})
        if plugin:
            self.enable(project, plugin)
        return project

    def enable(self, project: str, plugin: Json) -> None:
        self.api("PUT", f"/api/v1/projects/{project}/plugins/{plugin['id']}", {})

    def run(self, project: str, plugin: Json, **fields: object) -> int:
        """Ask for a session; gives its number."""
        return int(self.api("POST", f"/api/v1/projects/{project}/plugins/{plugin['id']}/sessions", fields)["id"])

    def session(self, number: int) -> Json:
        return self.api("GET", f"/api/v1/sessions/{number}")

    def wait_state(self, number: int, *states: str, within: float = 60) -> Json:
        """The session, as soon as it is in one of `states` (an ending, if none are named)."""
        wanted = set(states) or FINAL
        found: list[Json] = []

        def is_there() -> bool:
            found[:] = [self.session(number)]
            return found[0]["state"] in wanted

        try:
            until(is_there, f"session {number} to be {' or '.join(sorted(wanted))}", within)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {found[-1:]}\n{self.said()[-4000:]}") from None
        return found[0]

    def wait_online(self, plugin: Json, connections: int = 1, within: float = 60) -> None:
        def is_online() -> bool:
            status = self.api("GET", f"/api/v1/plugins/{plugin['id']}")["status"]
            return status["connections"] == connections

        until(is_online, f"{connections} connections of {plugin['name']}", within)

    def connections(self, plugin: Json) -> list[Json]:
        return self.api("GET", f"/api/v1/plugins/{plugin['id']}/connections")["items"]

    def log_of(self, number: int) -> list[Json]:
        """All lines of a session, page by page as the API gives them."""
        lines: list[Json] = []
        after: int | None = 0
        while after is not None:
            page = self.api("GET", f"/api/v1/sessions/{number}/log?after={after}&limit=500")
            lines += page["lines"]
            after = page["next"]
        return lines

    def messages_of(self, number: int) -> list[str]:
        return [line["message"] for line in self.log_of(number)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all the tests of this worker that need no settings of their own."""
    with served(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes a server with settings of its own: `new_server(grace_seconds=2)`."""
    with contextlib.ExitStack() as started:

        def make(**settings: object) -> Server:
            folder = tmp_path / f"server-{free_port()}"
            folder.mkdir()
            return started.enter_context(served(folder, **settings))

        yield make


@pytest.fixture(scope="session", autouse=True)
def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where all the workers of this run find what one of them made."""
    own = tmp_path_factory.getbasetemp()
    Server.shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextlib.contextmanager
def served(folder: Path, **settings: object) -> Iterator[Server]:
    """A running server; in the end it stops by SIGTERM, and its exit is clean."""
    made = Server(folder, **settings)
    made.make_tables()
    try:
        yield made.start()
    finally:
        if made._process is not None and made.process.poll() is None:
            assert made.stop() == 0, made.said()
        made.forget()
