"""Environments: a Python of its own for each set of requirements, made by pip, with a log that is kept."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from django.conf import settings

from pluginhost import script_files
from pluginhost.models import ManagedScript, ScriptEnvironment

from . import preparing
from .process import End, Order, Process
from .surroundings import Surroundings

LOCK = "build"


class Build:
    """One environment being made, a step after the other. `look` goes on; `failure` says why it could not be made."""

    def __init__(
        self,
        script: ManagedScript,
        made: ScriptEnvironment,
        around: Surroundings,
        leave: Callable[[Process], None],
    ) -> None:
        self.made = made
        self.script = script
        self._around, self._leave = around, leave
        self._folder = script_files.environment(script.plugin.uid, made.digest)
        self._steps = _steps(self._folder, made.requirements)
        self.process: Process | None = None
        self.failure = ""
        self.is_done = False

    def begin(self) -> None:
        """What it needs on the disk; in a thread."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)
        (self._folder / "requirements.txt").write_text(self.made.requirements + "\n")
        script_files.lock(self.script.plugin.uid, LOCK).parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def look(self) -> None:
        """Take note of a step's end, and begin the next."""
        if self.is_done or self.failure:
            return
        if self.process is not None and self.process.end is not None:
            self._close_step(self.process, self.process.end)
        if self.process is None and not self.failure:
            if self._steps:
                self.process = Process(self._order(self._steps.pop(0)), self._around.wake)
            else:
                self.is_done = True

    def _close_step(self, process: Process, end: End) -> None:
        self.process = None
        self._leave(process)
        if end.code == 0:
            process.let_go("Done." if self._steps else "The environment is ready.")
            return
        self.failure = end.refused or _why(end)
        process.let_go(self.failure)

    def extend(self, until: float) -> None:
        if self.process is not None:
            self.process.extend(until)

    def cancel(self) -> None:
        """At once."""
        if self.process is not None:
            self.process.kill()
        self.failure = self.failure or "It was broken off."

    def packages(self) -> str:
        """What is installed, one name==version a line."""
        folders = [str(path) for path in self._folder.glob("venv/lib/python*/site-packages")]
        found = {f"{package.name}=={package.version}" for package in metadata.distributions(path=folders)}
        return "\n".join(sorted(found, key=str.casefold))

    def _order(self, command: list[str]) -> Order:
        shown = " ".join(command[1:]).replace(str(self._folder), ".")
        return Order(
            command=command,
            cwd=str(self._folder),
            environment=preparing.build_environment(),
            output=str(self._folder / "log"),
            output_limit=settings.PLUGINHOST_SCRIPT_OUTPUT_LIMIT,
            secrets=[],
            lock=str(script_files.lock(self.script.plugin.uid, LOCK)),
            says=f"python {shown}",
            memory_mb=None,
            cpu_s=None,
            until=self._around.until(),
        )


def python_of(uid: str, made: ScriptEnvironment) -> Path:
    return script_files.environment(uid, made.digest) / "venv" / "bin" / "python"


def _steps(folder: Path, requirements: str) -> list[list[str]]:
    """Without requirements an empty environment will do: what the server has installed is not the script's to use."""
    venv = folder / "venv"
    make = [sys.executable, "-I", "-m", "venv"]
    if not requirements.strip():
        return [[*make, "--without-pip", str(venv)]]
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--progress-bar", "off"]
    return [
        [*make, str(venv)],
        [*pip, *preparing.asked_of_pip(requirements), "-r", str(folder / "requirements.txt")],
    ]


def _why(end: End) -> str:
    """The reason in pip's own words: the last line that it calls an error."""
    lines = [line for line in end.last_lines.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    said = (errors or lines or [f"It ended with code {end.code}."])[-1]
    return f"Its environment could not be made. {said.removeprefix('ERROR: ')}"[:480]
