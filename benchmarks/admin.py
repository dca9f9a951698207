"""The administration with 1,000,000 log lines, 100,000 sessions and 100,000 assets: each list page.

The limit is the list of server processes, which has one row: what such a page costs at the least.
"""

from __future__ import annotations

import re
import sqlite3
import time

import requests

from . import filling, report
from .asking import Api, signed_in
from .server import Server, data_folder, served

LINES, SESSIONS, ASSETS, ROUNDS = 1_000_000, 100_000, 100_000, 9
SEARCHES = {"logline": "?q=7", "session": "?state__exact=cancelled", "asset": "?q=image_0090000.jpg"}


def main() -> None:
    report.show("admin", measure)


def measure() -> report.Measured:
    with data_folder() as folder, served(folder) as server:
        _fill(server)
        line = signed_in(server)
        base = f"http://127.0.0.1:{server.port}"
        index = line.get(f"{base}/admin/", timeout=60).text
        models = sorted(set(re.findall(r'href="/admin/pluginhost/(\w+)/"', index)))
        pages = [(model, "") for model in models] + sorted(SEARCHES.items())
        results = [{"page": f"{model}/{query}", **_timed(line, base, model, query)} for model, query in pages]
        limit = _timed(line, base, "serverprocess", "")
    return report.Measured(results, {"a_list_of_one_row": limit})


def _timed(line: requests.Session, base: str, model: str, query: str) -> report.Row:
    took = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        answer = line.get(f"{base}/admin/pluginhost/{model}/{query}", timeout=120)
        took.append(time.monotonic() - began)
        if answer.status_code != 200:
            raise RuntimeError(f"/admin/pluginhost/{model}/{query}: {answer.status_code}")
    return report.percentiles(took[1:])  # the first one reads templates


def _fill(server: Server) -> None:
    """Through the door one of each, and then copies of them."""
    api = Api(server)
    plugin = api.plugin()
    project = api.project(plugin)
    session = api.run(project, plugin)["id"]
    api.ask("POST", f"/api/v1/sessions/{session}/cancel")
    with filling.database(server.database) as opened:
        filling.add_assets(opened, project, ASSETS)
        _add_sessions(opened, session)
        _add_lines(opened, session)
        filling.settle(opened)


def _add_sessions(opened: sqlite3.Connection, pattern: int) -> None:
    first, last = pattern + 1, pattern + SESSIONS - 1
    filling.copies(opened, "pluginhost_session", pattern, first, last, {"id": "n", "uid": filling.UID})
    for table in ("pluginhost_sessioninputs", "pluginhost_loghead", "pluginhost_sessionreads"):
        filling.copies(opened, table, pattern, first, last, {"session_id": "n"}, key="session_id")


def _add_lines(opened: sqlite3.Connection, pattern: int) -> None:
    """A thousand lines in each of the first thousand sessions."""
    opened.execute(
        "WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < ?) "
        "INSERT INTO pluginhost_logline (session_id, number, at, level, message, extra, came_late) "
        "SELECT ? + n / 1000, n % 1000 + 1, '2026-01-01 00:00:00', 20, 'line ' || n || ' of a log', '', 0 FROM counted",
        (LINES - 1, pattern),
    )
    opened.execute("UPDATE pluginhost_loghead SET last = 1000, info = 1000 WHERE session_id < ?", (pattern + 1000,))


if __name__ == "__main__":
    main()
