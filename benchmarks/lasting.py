"""One connection that lasts, as a script or a browser has it, and how long answers over it take."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable

from .report import percentiles

WARM_UP = 10


class Line:
    """It sends the same headers with each request, and follows no redirect."""

    def __init__(self, port: int, **headers: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = headers

    def get(self, path: str) -> bytes:
        """The body of an answer that must be good."""
        self._line.request("GET", path, headers=self.headers)
        answer = self._line.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {content[:500]!r}")
        return content

    def close(self) -> None:
        self._line.close()


def timed(ask: Callable[[], bytes], times: int, processor_seconds: Callable[[], float]) -> dict[str, float]:
    """What `ask()` takes, in milliseconds: of the clock, and of the server's processor."""
    for _ in range(WARM_UP):
        size = len(ask())
    seconds: list[float] = []
    began = processor_seconds()
    for _ in range(times):
        start = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - start)
    used = processor_seconds() - began
    return {**percentiles(seconds), "processor_ms": round(1000 * used / times, 2), "bytes": size}
