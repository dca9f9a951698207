"""How long pages take: of `/v2` from 10,000 and from 1,000,000 assets, and the HTML pages of a place in use.

`python -m benchmarks.pages [times]`
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests

from pluginhost.protocol.numbers import NumberSet

from . import bare_http, filling, histories, report
from .asking import Api, signed_in
from .lasting import Line, timed
from .report import Measured, told
from .server import Server, data_folder

SMALL, LARGE, IN_USE = 10_000, 1_000_000, 100_000
PAGE = 100
SESSIONS, LINES, LABELED, REJECTED = 2_000, 20_000, 5_000, 50
TIMES = 300
OVER_ALL, OVER_HALF, IN_USE_KEY = "phs_of-a-session-over-all", "phs_of-one-over-a-random-half", "phs_of-the-one-in-use"


@dataclass
class World:
    """What is in the server; projects and sessions are what their pages' addresses name them by."""

    key: str
    plugin: str
    small: str
    large: str
    in_use: str
    session: int
    imported: int


def main() -> None:
    report.show("pages", partial(_measure, int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))


def _measure(times: int) -> Measured:
    with data_folder() as folder:
        server = Server(folder)
        try:
            world = _made(server)
            server.start()
            results = [*_pages_of_v2(server, world, times), *_html_pages(server, world, times)]
        finally:
            server.stop()
    return Measured(results, bare_http.limits(int(results[0]["bytes"]), times))


# --- what is measured ---


def _pages_of_v2(server: Server, world: World, times: int) -> Iterator[dict[str, Any]]:
    for who, key, project, count, seen in (
        ("a personal key", world.key, world.small, SMALL, SMALL),
        ("a personal key", world.key, world.large, LARGE, LARGE),
        ("a session's key, all", OVER_ALL, world.large, LARGE, LARGE),
        ("a session's key, a random half", OVER_HALF, world.large, LARGE, LARGE // 2),
    ):
        line = Line(server.port, apikey=key)
        for what in ("assets", "tasks"):
            for place, first in (("first", 1), ("deep", int(seen / PAGE * 0.8))):
                path = f"/v2/project/{project}/{what}?limit={PAGE}&page="
                found = timed(partial(line.get, f"{path}{first}"), times, server.processor_seconds)
                yield _row(found, f"GET /v2/project/…/{what}?limit={PAGE}", assets=count, page=place, asked_with=who)
        line.close()


def _html_pages(server: Server, world: World, times: int) -> Iterator[dict[str, Any]]:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in signed_in(server).cookies)
    visitor = Line(server.port, cookie=cookies)
    for name, path in _html_paths(world).items():
        found = timed(partial(visitor.get, path), times, server.processor_seconds)
        yield _row(found, name)
    visitor.close()


def _html_paths(world: World) -> dict[str, str]:
    project, plugin, session = f"/projects/{world.in_use}/", f"/plugins/{world.plugin}/", f"/sessions/{world.session}/"
    return {
        "home": "/",
        "projects": "/projects/",
        "assets of a project with 100,000": project,
        "its labeling tools": f"{project}labeling-tools/",
        "its batches": f"{project}batches/",
        "its plugins": f"{project}plugins/",
        "its sessions": f"{project}sessions/",
        "its imports": f"{project}imports/",
        "one asset": f"{project}assets/1/",
        "run dialog": f"{project}plugins/{world.plugin}/run/",
        "plugins": "/plugins/",
        "one plugin": plugin,
        "its development": f"{plugin}development/",
        "run history": "/sessions/",
        "session with 20,000 log lines": session,
        "its results": f"{session}results/",
        "its inputs": f"{session}inputs/",
        "its timeline": f"{session}timeline/",
        "an import": f"/imports/{world.imported}/",
    }


def _row(found: dict[str, float], name: str, **more: object) -> dict[str, Any]:
    row = {"name": name, **more, **found}
    told(f"{', '.join(map(str, [name, *more.values()]))}: p50 {found['p50_ms']} ms")
    return row


# --- what is measured on ---


def _made(server: Server) -> World:
    """Patterns through the doors of the server, copies by SQL while it stands."""
    server.start()
    world, sessions = _through_doors(server)
    server.stop()
    with filling.database(server.database) as opened:
        for project, count in ((world.small, SMALL), (world.large, LARGE), (world.in_use, IN_USE)):
            told(f"adding {count:,} assets")
            filling.add_assets(opened, project, count)
        half = NumberSet.of(random.Random(1).sample(range(1, LARGE + 1), LARGE // 2))
        for session, key, numbers in zip(sessions, (OVER_ALL, OVER_HALF), (NumberSet.up_to(LARGE), half), strict=True):
            histories.let_run(opened, session, key, server.folder, numbers)
        histories.let_run(opened, world.session, IN_USE_KEY, server.folder, NumberSet.up_to(IN_USE))
    world.imported = _labels(server, world)
    with filling.database(server.database) as opened:
        histories.end(opened, world.session)
        histories.add_lines(opened, world.session, LINES)
        histories.add_sessions(opened, world.session, SESSIONS)
        filling.settle(opened)
    return world


def _through_doors(server: Server) -> tuple[World, list[int]]:
    api = Api(server)
    plugin = api.plugin()
    projects = [api.project(plugin) for _ in range(3)]
    _, large, in_use = projects
    sessions = [api.run(project, plugin)["id"] for project in (large, large, in_use)]
    return World(api.key, plugin["id"], *projects, session=sessions[2], imported=0), sessions[:2]


def _labels(server: Server, world: World) -> int:
    """An import of the session in use: most items are good."""
    server.start()
    box = {"schemaId": "c" * 24, "bounding-box": {"x": 1, "y": 2, "width": 30, "height": 40}}
    bad = {"schemaId": "c" * 24, "bounding-box": {"x": 1, "y": 2, "width": 0, "height": 40}}
    items = [
        {"externalId": f"image_{n:07}.jpg", "objects": [bad if n <= REJECTED else box]} for n in range(2, LABELED + 1)
    ]
    answer = requests.post(
        f"http://127.0.0.1:{server.port}/v2/import/labels",
        json={"project": world.in_use, "jsonContent": items},
        headers={"apikey": IN_USE_KEY},
        timeout=120,
    )
    server.stop()
    return int(answer.json()["data"]["import"])


if __name__ == "__main__":
    main()
