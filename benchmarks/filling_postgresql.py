"""As `filling` and `histories`, in PostgreSQL: what the benchmark of imports needs of them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from pluginhost.protocol.numbers import NumberSet

_UID = "'f0' || lpad(to_hex(n), 22, '0')"


@contextlib.contextmanager
def database(url: str) -> Iterator[psycopg.Connection]:
    """To write to while the server is idle; committed and closed at the end."""
    with psycopg.connect(url) as opened:
        yield opened


def add_assets(opened: psycopg.Connection, project_uid: str, count: int) -> None:
    """Assets and their tasks until the project has `count`; it must have one."""
    project = _one(opened, "SELECT id FROM pluginhost_project WHERE uid = %s", project_uid)
    asset = _one(opened, "SELECT id FROM pluginhost_asset WHERE project_id = %s", project)
    own = {
        "uid": _UID,
        "number": "n",
        "external_id": "'image_' || lpad(n::text, 7, '0') || '.jpg'",
        "data": "'https://example.org/images/' || lpad(n::text, 7, '0') || '.jpg'",
        "data_digest": "lpad(to_hex(n), 32, '0')",
    }
    _copies(opened, "pluginhost_asset", "id", asset, f"generate_series(2, {count}) AS n", own)
    others = f"(SELECT id AS asset, number AS n FROM pluginhost_asset WHERE project_id = {project} AND number > 1) AS a"
    _copies(opened, "pluginhost_task", "asset_id", asset, others, {"uid": _UID, "asset_id": "asset"})
    opened.execute(
        "UPDATE pluginhost_projecthead SET last_number = %s, assets = %s WHERE project_id = %s", (count, count, project)
    )


def _copies(opened: psycopg.Connection, table: str, key: str, pattern: int, others: str, own: dict[str, str]) -> None:
    """Rows like the one whose `key` is `pattern`; `own` has SQL for what differs."""
    found = opened.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'", [table]
    )
    names = [name for (name,) in found]
    values = ", ".join(own.get(name, f'pattern."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {others}, {table} AS pattern"
    opened.execute(f"{statement} WHERE pattern.{key} = {pattern} ORDER BY n".encode())


def let_run(opened: psycopg.Connection, session: int, key: str, folder: Path, numbers: NumberSet) -> None:
    """A queued session as if a script had taken it: running, with this key, over these assets."""
    project = _one(opened, "SELECT project_id FROM pluginhost_session WHERE id = %s", session)
    kept = (project, numbers.digest(), len(numbers), numbers.to_bytes())
    opened.execute(
        "INSERT INTO pluginhost_scope (project_id, digest, count, numbers_stored, created_at) "
        "VALUES (%s, %s, %s, %s, now()) ON CONFLICT DO NOTHING",
        kept,
    )
    scope = _one(opened, "SELECT id FROM pluginhost_scope WHERE project_id = %s AND digest = %s", *kept[:2])
    digest = hmac.new((folder / "keys" / "digest_key").read_bytes().strip(), key.encode(), hashlib.sha256)
    opened.execute(
        "UPDATE pluginhost_session SET state = 'running', started_at = now(), sent_at = now(), last_sign_at = now(), "
        "key_digest = %s, scope_id = %s WHERE id = %s",
        (digest.hexdigest(), scope, session),
    )


def settle(opened: psycopg.Connection) -> None:
    """Statistics for the planner, as a database in use has them."""
    opened.execute("ANALYZE")


def _one(opened: psycopg.Connection, query: str, *values: object) -> int:
    row = opened.execute(query.encode(), values).fetchone()
    if row is None:
        raise RuntimeError(f"nothing is found by {query}")
    return int(row[0])


@contextlib.contextmanager
def new_database(server: str, name: str) -> Iterator[str]:
    """An empty one on the server that this address leads to, gone at the end; its address."""
    named = sql.Identifier(name)
    with contextlib.closing(psycopg.connect(server, autocommit=True)) as opened:
        opened.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template1").format(named))
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            opened.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))
