"""One instance of a script: its process, and what is to be done about it next."""

from __future__ import annotations

import logging
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pluginhost import script_rules
from pluginhost.actions import script_sessions, script_starts
from pluginhost.actions.script_starts import Ended
from pluginhost.errors import PluginhostError
from pluginhost.models import ManagedScript, ScriptEnvironment, ScriptInstance, ScriptStart

from . import preparing
from .process import Process
from .said import reason_of, with_full_stop
from .surroundings import Surroundings

if TYPE_CHECKING:
    from .keeping import Keeping

logger = logging.getLogger(__name__)

State = ScriptInstance.State
TRACEBACK_PAUSE = timedelta(seconds=3)
"""So long a session may still show that it goes on, after its script has printed a traceback."""
GONE_FOR = timedelta(seconds=20)
"""So long after a process's end the gateway may take to notice that its connection is gone."""


@dataclass(frozen=True)
class Raised:
    session: int
    traceback: str
    heard_at: datetime


@dataclass(frozen=True)
class Gone:
    start: ScriptStart
    reason: str
    until: datetime


class Instance:
    """What we know of it beside its row: the process is ours alone."""

    def __init__(self, keeping: Keeping, number: int) -> None:
        self._keeping, self.number = keeping, number
        self.process: Process | None = None
        self._start: ScriptStart | None = None
        self._began = 0.0
        self._secret_set_at: datetime | None = None
        self._raised: list[Raised] = []
        self._gone: list[Gone] = []
        self.due: datetime | None = None

    @property
    def _around(self) -> Surroundings:
        return self._keeping.around

    async def look(self, row: ScriptInstance, now: datetime) -> None:
        """Bring it a step nearer to what is wanted. `due` is when to look again at the latest."""
        self.due = None
        await self._see_to_sessions(now)
        if self.process is not None and self._start is not None:
            await self._look_at_process(self.process, self._start, row, now)
        else:
            await self._look_at_row(row, now)

    def _look_again(self, at: datetime) -> None:
        self.due = min(at, self.due or at)

    def _is_wanted(self, script: ManagedScript) -> bool:
        is_there = script.plugin.deleted_at is None and self.number <= script.instances_wanted
        return is_there and script.wanted == ManagedScript.Wanted.RUNNING

    # --- while there is a process ---

    async def _look_at_process(self, process: Process, start: ScriptStart, row: ScriptInstance, now: datetime) -> None:
        if process.pid and start.pid is None:
            start.pid = process.pid
            await self._around.in_thread(script_starts.note_pid, start, process.pid)
        while process.tracebacks:
            await self._hear_traceback(process.tracebacks.pop(0), start, now)
        if process.end is not None:
            await self._bury(process, start, row.script, now)
        elif not process.is_stopping and self._is_to_stop(row.script, start, now):
            await self._stop(process, row)
        elif start.up_at is None and not process.is_stopping:
            await self._look_whether_up(start, row.script, now)

    def _is_to_stop(self, script: ManagedScript, start: ScriptStart, now: datetime) -> bool:
        if not self._is_wanted(script) or start.revision != script.revision or script_rules.refusal(script.source):
            return True
        return self._has_old_secret(script, now)

    def _has_old_secret(self, script: ManagedScript, now: datetime) -> bool:
        """It was started with a secret that was rotated since: replaced when it is idle, or its secret is over."""
        plugin = script.plugin
        if plugin.secret_set_at == self._secret_set_at:
            return False
        return not getattr(script, "has_session", False) or not plugin.old_secret_is_good(now)

    async def _stop(self, process: Process, row: ScriptInstance) -> None:
        script = row.script
        process.stop(signal.Signals[script.stop_signal], script.patience_s)
        await self._note(row, State.STOPPING, f"{script.stop_signal} was sent; it has {script.patience_s} s to end.")

    async def _look_whether_up(self, start: ScriptStart, script: ManagedScript, now: datetime) -> None:
        is_due = start.started_at + timedelta(seconds=script.start_s)
        if now < is_due:
            self._look_again(is_due)
            return
        start.up_at = now
        await self._around.in_thread(script_starts.note_up, self._around.keeper, start, now)

    async def _bury(self, process: Process, start: ScriptStart, script: ManagedScript, now: datetime) -> None:
        """Write down how it ended, and what comes next; its guard writes the same behind what it printed."""
        end = process.end
        assert end is not None  # noqa: S101
        was_asked = process.is_stopping or end.was_fenced
        seconds = (now - start.started_at).total_seconds()
        reason = reason_of(end, script, max(0.0, seconds), was_asked=was_asked)
        ended = Ended(end.code, was_asked, reason, end.last_lines)
        sentence = await self._around.in_thread(script_starts.note_ended, self._around.keeper, start, ended, now)
        process.let_go(f"{with_full_stop(reason)} {sentence}".strip())
        self._keeping.leaving.append(process)
        self.process = self._start = None
        self._gone.append(Gone(start, reason, now + GONE_FOR))
        logger.info("managed script of plugin %s, instance %d: %s", script.plugin_id, self.number, reason)
        self._around.wake()

    # --- while there is none ---

    async def _look_at_row(self, row: ScriptInstance, now: datetime) -> None:
        script = row.script
        if self._keeping.is_ending:
            return
        why_not = script_rules.refusal(script.source)
        is_of_now = row.revision == script.revision
        if not self._is_wanted(script):
            await self._rest(row, "")
        elif why_not:
            await self._rest(row, why_not)
        elif is_of_now and row.state in (State.STOPPED, State.GAVE_UP):
            return  # it ended for good, and nothing was changed since
        elif is_of_now and row.state == State.BACKING_OFF and row.next_start_at and now < row.next_start_at:
            self._look_again(row.next_start_at)
        else:
            await self._begin(row, now)

    async def _rest(self, row: ScriptInstance, reason: str) -> None:
        if row.state != State.STOPPED or (reason and row.reason != reason[:500]):
            await self._note(row, State.STOPPED, reason, revision=0, tries=0, next_start_at=None)

    async def _begin(self, row: ScriptInstance, now: datetime) -> None:
        """Have an environment, then a process in it."""
        around, keeping = self._around, self._keeping
        if row.state == State.BUILDING and keeping.build_failure:
            await around.in_thread(_not_started, around, row, keeping.build_failure)
            return
        environment = await keeping.environment()
        if environment is None:
            if row.state != State.BUILDING:
                await around.in_thread(script_starts.note_building, around.keeper, row)
            return
        start = await around.in_thread(_note_starting, around, row, environment, now)
        if start is not None:
            await self._spawn(row, start, keeping.python(environment), now)

    async def _spawn(self, row: ScriptInstance, start: ScriptStart, python: Path, now: datetime) -> None:
        around = self._around
        self._secret_set_at = row.script.plugin.secret_set_at
        try:
            order = await around.on_disk(preparing.order_of, row, python, around.host, start.number, around.until())
            order["until"] = around.until()  # a large upload takes a while to copy
            self.process = Process(order, around.wake)
            self._start = start
        except (PluginhostError, OSError) as error:
            sentence = error.sentence if isinstance(error, PluginhostError) else str(error)
            ended = Ended(None, False, f"It could not be started: {sentence}")
            await around.in_thread(script_starts.note_ended, around.keeper, start, ended, now)
            around.wake()

    async def _note(self, row: ScriptInstance, state: str, reason: str = "", **facts: object) -> None:
        await self._around.in_thread(_note, self._around, row, state, reason, facts)

    # --- what its end says of its sessions ---

    async def _hear_traceback(self, traceback: str, start: ScriptStart, now: datetime) -> None:
        session = await self._around.in_thread(script_sessions.open_one, start)
        if session is not None and not any(known.session == session for known in self._raised):
            self._raised.append(Raised(session, traceback, now))

    async def _see_to_sessions(self, now: datetime) -> None:
        for raised in list(self._raised):
            if now >= raised.heard_at + self._keeping.traceback_pause:
                self._raised.remove(raised)
                await self._around.in_thread(
                    script_sessions.end_raised, raised.session, raised.traceback, raised.heard_at
                )
            else:
                self._look_again(raised.heard_at + self._keeping.traceback_pause)
        for gone in list(self._gone) if not self._raised else ():
            ended = await self._around.in_thread(script_sessions.end_gone, gone.start, gone.reason)
            if ended or now >= gone.until:
                self._gone.remove(gone)

    # --- the supervisor's own end ---

    def extend(self, until: float) -> None:
        if self.process is not None:
            self.process.extend(until)

    def kill(self) -> None:
        """It is somebody else's now, or nobody's."""
        if self.process is not None:
            self.process.kill()
        self.process = self._start = None


def _note_starting(
    around: Surroundings, row: ScriptInstance, environment: ScriptEnvironment, now: datetime
) -> ScriptStart | None:
    return script_starts.note_starting(around.keeper, row, environment, row.script.code, now)


def _note(around: Surroundings, row: ScriptInstance, state: str, reason: str, facts: dict[str, object]) -> None:
    script_starts.note(around.keeper, row, state, reason, **facts)


def _not_started(around: Surroundings, row: ScriptInstance, reason: str) -> None:
    script_starts.note_not_started(around.keeper, row, reason, is_final=True)
