"""From the click on Run to the order at the script, and how soon a queue of a thousand is claimed.

The limit is the bare Socket.IO server: an HTTP request that emits an order at once.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from typing import Any

from . import bare, report
from .asking import Api
from .peers import Peer
from .server import data_folder, served

RUNS, QUEUED = 200, 1_000


def main() -> None:
    report.show("claims", measure)


def measure() -> report.Measured:
    with data_folder() as folder, served(folder, ping_interval=3600) as server:  # nobody reads while it asks
        api = Api(server)
        plugin = api.plugin()
        project = api.project(plugin)
        peer = Peer(server.port)
        peer.greet(plugin)
        one_by_one = [_timed(lambda: api.run(project, plugin), peer, answers=True) for _ in range(RUNS)]
        queue = _queue(api, project, plugin, peer)
    results = [{"case": "run to order", "runs": RUNS, **report.percentiles(one_by_one)}, queue]
    return report.Measured(results, {"bare_socketio": _bare()})


def _timed(ask: Callable[[], Any], peer: Peer, *, answers: bool) -> float:
    began = time.monotonic()
    ask()
    order = peer.wait_for_order()
    took = time.monotonic() - began
    if answers:
        peer.emit("response", {"response": "done", "session": order["session"]})
    return took


def _queue(api: Api, project: str, plugin: dict[str, Any], peer: Peer) -> dict[str, Any]:
    """A thousand wait while the script is busy with another; then it takes one after the other."""
    api.run(project, plugin)
    busy_with = peer.wait_for_order()
    for _ in range(QUEUED):
        api.run(project, plugin)
    began, session = time.monotonic(), busy_with["session"]
    for _ in range(QUEUED):
        peer.emit("response", {"response": "done", "session": session})
        session = peer.wait_for_order()["session"]
    took = time.monotonic() - began
    return {"case": "a queue, answered at once", "runs": QUEUED, "claims_per_s": round(QUEUED / took)}


def _bare() -> dict[str, Any]:
    with bare.bare_server() as port:
        peer = Peer(port)
        peer.greet(bare.PLUGIN)
        peer.wait_for_order()
        ask = lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/run", timeout=10).read()  # noqa: E731
        return report.percentiles([_timed(ask, peer, answers=False) for _ in range(RUNS)])


if __name__ == "__main__":
    main()
