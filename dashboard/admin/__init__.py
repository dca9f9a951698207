"""The administration: every table, for the administrators of the installation.

It shows what is there and asks the verbs in `actions` for whatever changes; it writes nothing itself.
"""

from . import (
    access_keys,
    assets,
    audit,
    connections,
    exports,
    imports,
    issues,
    logs,
    notifications,
    organizations,
    plugins,
    projects,
    retention,
    scripts,
    sessions,
    users,
)
from .site import site

__all__ = [
    "access_keys",
    "assets",
    "audit",
    "connections",
    "exports",
    "imports",
    "issues",
    "logs",
    "notifications",
    "organizations",
    "plugins",
    "projects",
    "retention",
    "scripts",
    "sessions",
    "site",
    "users",
]
