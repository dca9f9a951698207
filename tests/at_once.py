"""Several things at the same moment, each in a thread with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

Result = TypeVar("Result")
PATIENCE_S = 30


def at_once(*jobs: Callable[[], Result]) -> list[Result]:
    """Do all of them, begun together when each has its connection; their results, in order."""
    together = threading.Barrier(len(jobs), timeout=PATIENCE_S)
    with ThreadPoolExecutor(len(jobs)) as threads:
        begun = [threads.submit(_do, job, together) for job in jobs]
        return [one.result(PATIENCE_S) for one in begun]


def _do(job: Callable[[], Result], together: threading.Barrier) -> Result:
    try:
        connection.ensure_connection()
        together.wait()
        return job()
    except BaseException:
        together.abort()
        raise
    finally:
        connection.close()


class MeetBefore:
    """A wrapper around a connection's statements (`connection.execute_wrapper`): all wait before the first of a kind.

    Who has met once goes on alone, so that a second such statement of one of them waits for nobody.
    """

    def __init__(self, beginning: str, count: int) -> None:
        self._beginning = beginning
        self._met = threading.Barrier(count, timeout=PATIENCE_S)
        self._own = threading.local()

    def __call__(self, execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if statement.startswith(self._beginning) and not getattr(self._own, "has_met", False):
            self._own.has_met = True
            self._met.wait()
        return execute(statement, *rest)
