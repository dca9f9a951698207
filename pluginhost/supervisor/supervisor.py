"""The supervisor: what runs is brought to what is wanted, again and again."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import IO, Any

from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone

from pluginhost import script_files
from pluginhost.actions import processes, script_cancels, script_starts, supervision
from pluginhost.models import ManagedScript, ServerProcess

from .guard import now as machine_now
from .keeping import Keeping
from .process import end_orphans
from .surroundings import Surroundings

logger = logging.getLogger(__name__)

LEASE_MARGIN_S = 2.0
"""So long before a lease is over the guards end what runs on it: nobody else can have begun it by then."""
END_PATIENCE_S = 3.0
LEAST_BETWEEN_LOOKS_S = 0.05


class Supervisor:
    """Keeps every script whose lease it can get. `host` is the address that scripts connect to."""

    def __init__(self, host: str, *, name: str = "", clock: Callable[[], datetime] = timezone.now) -> None:
        self._name = name or secrets.token_hex(8)
        self._host, self._clock = host, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="supervisor")
        self._woken = asyncio.Event()
        self._is_woken = True
        self._is_failing = False
        self._renew_at = 0.0
        self._until = 0.0
        self._lock: IO[str] | None = None
        self.keeper: ServerProcess | None = None
        self.kept: dict[int, Keeping] = {}
        self._is_ending = False
        self.due: datetime | None = None

    # --- its life ---

    async def start(self) -> None:
        """Begin to supervise. The lock comes first: who is in the database and has none is known to be dead."""
        self._lock = _take_lock(self._name)
        try:
            self.keeper = await self.in_thread(processes.begin, supervision.ROLE, self._name)
        except DatabaseError:
            self._drop_lock()
            raise

    async def run(self, ended: asyncio.Event, tick: float, has_news: Callable[[], bool] = lambda: True) -> None:
        """Look at each wake, and at each tick when there is news or something is due, until told to end. This process
        has no other children, and adopts what killed guards leave behind."""
        ending: asyncio.Task[Any] = asyncio.create_task(ended.wait())
        renewing = asyncio.create_task(self._renew_regularly(), name="supervisor: leases")
        while not ended.is_set():
            if has_news() or self._is_due():
                await self._try_to_look()
            end_orphans()
            await self._wait(ending, tick)
        for task in (ending, renewing):
            task.cancel()
        await asyncio.gather(ending, renewing, return_exceptions=True)

    async def _try_to_look(self) -> None:
        """While the database is away, what runs goes on until the leases are over."""
        try:
            await self.look()
            self._is_failing = False
        except (DatabaseError, InterfaceError) as error:
            if not self._is_failing:
                logger.warning("the database cannot be asked what is wanted: %s; trying again", error)
            self._is_failing = True
            await self.in_thread(connections.close_all)

    async def _renew_regularly(self) -> None:
        """Also while a look takes long, since somebody's upload is large."""
        while True:
            await asyncio.sleep(1)
            with contextlib.suppress(DatabaseError, InterfaceError):
                await self._renew_in_time()

    def _is_due(self) -> bool:
        is_time = self.due is not None and self._clock() >= self.due
        return self._is_woken or self._is_failing or is_time or machine_now() >= self._renew_at

    async def _wait(self, ending: asyncio.Task[Any], tick: float) -> None:
        await asyncio.wait([ending], timeout=LEAST_BETWEEN_LOOKS_S)
        woken: asyncio.Task[Any] = asyncio.create_task(self._woken.wait())
        left = tick if self.due is None else min(tick, (self.due - self._clock()).total_seconds())
        await asyncio.wait([ending, woken], timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        self._is_woken = self._woken.is_set()
        self._woken.clear()

    def wake(self) -> None:
        """Look again soon."""
        self._woken.set()

    async def stop(self, patience: float = END_PATIENCE_S) -> None:
        """End every script as when it is stopped, and let others take over."""
        self._is_ending = True
        for keeping in self.kept.values():
            keeping.stop(patience)
        give_up = machine_now() + patience + 1
        while any(keeping.has_processes for keeping in self.kept.values()) and machine_now() < give_up:
            self._woken.clear()
            with contextlib.suppress(DatabaseError, InterfaceError):
                await self._look_at_kept(await self._facts())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), 0.2)
        await self._leave()

    async def _leave(self) -> None:
        for keeping in self.kept.values():
            keeping.kill()
        self.kept = {}
        if self.keeper is not None:
            with contextlib.suppress(DatabaseError, InterfaceError):
                await self.in_thread(supervision.release, self.keeper)
        await self.in_thread(connections.close_all)
        self._thread.shutdown(wait=True)
        self._drop_lock()

    def _drop_lock(self) -> None:
        if self._lock is not None:
            script_files.keeper(self._name).unlink(missing_ok=True)
            self._lock.close()

    async def in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Database work, in one thread and in the order it was asked for."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    # --- a look ---

    async def look(self) -> None:
        """One pass over everything."""
        await self._renew_in_time()
        await self._look_at_kept(await self._facts())

    async def _renew_in_time(self) -> None:
        """Leases, well before they are over. What our guards are told counts from before the database was asked."""
        if machine_now() < self._renew_at or self.keeper is None:
            return
        lease, before = supervision.lease().total_seconds(), machine_now()
        await self.in_thread(supervision.renew, self.keeper)
        await self.in_thread(_free_what_the_dead_kept, self.keeper)
        self._renew_at, self._until = before + lease / 3, before + lease - LEASE_MARGIN_S
        for keeping in self.kept.values():
            keeping.extend(self._until)

    async def _facts(self) -> list[ManagedScript]:
        found: list[ManagedScript] = await self.in_thread(_facts, self.keeper)
        return found

    async def _look_at_kept(self, scripts: list[ManagedScript]) -> None:
        wanted, now, dues = {script.pk for script in scripts}, self._clock(), list[datetime]()
        for lost in set(self.kept) - wanted:
            logger.warning("managed script %d is not ours any more", lost)
            self.kept.pop(lost).kill()
        for script in scripts:
            due = await self._look_at(script, now)
            dues += [due] if due is not None else []
        self.due = min(dues, default=None)

    async def _look_at(self, script: ManagedScript, now: datetime) -> datetime | None:
        if script.pk not in self.kept:
            if self._is_ending:
                return None
            await self.in_thread(script_starts.take_over, script, now)
            self.kept[script.pk] = Keeping(self._surroundings(), script)
            self.wake()  # its instances are looked at as they are now
            return None
        try:
            return await self.kept[script.pk].look(script, now)
        except (DatabaseError, InterfaceError):
            raise
        except Exception:  # the edge of the loop: one script that is odd must not keep the others waiting
            logger.exception("managed script %d could not be looked at", script.pk)
            return None

    def _surroundings(self) -> Surroundings:
        assert self.keeper is not None  # noqa: S101
        return Surroundings(
            keeper=self.keeper,
            host=self._host,
            in_thread=self.in_thread,
            on_disk=asyncio.to_thread,
            wake=self.wake,
            clock=self._clock,
            until=lambda: self._until,
        )


def _facts(keeper: ServerProcess) -> list[ManagedScript]:
    """All that we keep, after taking what nobody does."""
    supervision.take_free(keeper)
    scripts = supervision.kept(keeper)
    short = [script for script in scripts if len(script.instances.all()) < script.instances_wanted]
    for script in short:
        script_starts.have_instances(script)
    is_other = bool(short) or bool(script_cancels.restart_for_cancelled(scripts, timezone.now()))
    return supervision.kept(keeper) if is_other else scripts


def _take_lock(name: str) -> IO[str]:
    """Held while this process lives, however it ends: by it others on this machine know at once."""
    path = script_files.keeper(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _free_what_the_dead_kept(keeper: ServerProcess) -> None:
    for other in supervision.others(keeper):
        path = script_files.keeper(other.name)
        with contextlib.suppress(OSError), path.open("r+") as file:  # held by one that lives; not there: elsewhere
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            supervision.is_dead(other)
