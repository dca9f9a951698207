"""One script that is kept: its environment, and its instances."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path

from pluginhost.actions import script_environments
from pluginhost.models import ManagedScript, ScriptEnvironment

from . import building, preparing
from .building import Build
from .instance import TRACEBACK_PAUSE, Instance
from .process import Process
from .surroundings import Surroundings

State = ScriptEnvironment.State


class Keeping:
    """What runs is brought to what is wanted, a step at each look."""

    traceback_pause = TRACEBACK_PAUSE

    def __init__(self, around: Surroundings, script: ManagedScript) -> None:
        self.around = around
        self._script = script
        self.instances: dict[int, Instance] = {}
        self.leaving: list[Process] = []
        """Those that have ended, and whose guards write that down."""
        self.build: Build | None = None
        self.build_failure = ""
        self.is_ending = False

    async def look(self, script: ManagedScript, now: datetime) -> datetime | None:
        """Gives when to look again at the latest."""
        self._script = script
        self.leaving = [process for process in self.leaving if not process.is_over]
        await self._look_at_build()
        for row in script.instances.all():
            instance = self.instances.setdefault(row.number, Instance(self, row.number))
            row.script = script
            await instance.look(row, now)
        dues = [instance.due for instance in self.instances.values() if instance.due is not None]
        return min(dues, default=None)

    # --- its environment ---

    async def environment(self) -> ScriptEnvironment | None:
        """The one that the script is to run in; None while it is being made."""
        if self.build is not None:
            return None
        asked = await self.around.in_thread(preparing.requirements_of, self._script)
        digest = preparing.digest_of(asked)
        known: ScriptEnvironment | None = await self.around.in_thread(script_environments.find, self._script, digest)
        if known is not None and known.state == State.READY and self.python(known).exists():
            return known
        await self._begin_build(digest, asked)
        return None

    def python(self, made: ScriptEnvironment) -> Path:
        return building.python_of(self._script.plugin.uid, made)

    async def _begin_build(self, digest: str, asked: str) -> None:
        self.build_failure = ""
        made = await self.around.in_thread(script_environments.begin, self._script, digest, asked)
        build = Build(self._script, made, self.around, self._leave)
        try:
            await self.around.on_disk(build.begin)
            build.look()
        except OSError as error:
            build.failure = f"Its environment could not be made: {error}"
        self.build = build
        self.around.wake()

    async def _look_at_build(self) -> None:
        build = self.build
        if build is None:
            return
        if not self._is_build_wanted(build):
            await self._break_off(build)
            return
        build.look()
        if build.is_done:
            self.build = None
            packages = await self.around.on_disk(build.packages)
            await self.around.in_thread(script_environments.note_ready, self._script, build.made, packages)
        elif build.failure:
            self.build, self.build_failure = None, build.failure
            await self.around.in_thread(script_environments.note_failed, self._script, build.made, build.failure)

    def _leave(self, process: Process) -> None:
        self.leaving.append(process)

    async def _break_off(self, build: Build) -> None:
        build.cancel()
        self.build = None
        await self.around.in_thread(script_environments.note_failed, self._script, build.made, build.failure)

    def _is_build_wanted(self, build: Build) -> bool:
        """Not when it was stopped meanwhile, or other requirements are asked for by now."""
        script = self._script
        is_same = preparing.digest_of(preparing.requirements_of(script)) == build.made.digest
        return script.wanted == ManagedScript.Wanted.RUNNING and is_same

    # --- the end of keeping it ---

    @property
    def has_processes(self) -> bool:
        return self.build is not None or any(one.process is not None for one in self.instances.values())

    def extend(self, until: float) -> None:
        for instance in self.instances.values():
            instance.extend(until)
        if self.build is not None:
            self.build.extend(until)

    def kill(self) -> None:
        """It is not ours any more: nothing of it may live on, and nothing is written down."""
        for instance in self.instances.values():
            instance.kill()
        for process in self.leaving:
            process.kill()
        if self.build is not None:
            self.build.cancel()
            self.build = None

    def stop(self, most_patience: float) -> None:
        """We are about to end: as when it is stopped, with less patience. Nothing is begun any more."""
        self.is_ending = True
        for instance in self.instances.values():
            if instance.process is not None:
                number = signal.Signals[self._script.stop_signal]
                instance.process.stop(number, min(self._script.patience_s, most_patience))
        if self.build is not None:
            self.build.cancel()
            self.build = None
