"""Pre-labels by the hundred thousand: how fast they are stored, what that costs, and how fast it is undone.

Sessions send one request of 100,000 items with a box each; ten such requests one after the other; one of 255 MB; and
requests while a script logs 1,000 lines a second that a browser watches, and others come to the door. The limit is to
decode the same body at once, check nothing, and insert its rows, as they are, by `executemany` (in PostgreSQL by COPY)
into a table with the same columns and indexes.

`python -m benchmarks.imports [items]`; `python -m benchmarks.imports <items> <the address of a PostgreSQL>` makes
itself a database there for as long as it runs. It must be on this machine: what it uses of the processor counts, too.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from pluginhost.protocol.numbers import NumberSet

from . import bare_rows, bare_rows_postgresql, filling, filling_postgresql, histories, line_to_browser, report
from .asking import Api, signed_in
from .lasting import Line, timed
from .peers import Peer
from .report import Measured, told
from .server import Server, data_folder, processor_seconds_of

ITEMS, REQUESTS = 100_000, 10
LINES_PER_S = 1_000
PAGE_TIMES = 50
LARGEST = 255 * 10**6
ROUNDS = 3
ALONE = [f"one request {number}" for number in range(1, ROUNDS + 1)]
SESSIONS = (*ALONE, "ten requests", "one of 255 MB", "while lines stream")
_FIRST = "UPDATE pluginhost_asset SET external_id = 'image_0000001.jpg'"
BOX = {"schemaId": "c" * 24, "bounding-box": {"x": 12.5, "y": 117, "width": 33.25, "height": 41}}


@dataclass
class World:
    """A project, and sessions of it by their names: their numbers, each with a key that says its name."""

    key: str
    project: str
    sessions: dict[str, int]


@dataclass
class Took:
    """What a request took."""

    seconds: float
    processor_s: float
    answer: dict[str, Any]


def main() -> None:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS
    report.show("imports", partial(measure, items, *sys.argv[2:]))


def measure(items: int, postgresql: str = "") -> Measured:
    name = f"benchmark_{secrets.token_hex(4)}"
    given = filling_postgresql.new_database(postgresql, name) if postgresql else contextlib.nullcontext("")
    with data_folder() as folder, given as url:
        server = Server(folder, url)
        try:
            world = _made(server, items)
            server.start()
            results, limit = _measured(server, world, items)
        finally:
            server.stop()
    return Measured(results, limit)


def _measured(server: Server, world: World, items: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The request and its limit in turns, so that both meet the same moods of the machine."""
    idle = server.memory()["web"]["rss"]
    taken, limits = [], []
    for name in ALONE:
        body = _body(world.project, 1, items)
        limits.append(_limit(server, body))
        taken.append(_sent(server, name, body, items))
    best, limit = min(taken, key=lambda took: took.processor_s), min(limits)
    one = _row(best, items) | {"ratio": round(limit / best.processor_s, 2)}
    rows = [
        {"name": f"one request of {items:,}", **one},
        *_ten(server, world, items),
        _largest(server, world, items, idle),
        _undone(server, world, int(best.answer["import"])),
        *_pages(server, world, int(best.answer["import"])),
        _while_lines_stream(server, world, items),
    ]
    return rows, {"items_per_processor_s": round(items / limit)}


def _limit(server: Server, body: bytes) -> float:
    if server.postgresql:
        return bare_rows_postgresql.seconds(body, server.postgresql)
    return bare_rows.seconds(body, server.folder)


def _ten(server: Server, world: World, items: int) -> Iterator[dict[str, Any]]:
    """One session sends ten requests, each about other assets."""
    first = 1
    for number in range(1, REQUESTS + 1):
        took = _sent(server, "ten requests", _body(world.project, first, items), items)
        first += items
        if number in (1, REQUESTS):
            yield {"name": f"request {number} of {REQUESTS} in a session", **_row(took, items)}


def _largest(server: Server, world: World, items: int, idle: float) -> dict[str, Any]:
    """An asset each, with as many boxes as it takes to make a request of that size."""
    items *= REQUESTS
    body = _body(world.project, 1, items, boxes=1 + LARGEST // items // len(json.dumps(BOX)))[:LARGEST]
    body = body[: body.rindex(b', {"externalId"')] + b"]}"
    items = body.count(b"externalId")
    web = server.processes()["web"]
    Path(f"/proc/{web}/clear_refs").write_text("5")  # the peak is counted from here on
    took = _sent(server, "one of 255 MB", body, items)
    peak = next(line for line in Path(f"/proc/{web}/status").read_text().splitlines() if line.startswith("VmHWM"))
    above = round(int(peak.split()[1]) / 1024 - idle, 1)
    return {"name": f"{len(body) / 10**6:.0f} MB in one request", **_row(took, items), "above_idle_mb": above}


def _undone(server: Server, world: World, imported: int) -> dict[str, Any]:
    api = Api(server)
    seconds = []
    for verb in ("undo", "redo") * 5:
        began = time.perf_counter()
        api.ask("POST", f"/api/v1/imports/{imported}/{verb}", {"confirmed": True})
        seconds.append(time.perf_counter() - began)
    return {"name": "undo or redo of the first", **report.percentiles(seconds)}


def _pages(server: Server, world: World, imported: int) -> Iterator[dict[str, Any]]:
    """Of the import, and of the assets of its project."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in signed_in(server).cookies)
    visitor = Line(server.port, cookie=cookies)
    for name, path in (("its page", f"/imports/{imported}/"), ("its project's assets", f"/projects/{world.project}/")):
        yield {"name": name, **timed(partial(visitor.get, path), PAGE_TIMES, server.processor_seconds)}
    visitor.close()


def _while_lines_stream(server: Server, world: World, items: int) -> dict[str, Any]:
    """How long lines take to a browser, and scripts to be let in, while requests come one after the other."""
    is_over = threading.Event()
    sending = Sending(server, world.project, items, is_over)
    knocking = Knocking(server.port, is_over)
    for thread in (sending, knocking):
        thread.start()
    try:
        found = line_to_browser.seen(server, LINES_PER_S)
    finally:
        is_over.set()
        for thread in (sending, knocking):
            thread.join()
    rate = round(items * sending.count / sending.seconds)
    return {"name": "while lines stream", "items_per_s": rate, **found, "longest_at_the_door_s": knocking.longest}


class Sending(threading.Thread):
    """Requests one after the other, each about other assets."""

    def __init__(self, server: Server, project: str, items: int, is_over: threading.Event) -> None:
        super().__init__()
        self._server, self._items, self._is_over = server, items, is_over
        self._bodies = [_body(project, 1 + number * items, items) for number in range(REQUESTS)]
        self.count, self.seconds = 0, 0.0

    def run(self) -> None:
        began = time.perf_counter()
        while not self._is_over.is_set():
            _sent(self._server, "while lines stream", self._bodies[self.count % REQUESTS], self._items)
            self.count += 1
        self.seconds = time.perf_counter() - began


class Knocking(threading.Thread):
    """Scripts that come to the door, one after the other; how long the longest waited to be let in."""

    def __init__(self, port: int, is_over: threading.Event) -> None:
        super().__init__()
        self._port, self._is_over = port, is_over
        self.longest = 0.0

    def run(self) -> None:
        while not self._is_over.wait(0.1):
            began = time.perf_counter()
            peer = Peer(self._port)
            self.longest = max(self.longest, round(time.perf_counter() - began, 3))
            peer.close()


# --- one request ---


def _sent(server: Server, session: str, body: bytes, items: int) -> Took:
    """From before the first byte is sent until the reply is read."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    used, began = _used(server), time.perf_counter()
    line.request("POST", "/v2/import/labels", body, {"apikey": _key(session), "Content-Type": "application/json"})
    reply = line.getresponse()
    answer = json.loads(reply.read())
    seconds, now = time.perf_counter() - began, _used(server)
    took = Took(seconds, sum(now[pid] - used.get(pid, 0) for pid in now), answer.get("data", {}))
    line.close()
    if reply.status != 200 or took.answer["accepted"] + took.answer["unchanged"] != items:
        raise RuntimeError(f"{reply.status} {json.dumps(answer)[:500]}")
    told(f"{session}: {items / took.seconds:,.0f} items/s, {items / took.processor_s:,.0f} by the processor's time")
    return took


def _used(server: Server) -> dict[int, float]:
    """The seconds that the serving process, and those that serve it in PostgreSQL, have used of the processor."""
    processes = [server.processes()["web"]]
    if server.postgresql:
        with psycopg.connect(server.postgresql) as opened:
            found = opened.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            processes += [pid for (pid,) in found if pid != opened.info.backend_pid]
    return {pid: processor_seconds_of(pid) for pid in processes}


def _row(took: Took, items: int) -> dict[str, Any]:
    return {
        "items": items,
        "seconds": round(took.seconds, 2),
        "items_per_s": round(items / took.seconds),
        "items_per_processor_s": round(items / took.processor_s),
    }


def _body(project: str, first: int, items: int, boxes: int = 1) -> bytes:
    """As the client writes it."""
    objects = json.dumps([BOX] * boxes)
    names = (f"image_{number:07d}.jpg" for number in range(first, first + items))
    written = ", ".join(f'{{"externalId": "{name}", "objects": {objects}}}' for name in names)
    return f'{{"project": "{project}", "jsonContent": [{written}]}}'.encode()


# --- what it is measured on ---


def _made(server: Server, items: int) -> World:
    server.start()
    api = Api(server)
    plugin = api.plugin()
    project = api.project(plugin)
    sessions = {name: int(api.run(project, plugin)["id"]) for name in SESSIONS}
    server.stop()
    told(f"adding {REQUESTS * items:,} assets")
    (_fill_postgresql if server.postgresql else _fill)(server, project, sessions, REQUESTS * items)
    return World(api.key, project, sessions)


def _fill(server: Server, project: str, sessions: dict[str, int], assets: int) -> None:
    with filling.database(server.database) as opened:
        opened.execute(_FIRST)
        filling.add_assets(opened, project, assets)
        for name, session in sessions.items():
            histories.let_run(opened, session, _key(name), server.folder, NumberSet.up_to(assets))
        filling.settle(opened)


def _fill_postgresql(server: Server, project: str, sessions: dict[str, int], assets: int) -> None:
    with filling_postgresql.database(server.postgresql) as opened:
        opened.execute(_FIRST)
        filling_postgresql.add_assets(opened, project, assets)
        for name, session in sessions.items():
            filling_postgresql.let_run(opened, session, _key(name), server.folder, NumberSet.up_to(assets))
        filling_postgresql.settle(opened)


def _key(session: str) -> str:
    return "phs_of-" + session.replace(" ", "-")


if __name__ == "__main__":
    main()
