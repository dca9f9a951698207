"""Supervisors in the test's own process, with a clock that the test sets; scripts that prove to be alone."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connections
from django.utils import timezone

from pluginhost import script_files, script_output
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.models import ManagedScript, Plugin, ScriptInstance, ScriptStart, User
from pluginhost.script_uploads import Upload
from pluginhost.supervisor.family import is_alive
from pluginhost.supervisor.process import now as machine_now
from pluginhost.supervisor.supervisor import Supervisor

from . import makers

STEADY = """
import fcntl, os, signal, sys
mine = open(os.environ["FOLDER"] + "/" + os.environ["PLUGINHOST_ID"] + os.environ["PLUGINHOST_INSTANCE"], "a")
try:
    fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    open(os.environ["FOLDER"] + "/two", "a").close()
signal.signal(signal.SIGUSR1, lambda *_: os._exit(3))
signal.signal(signal.SIGUSR2, lambda *_: os._exit(0))
print("here", os.environ["PLUGINHOST_INSTANCE"])
while True:
    signal.pause()
"""
"""Stays until it is told: SIGUSR1 is a fall, SIGUSR2 an end of its own. Says in a file when it is not alone."""

FALLS = "import sys\nsys.exit('it has no model')\n"
HOST = "http://127.0.0.1:8000"


class Clock:
    """Time that passes when the test says so. What the database and the guards call now is not its affair."""

    def __init__(self) -> None:
        self._passed = timedelta()

    def __call__(self) -> datetime:
        return timezone.now() + self._passed

    def advance(self, seconds: float) -> None:
        self._passed += timedelta(seconds=seconds)


class World:
    """Some supervisors, on one loop, and what the database says of scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self._loop = asyncio.new_event_loop()
        self.supervisors: list[Supervisor] = []

    # --- supervisors ---

    def supervisor(self) -> Supervisor:
        made = Supervisor(HOST, clock=self.clock)
        self._loop.run_until_complete(made.start())
        self.supervisors.append(made)
        return made

    def look(self) -> None:
        """Each of them, once."""
        for supervisor in self.supervisors:
            self.look_with(supervisor)

    def look_with(self, supervisor: Supervisor) -> None:
        self._loop.run_until_complete(supervisor.look())

    def until(self, condition: Callable[[], Any], what: str, within: float = 60.0) -> None:
        """Looks again and again; wakes of the supervisors come in between."""
        give_up = machine_now() + within
        while not condition():
            assert machine_now() < give_up, f"waited {within:g} s in vain for {what}; {self.told()}"
            self.look()
            self._loop.run_until_complete(self._wait())

    def give_time(self, condition: Callable[[], Any], seconds: float) -> None:
        """Let processes do what they should not, for a while; nobody looks."""
        give_up = machine_now() + seconds
        while not condition() and machine_now() < give_up:
            self._loop.run_until_complete(self._wait())

    async def _wait(self) -> None:
        waiting = [asyncio.ensure_future(one._woken.wait()) for one in self.supervisors]
        await asyncio.wait(waiting, timeout=0.02, return_when="FIRST_COMPLETED")
        for wait in waiting:
            wait.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for one in self.supervisors:
            one._woken.clear()

    def stop(self, supervisor: Supervisor, patience: float = 3.0) -> None:
        self.supervisors.remove(supervisor)
        self._loop.run_until_complete(supervisor.stop(patience))

    def kill(self, supervisor: Supervisor) -> None:
        """As kill -9 does: its end of every line is closed, its lock is free, and nothing is written down."""

        async def kill() -> None:
            for keeping in supervisor.kept.values():
                keeping.kill()
            await supervisor.in_thread(connections.close_all)

        self.supervisors.remove(supervisor)
        self._loop.run_until_complete(kill())
        supervisor._thread.shutdown()
        supervisor._lock.close()

    def close(self) -> None:
        for supervisor in list(self.supervisors):
            self.stop(supervisor, 0)
        self._loop.close()

    # --- scripts ---

    def script(self, owner: User, plugin: Plugin, source: str = STEADY, **fields: Any) -> ManagedScript:
        """Uploaded and set, not started."""
        by = makers.principal(owner)
        script_codes.upload(by, plugin, [Upload("script.py", io.BytesIO(source.encode()))])
        fields = {"environment": {"FOLDER": str(self.folder)}, "start_s": 1, "patience_s": 30, **fields}
        return managed_scripts.configure(by, plugin, fields)

    def pids(self, plugin: Plugin) -> list[int]:
        """The processes of its starts that live."""
        known = ScriptStart.objects.filter(instance__script__plugin=plugin).exclude(pid=None)
        return [pid for pid in known.values_list("pid", flat=True) if is_alive(pid)]

    def states(self, plugin: Plugin) -> list[str]:
        found = ScriptInstance.objects.filter(script__plugin=plugin).order_by("number")
        return list(found.values_list("state", flat=True))

    def said(self, plugin: Plugin, instance: int = 1, streams: str = script_output.ALL) -> list[str]:
        return [
            line.text for line in script_output.tail(script_files.output(plugin.uid, instance), 1000, streams).lines
        ]

    def is_alone(self) -> bool:
        return not (self.folder / "two").exists()

    def told(self) -> list[Any]:
        return list(ScriptInstance.objects.values_list("script", "number", "state", "reason", "tries", "next_start_at"))

    # --- what tests wait for ---

    def start(self, owner: User, plugin: Plugin, instances: int = 1) -> list[int]:
        """Have it run, and wait until it does."""
        managed_scripts.start(makers.principal(owner), plugin)
        return self.wait_running(plugin, instances)

    def wait_running(self, plugin: Plugin, instances: int = 1) -> list[int]:
        """Its processes, once so many have said that they are there."""

        def are_there() -> bool:
            starts = ScriptStart.objects.filter(instance__script__plugin=plugin, ended_at=None).exclude(pid=None)
            return sum(self._has_spoken(plugin, start) for start in starts) == instances

        self.until(are_there, f"{instances} processes of {plugin}")
        return self.pids(plugin)

    def _has_spoken(self, plugin: Plugin, start: ScriptStart) -> bool:
        said = self.said(plugin, start.instance.number)
        begins = [index for index, text in enumerate(said) if text.startswith("Start ")]
        return is_alive(start.pid) and bool(begins) and any(text.startswith("here") for text in said[begins[-1] :])

    def wait_state(self, plugin: Plugin, *states: str) -> ScriptInstance:
        self.until(lambda: self.states(plugin) == list(states), f"{plugin} to be {states}")
        return ScriptInstance.objects.filter(script__plugin=plugin).order_by("number")[0]

    def fall(self, pid: int, number: int = signal.SIGUSR1) -> None:
        os.kill(pid, number)
