"""Real scripts: programs that use the public `ango` client, each generation in an environment of its own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import textwrap
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .clients import CLIENTS, VERSIONS, Client
from .server import ROOT, Server

__all__ = ["VERSIONS", "Script", "ango_environment", "sample_of", "script", "source_of"]

CACHE = ROOT / ".cache" / "ango"
Json = Any

_HEAD = """
from {client.module}.plugins import BatchModelPlugin, run
from {client.module}.sdk import SDK

def callback({client.takes}):
"""
_START = "    logger, project = data['logger'], data['projectId']\n    sdk = SDK(data['apiKey'], host=HOST)\n"
_END = "\nrun(BatchModelPlugin(ID, SECRET, callback), host=HOST)\n"


class Script:
    """One running program; what it prints is kept."""

    def __init__(
        self, python: Path, path: Path, environment: dict[str, str] | None = None, output: Path | None = None
    ) -> None:
        self.output = output or path.with_suffix(".out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [python, "-u", path],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """End it at once, as a machine that goes away does. A test that fails shows what it said."""
        if self.is_alive():
            self.process.kill()
        self.process.wait(10)
        sys.stdout.write(f"{self.output.name}:\n{self.said()[-4000:]}\n")


def source_of(version: str, body: str, host: str, plugin: Json, secret: str | None = None) -> str:
    """A whole script whose callback is `body`; in it `data`, `logger`, `project` and `sdk` are there."""
    names = {"HOST": host, "ID": plugin["id"], "SECRET": secret or plugin["secret"]}
    constants = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    head = _HEAD.format(client=CLIENTS[version])
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return "import json, os, sys, threading\n" + constants + head + _START + indented + "\n" + _END


def sample_of(version: str, host: str, plugin: Json) -> str:
    """The documented sample with nothing but host, id and secret filled in (and the module, where it has moved)."""
    client = CLIENTS[version]
    text = (ROOT / "examples" / client.sample).read_text()
    if client.takes == "**data":
        text = text.replace("from ango.", f"from {client.module}.")
    filled = {"<YOUR HOST>": host, "<YOUR PLUGIN ID>": plugin["id"], "<YOUR PLUGIN SECRET>": plugin["secret"]}
    for blank, value in filled.items():
        assert text.count(blank) == 1
        text = text.replace(blank, value)
    return text


def ango_environment(version: str) -> Path:
    """The Python that has this version of the client; made once, whoever comes first. Skips without network.

    What is installed is kept beside it: one that was made for other requirements would pass here and fail elsewhere.
    """
    folder = CACHE / version.replace(" ", "-")
    python, ready = folder / "bin" / "python", folder / "ready"
    CACHE.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asked = "\n".join(CLIENTS[version].requirements)
        if not ready.exists() or ready.read_text() != asked:
            _make_environment(folder, python, CLIENTS[version])
            ready.write_text(asked)
    return python


def _make_environment(folder: Path, python: Path, client: Client) -> None:
    venv.EnvBuilder(clear=True, with_pip=True).create(folder)
    command = [str(python), "-m", "pip", "install", "--quiet", *client.requirements]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"{client.name} cannot be installed (no network for pip?): {done.stderr.strip()[-500:]}")


Start = Callable[..., Script]


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Start]:
    """Starts scripts: `script(server, "1.1.6", plugin, body)`, or `source=` for a whole program."""
    with contextlib.ExitStack() as started:

        def start(
            server: Server,
            version: str,
            plugin: Json,
            body: str = "return 'done'",
            *,
            source: str | None = None,
            secret: str | None = None,
            **environment: str,
        ) -> Script:
            python = ango_environment(version)
            path = tmp_path / f"script_{len(list(tmp_path.glob('script_*.py')))}.py"
            path.write_text(source or source_of(version, body, server.url, plugin, secret))
            made = Script(python, path, environment)
            started.callback(made.stop)
            return made

        yield start
