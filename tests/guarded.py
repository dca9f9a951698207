"""Processes under a guard, and a loop in which tests wait for what becomes of them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from pluginhost import script_output
from pluginhost.supervisor.process import End, Order, Process, now

LONG = 100.0


class Loop:
    """A loop of the test's own. `until` runs it until something is so; it looks when there is news, or now and then."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    def until(self, condition: Callable[[], Any], what: str, within: float = 30.0) -> None:
        self.run(self._until(condition, what, within))

    async def _until(self, condition: Callable[[], Any], what: str, within: float) -> None:
        give_up = now() + within
        while not condition():
            assert now() < give_up, f"waited {within:g} s in vain for {what}"
            self._news.clear()
            waiting = asyncio.ensure_future(self._news.wait())
            await asyncio.wait([waiting], timeout=0.05)
            waiting.cancel()

    def close(self) -> None:
        self._loop.close()


class Guarded:
    """Starts processes whose output and lock lie in one folder."""

    def __init__(self, folder: Path, loop: Loop) -> None:
        self.folder, self._loop = folder, loop
        self._started: list[Process] = []

    def order(self, source: str, **given: Any) -> Order:
        order: dict[str, Any] = {
            "command": [sys.executable, "-S", "-u", "-c", source],
            "cwd": str(self.folder),
            "environment": {"FOLDER": str(self.folder)},
            "output": str(self.folder / "output"),
            "output_limit": 1 << 22,
            "secrets": [],
            "lock": str(self.folder / "lock"),
            "says": "Start 1",
            "memory_mb": None,
            "cpu_s": None,
            "until": now() + LONG,
        }
        return Order(**{**order, **given})  # type: ignore[typeddict-item]

    def start(self, source: str, **given: Any) -> Process:
        """As soon as the process is there."""
        process = self.spawn(source, **given)
        self._loop.until(lambda: process.pid or process.end, "the process to be there")
        return process

    def spawn(self, source: str, **given: Any) -> Process:
        async def make() -> Process:
            return Process(self.order(source, **given), self._loop.wake)

        process: Process = self._loop.run(make())
        self._started.append(process)
        return process

    def end_of(self, process: Process, within: float = 30.0) -> End:
        self._loop.until(lambda: process.end is not None, "the process to end", within)
        assert process.end is not None
        process.let_go()
        return process.end

    def said(self, streams: str = "oe") -> list[str]:
        return [line.text for line in script_output.tail(self.folder / "output", 10_000, streams).lines]

    def wait_said(self, *texts: str) -> None:
        self._loop.until(lambda: set(texts) <= set(self.said("oes")), f"the process to say {texts}")

    def close(self) -> None:
        async def kill() -> None:
            for process in self._started:
                process.kill()

        self._loop.run(kill())
