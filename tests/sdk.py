"""The real SDKs of the client: each call runs in the environment that has it, and gives what the SDK returned."""

from __future__ import annotations

import json
import subprocess
import textwrap
from typing import Any

from .clients import CLIENTS
from .scripts import ango_environment
from .server import Server

Json = Any

_PROGRAM = """
import datetime, json, os, sys
from {module}.sdk import SDK

names = json.load(sys.stdin)
sdk = SDK(names.pop("KEY"), host=names.pop("HOST"))
globals().update(names)
{body}
print()
print(json.dumps(answer))
"""


class Sdk:
    """One version's SDK against one server. `sdk("answer = sdk.get_project(project)", project=uid)`."""

    def __init__(self, server: Server, version: str, key: str = "") -> None:
        self.version, self._server, self._key = version, server, key

    def __call__(self, body: str, **names: Json) -> Json:
        """What `body` calls `answer`; in it `sdk` and these names are there."""
        done = self._run(body, names)
        assert done.returncode == 0, f"{self.version}: {done.stderr[-3000:]}\n{self._server.said()[-2000:]}"
        return json.loads(done.stdout.splitlines()[-1])

    def refusal(self, body: str, **names: Json) -> str:
        """How it ended, where it had to fail."""
        done = self._run(body, names)
        assert done.returncode != 0, f"{self.version} did it: {done.stdout}"
        return done.stderr.splitlines()[-1]

    def _run(self, body: str, names: dict[str, Json]) -> subprocess.CompletedProcess[str]:
        program = _PROGRAM.format(module=CLIENTS[self.version].module, body=textwrap.dedent(body).strip("\n"))
        given = {"KEY": self._key or self._server.key, "HOST": self._server.url, **names}
        python = ango_environment(self.version)
        return subprocess.run(
            [python, "-c", program], input=json.dumps(given), capture_output=True, text=True, timeout=120
        )
