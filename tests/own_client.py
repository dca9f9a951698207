"""Real scripts with our own client, in an environment of its own that has the wheel and no Django."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import signal
import subprocess
import textwrap
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .scripts import Script
from .server import ROOT, Server

FOLDER = ROOT / ".cache" / "own-client"
Json = Any

_PROGRAM = """
import asyncio, json, os, sys, threading, time
from pluginhost.client.plugins import BatchModelPlugin, run
from pluginhost.client.sdk import SDK

HOST = {host!r}

{callback}

run(BatchModelPlugin({id!r}, {secret!r}, callback), host=HOST{more})
"""


def client_environment() -> Path:
    """The Python that has the wheel as the sources are now. Skips without network."""
    python, ready = FOLDER / "bin" / "python", FOLDER / "ready"
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_name(f"{FOLDER.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = _digest()
        if not ready.exists():
            venv.EnvBuilder(clear=True, with_pip=True).create(FOLDER)
            _pip(python)
        elif ready.read_text() != now:
            _pip(python, "--no-deps", "--force-reinstall")
        ready.write_text(now)
    return python


def _pip(python: Path, *options: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", *options, str(ROOT / "client-wheel")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"the client's wheel cannot be installed (no network for pip?): {done.stderr.strip()[-800:]}")


def _digest() -> str:
    """Of all that the wheel is made of."""
    found = hashlib.sha256()
    for folder in (ROOT / "pluginhost" / "client", ROOT / "client-wheel"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".toml", ".typed"):
                found.update(path.read_bytes())
    return found.hexdigest()


def program(host: str, plugin: Json, body: str, takes: str = "data", **more: object) -> str:
    """A whole script. `body` is the callback's, or begins with `def` or `async def` and is all of it."""
    body = textwrap.dedent(body).strip("\n")
    if not body.startswith(("def callback", "async def callback")):
        head = f"def callback({takes}):\n    logger = data['logger']\n"
        body = head + textwrap.indent(body, "    ")
    options = "".join(f", {name}={value!r}" for name, value in more.items())
    return _PROGRAM.format(host=host, callback=body, id=plugin["id"], secret=plugin["secret"], more=options)


class OwnScript(Script):
    """One that can be asked to end, and started anew."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self._path, self._environment = path, environment
        self._starts = 0
        self._start()

    def _start(self) -> None:
        self._starts += 1
        output = self._path.with_suffix(f".{self._starts}.out")
        super().__init__(client_environment(), self._path, self._environment, output)

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait(10)

    def start_anew(self) -> None:
        assert not self.is_alive()
        self._start()

    def terminate(self, within: float = 30.0) -> int:
        """SIGTERM; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)


Start = Callable[..., OwnScript]


@pytest.fixture
def own_script(tmp_path: Path) -> Iterator[Start]:
    """Starts scripts: `own_script(server, plugin, body)`. `host=` where it is to go another way."""
    with contextlib.ExitStack() as started:

        def start(
            server: Server,
            plugin: Json,
            body: str = "return 'done'",
            *,
            host: str = "",
            source: str = "",
            takes: str = "data",
            environment: dict[str, str] | None = None,
            **more: object,
        ) -> OwnScript:
            path = tmp_path / f"own_{len(list(tmp_path.glob('own_*.py')))}.py"
            path.write_text(source or program(host or server.url, plugin, body, takes, **more))
            made = OwnScript(path, environment or {})
            started.callback(made.stop)
            return made

        yield start
