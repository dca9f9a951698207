"""What the machine allows: the same bytes from an ASGI application that does nothing, and from Django alone.

`python -m benchmarks.bare_http asgi <port> <size>` serves, with the event loop and the parser that Pluginhost uses.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import django
import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import URLPattern, path

from .lasting import Line, timed
from .server import ROOT, free_port, processor_seconds_of

urlpatterns: list[URLPattern] = []


def limits(size: int, times: int) -> dict[str, dict[str, float]]:
    """How long an answer of `size` bytes takes of each kind."""
    return {kind: _measured(kind, size, times) for kind in ("bare_asgi", "bare_django")}


def _measured(kind: str, size: int, times: int) -> dict[str, float]:
    with _served(kind, size) as (pid, line):
        return timed(partial(line.get, "/"), times, lambda: processor_seconds_of(pid))


@contextlib.contextmanager
def _served(kind: str, size: int) -> Iterator[tuple[int, Line]]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_http", kind, str(port), str(size)], cwd=ROOT)
    line = Line(port)
    try:
        _wait(line)
        yield process.pid, line
    finally:
        line.close()
        process.terminate()
        process.wait(10)


def _wait(line: Line) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            line.get("/")
        except OSError:
            line.close()
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
        else:
            return


def bare_asgi(content: bytes) -> Any:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return application


def bare_django(content: bytes) -> Any:
    """One view, no middleware, no database."""
    settings.configure(
        ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"], SECRET_KEY=Path(__file__).name, USE_TZ=True
    )
    django.setup()
    urlpatterns.append(path("", lambda request: HttpResponse(content, content_type="application/json")))
    return get_asgi_application()


def main() -> None:
    kind, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    application = {"bare_asgi": bare_asgi, "bare_django": bare_django}[kind](b"x" * size)
    uvicorn.run(
        application, port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
