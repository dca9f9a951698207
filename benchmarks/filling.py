"""Filling a server's SQLite database by SQL, since a million assets through the door would take minutes.

What is made through the door first is the pattern: each further row is a copy of one that is there, with a few
columns of its own. So a column that a model gets later is filled here as well.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

UID = "lower(hex(randomblob(12)))"
_COUNTING = "WITH RECURSIVE counted(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM counted WHERE n < ?)"


@contextlib.contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """To write to while the server is idle; committed and closed at the end."""
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("PRAGMA synchronous=OFF")
        opened.execute("PRAGMA cache_size=-200000")
        opened.execute("PRAGMA temp_store=MEMORY")
        with opened:
            yield opened


def copies(
    opened: sqlite3.Connection,
    table: str,
    pattern: int,
    first: int,
    last: int,
    own: Mapping[str, str],
    *,
    key: str = "id",
) -> None:
    """Rows for n from `first` to `last` like the one whose `key` is `pattern`; `own` has SQL for what differs."""
    names = [row[1] for row in opened.execute(f"PRAGMA table_info({table})") if row[1] != "id" or "id" in own]
    values = ", ".join(own.get(name, f"pattern.{name}") for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    opened.execute(
        f"{_COUNTING} INSERT INTO {table} ({columns}) SELECT {values} FROM counted, {table} AS pattern "
        f"WHERE pattern.{key} = ? ORDER BY n",
        (first, last, pattern),
    )


def uid(number: str) -> str:
    """SQL for an identifier in the order of the rows, as real ones are; random ones fill an index ten times slower."""
    return f"printf('f0%022x', {number})"


def add_assets(opened: sqlite3.Connection, project_uid: str, count: int) -> None:
    """Assets and their tasks until the project has `count`; it must have at least one."""
    project, last = opened.execute(
        "SELECT id, last_number FROM pluginhost_project JOIN pluginhost_projecthead ON project_id = id WHERE uid = ?",
        (project_uid,),
    ).fetchone()
    asset, task = opened.execute(
        "SELECT a.id, t.id FROM pluginhost_asset a JOIN pluginhost_task t ON t.asset_id = a.id WHERE a.project_id = ?",
        (project,),
    ).fetchone()
    newest = opened.execute("SELECT max(id) FROM pluginhost_asset").fetchone()[0]
    own = {
        "id": f"{newest - last} + n",
        "uid": uid(f"{newest - last} + n"),
        "number": "n",
        "external_id": "printf('image_%07d.jpg', n)",
        "data": "printf('https://example.org/images/%07d.jpg', n)",
        "data_digest": "printf('%032x', n)",
    }
    copies(opened, "pluginhost_asset", asset, last + 1, count, own)
    own = {"uid": uid(f"{newest - last} + n"), "asset_id": f"{newest - last} + n"}
    copies(opened, "pluginhost_task", task, last + 1, count, own)
    opened.execute(
        "UPDATE pluginhost_projecthead SET last_number = ?, assets = ? WHERE project_id = ?", (count, count, project)
    )


def settle(opened: sqlite3.Connection) -> None:
    """Statistics for the planner, as a database in use has them."""
    opened.execute("ANALYZE")
