"""Settings that are each right and do not fit together: found by `manage.py check` and at each start."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connections
from django.utils import timezone

from pluginhost import script_rules
from pluginhost.models import ServerProcess


@register()
def settings_fit_together(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    has_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if settings.PLUGINHOST_ROLE == "web" and not settings.REDIS_URL:
        found.append(
            Warning(
                "PLUGINHOST_ROLE is «web», but without REDIS_URL nobody else can do the background work.",
                hint="It is done in the web process. Set REDIS_URL, or leave the role out.",
                id="pluginhost.W001",
            )
        )
    if settings.REDIS_URL and has_sqlite:
        found.append(
            Warning(
                "REDIS_URL is set, but the database is SQLite.",
                hint="Several processes on several machines need PostgreSQL: set DATABASE_URL too.",
                id="pluginhost.W002",
            )
        )
    if settings.PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT > settings.PLUGINHOST_MESSAGE_LIMIT:
        found.append(
            Error(
                "PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT is larger than PLUGINHOST_MESSAGE_LIMIT.",
                hint="What a stranger may send must not be more than what a known script may send.",
                id="pluginhost.E001",
            )
        )
    if settings.PLUGINHOST_MANAGED_SCRIPTS == "1" and not script_rules.listens_on_loopback():
        found.append(
            Error(
                f"PLUGINHOST_MANAGED_SCRIPTS is 1, and PLUGINHOST_HOST is {settings.PLUGINHOST_HOST}, which others can "
                "reach: who owns a plugin could run programs on this machine.",
                hint="If that is meant, set PLUGINHOST_MANAGED_SCRIPTS=public; else serve on 127.0.0.1.",
                id="pluginhost.E003",
            )
        )
    if not all(_is_encryption_key(key) for key in settings.PLUGINHOST_ENCRYPTION_KEYS):
        found.append(
            Error(
                "PLUGINHOST_ENCRYPTION_KEYS has a word that is no key.",
                hint="A key is 32 bytes in URL-safe base64, as `cryptography.fernet.Fernet.generate_key()` makes it.",
                id="pluginhost.E002",
            )
        )
    return found


def _is_encryption_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


@register("database")
def nobody_serves_unheard(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Several web processes that have no layer in common: each hears late of what happens in the other."""
    database = connections["default"]
    if settings.REDIS_URL or not databases or database.vendor == "sqlite":  # there the data directory is locked
        return []
    if ServerProcess._meta.db_table not in database.introspection.table_names():
        return []
    alive = ServerProcess.objects.filter(role="web", ended_at=None, lease_until__gt=timezone.now())
    return [
        Warning(
            f"Another web process ({other}) serves on this database, and without REDIS_URL they share no layer.",
            hint="Pages and scripts of one hear late of what happens in the other. Set REDIS_URL for both.",
            id="pluginhost.W003",
        )
        for other in alive
        if not _is_sibling(other)
    ]


def _is_sibling(other: ServerProcess) -> bool:
    """Whether it is the one that we are about to replace: both have the same parent."""
    try:
        status = Path(f"/proc/{other.pid}/status").read_text()
    except OSError:
        return False
    return other.host == socket.gethostname()[:255] and f"\nPPid:\t{os.getppid()}\n" in status
