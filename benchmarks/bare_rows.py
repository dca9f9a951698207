"""What the machine allows: an import's body decoded at once, nothing checked, and its rows inserted as they are."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

_ROWS_IN_A_TRANSACTION = 1_000
TABLE = """
    CREATE TABLE row_of (
        id integer PRIMARY KEY AUTOINCREMENT, place integer NOT NULL, content text NOT NULL,
        digest varchar(32) NOT NULL, objects integer NOT NULL, is_unchanged bool NOT NULL,
        asset bigint NOT NULL, origin bigint NOT NULL,
        UNIQUE (origin, asset)
    );
    CREATE INDEX row_by_asset ON row_of (asset);
    CREATE INDEX row_by_origin ON row_of (origin);
    CREATE INDEX row_by_place ON row_of (origin, place);
"""
_INTO = "INSERT INTO row_of (place, content, digest, objects, is_unchanged, asset, origin) VALUES (?, ?, ?, ?, ?, ?, ?)"


def seconds(body: bytes, folder: Path) -> float:
    """Of the processor, for all of it."""
    path = folder / "bare.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("PRAGMA synchronous=NORMAL")
        opened.executescript(TABLE)
        began = time.process_time()
        _insert(opened, msgspec.json.decode(body)["jsonContent"])
        took = time.process_time() - began
    path.unlink()
    return took


def _insert(opened: sqlite3.Connection, items: list[Any]) -> None:
    rows = map(_row, range(len(items)), items)
    while some := list(islice(rows, _ROWS_IN_A_TRANSACTION)):
        opened.execute("BEGIN IMMEDIATE")
        opened.executemany(_INTO, some)
        opened.execute("COMMIT")


def _row(place: int, item: dict[str, Any]) -> tuple[Any, ...]:
    return place, msgspec.json.encode(item["objects"]).decode(), "0" * 32, 1, 0, place + 1, 1
