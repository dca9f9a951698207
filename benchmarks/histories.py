"""Sessions by SQL, beside `filling`: long histories, long logs, and sessions as if a script had taken them."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from pathlib import Path

from pluginhost.protocol.numbers import NumberSet

from .filling import copies, uid

NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"


def add_sessions(opened: sqlite3.Connection, pattern: int, count: int) -> None:
    """Older sessions like `pattern`, one a minute, with their inputs and log heads; each eighth has failed."""
    newest = opened.execute("SELECT max(id) FROM pluginhost_session").fetchone()[0]
    pk = f"{newest} + n"
    own = {
        "id": pk,
        "uid": uid(pk),
        "state": "CASE n % 8 WHEN 0 THEN 'failed' ELSE 'succeeded' END",
        "key_digest": "NULL",
        "idempotency_key": "NULL",
        "created_at": f"strftime('%Y-%m-%d %H:%M:%f', 'now', (n - {count + 1}) || ' minutes')",
    }
    own |= dict.fromkeys(("started_at", "sent_at", "last_sign_at", "finished_at"), own["created_at"])
    copies(opened, "pluginhost_session", pattern, 1, count, own)
    for table in ("pluginhost_sessioninputs", "pluginhost_loghead"):
        copies(opened, table, pattern, 1, count, {"session_id": pk}, key="session_id")


def add_lines(opened: sqlite3.Connection, session: int, count: int) -> None:
    """Log lines 1 to `count` of a session that has none, of all levels."""
    opened.execute(
        "WITH RECURSIVE counted(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM counted WHERE n < ?) "
        "INSERT INTO pluginhost_logline (session_id, number, at, level, message, extra, came_late) "
        f"SELECT ?, n, {NOW}, 10 * (1 + n % 4), 'asset ' || n || ' of {count}: 3 objects found, 0.25 s', '', 0 "
        "FROM counted",
        (1, count, session),
    )
    each = count // 4
    opened.execute(
        "UPDATE pluginhost_loghead SET last = ?, bytes = ?, debug = ?, info = ?, warning = ?, error = ? "
        "WHERE session_id = ?",
        (count, 60 * count, each, each, each, each, session),
    )


def let_run(opened: sqlite3.Connection, session: int, key: str, folder: Path, numbers: NumberSet) -> None:
    """A queued session as if a script had taken it: running, with this key, over these assets."""
    stored = numbers.to_bytes()
    project = opened.execute("SELECT project_id FROM pluginhost_session WHERE id = ?", (session,)).fetchone()[0]
    opened.execute(
        "INSERT INTO pluginhost_scope (project_id, digest, count, numbers_stored, created_at) "
        f"VALUES (?, ?, ?, ?, {NOW}) ON CONFLICT DO NOTHING",
        (project, numbers.digest(), len(numbers), stored),
    )
    scope = opened.execute(
        "SELECT id FROM pluginhost_scope WHERE project_id = ? AND digest = ?", (project, numbers.digest())
    ).fetchone()
    digest = hmac.new((folder / "keys" / "digest_key").read_bytes().strip(), key.encode(), hashlib.sha256)
    opened.execute(
        f"UPDATE pluginhost_session SET state = 'running', started_at = {NOW}, sent_at = {NOW}, last_sign_at = {NOW}, "
        "key_digest = ?, scope_id = ? WHERE id = ?",
        (digest.hexdigest(), scope[0], session),
    )


def end(opened: sqlite3.Connection, session: int) -> None:
    opened.execute(
        f"UPDATE pluginhost_session SET state = 'succeeded', finished_at = {NOW} WHERE id = ?",
        (session,),
    )
