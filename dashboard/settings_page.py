"""docs/settings.md, written from what the code reads: defaults and ranges are the code's own, the words stand here."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard import environment
from dashboard.environment import Number

HEAD = """# Settings

All are environment variables; none has to be set. A bad value stops the start and names its variable. Sizes are in
bytes, times in seconds. `serve` has options for some: `--host`, `--port`, `--data-dir`, `--no-demo`, and `--role`.

(Written by `python manage.py settingspage > docs/settings.md` from what the code reads.)
"""

SECTIONS: dict[str, dict[str, str]] = {
    "Where it is": {
        "PLUGINHOST_HOST": "address to listen on; `0.0.0.0` for all",
        "PLUGINHOST_PORT": "port to listen on; `0` for a free one",
        "PLUGINHOST_DATA_DIR": "database, keys, uploaded files; every management command reads it",
        "PLUGINHOST_DEMO": "make the demo at the first start",
        "PLUGINHOST_ADMIN_PASSWORD": "the password of the first admin, at the first start",
        "PLUGINHOST_URL": "the public address, for snippets and mails; `https://` makes cookies secure",
        "PLUGINHOST_ALLOWED_HOSTS": "further names under which the server is reached",
        "PLUGINHOST_TRUSTED_PROXIES": "addresses of proxies whose `X-Forwarded-*` headers are believed",
        "PLUGINHOST_LOG_LEVEL": "what the server's own log holds",
        "DJANGO_DEBUG": "Django's error pages; never in public",
    },
    "Several processes": {
        "DATABASE_URL": "`postgresql://…`",
        "REDIS_URL": "channel layer, cache and Celery broker",
        "PLUGINHOST_ROLE": "`web` leaves background work to `celery -A dashboard worker` and `… beat`",
        "PLUGINHOST_LEASE_SECONDS": "a process that has not renewed its lease for so long counts as dead",
        "PLUGINHOST_LINGER_SECONDS": "after a reload, the old process stays at most so long for scripts at work",
    },
    "Managed scripts": {
        "PLUGINHOST_MANAGED_SCRIPTS": "whether plugins' owners may have this server run their scripts: `1` where it "
        "listens on a loopback address alone, `public` on any; the demo's own script may always be started",
        "PLUGINHOST_SCRIPT_PATHS": "folders of this machine, separated by `:`, in which such scripts may lie, too",
        "PLUGINHOST_SCRIPT_VARIABLES": "names of the server's own environment variables that scripts are given",
        "PLUGINHOST_SCRIPT_LIMIT": "an uploaded script, unpacked",
        "PLUGINHOST_SCRIPT_OUTPUT_LIMIT": "what is kept of all that an instance prints",
    },
    "Keys": {
        "SECRET_KEY": "signs cookies and file addresses",
        "PLUGINHOST_DIGEST_KEY": "keys the digests of API keys and secrets; with another one none is good any more",
        "PLUGINHOST_ENCRYPTION_KEYS": "encrypt the plugins' secrets; the first is used, the others still read",
    },
    "Limits on what comes": {
        "PLUGINHOST_MESSAGE_LIMIT": "a message of a script that was let in, also its response",
        "PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT": "a message before that",
        "PLUGINHOST_LINE_LIMIT": "a log line; longer ones are cut and say so",
        "PLUGINHOST_EXTRA_LIMIT": "a log line's further fields",
        "PLUGINHOST_LINES_LIMIT": "the log lines kept for a session",
        "PLUGINHOST_BODY_LIMIT": "a request's body",
        "PLUGINHOST_IMPORT_LIMIT": "an import's body",
        "PLUGINHOST_UPLOAD_LIMIT": "an uploaded file",
        "PLUGINHOST_CONFIG_LIMIT": "a Config JSON",
        "PLUGINHOST_EXPORT_BACKGROUND_ITEMS": "an export of more items is built by Celery, a smaller one at once",
        "PLUGINHOST_EXPORT_BUILDERS": "exports that are built by Celery at the same time; the others wait",
    },
    "Times": {
        "PLUGINHOST_GRACE_SECONDS": "so long a session whose connection broke may come back; then it has crashed",
        "PLUGINHOST_ADOPTION_SECONDS": "a connection from the same address within it is taken for the same script",
        "PLUGINHOST_ADOPTION_SECONDS_POLLING": "the same for clients that begin with long polling",
        "PLUGINHOST_RETRY_SECONDS": "so long after its crash a session is run again by itself; then twice that, …",
        "PLUGINHOST_CANCEL_SECONDS": "how long a cancelled session may still wait for its script",
        "PLUGINHOST_ANONYMOUS_SECONDS": "a socket that never says who it is is closed after it",
        "PLUGINHOST_QUARANTINE_PER_ADDRESS": "so many refused sockets an address may keep open",
        "PLUGINHOST_QUARANTINE_SECONDS": "those beyond are closed after it",
        "PLUGINHOST_SWEEP_SECONDS": "how often limits are looked after",
        "PLUGINHOST_EXPORT_WAIT_SECONDS": "how long a program that asks for an export is kept waiting for it",
        "PLUGINHOST_PROBE_SECONDS": "how often it is measured how long a script takes to answer",
        "PLUGINHOST_PING_INTERVAL": "how often scripts are asked whether they are there",
        "PLUGINHOST_PING_TIMEOUT": "how long they may take to answer",
    },
}

INTRODUCTIONS = {
    "Managed scripts": "They run as the server's user and can do what it can: [who may](supervision.md#who-may).",
    "Keys": "They are made at the first start, in `keys/` of the data directory, readable by the owner only. Several "
    "machines need the\nsame ones.",
    "Times": "A plugin's own limits (24 hours in all, 30 minutes without a sign of life) are set on its page.",
}

IN_WORDS = {
    "PLUGINHOST_DATA_DIR": "`var` in the checkout",
    "PLUGINHOST_ADMIN_PASSWORD": "made up, printed once",
    "PLUGINHOST_ALLOWED_HOSTS": "this machine's names and addresses",
    "PLUGINHOST_LOG_LEVEL": "`INFO`, `WARNING` for libraries",
    "DATABASE_URL": "SQLite in the data directory",
    "REDIS_URL": "none: one process with everything",
    "PLUGINHOST_ROLE": "`all`",
    "SECRET_KEY": "made",
    "PLUGINHOST_DIGEST_KEY": "made",
    "PLUGINHOST_ENCRYPTION_KEYS": "made",
}
"""Defaults that no value of the code says."""


def markdown() -> str:
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    for section, variables in SECTIONS.items():
        yield f"## {section}\n"
        if section in INTRODUCTIONS:
            yield f"{INTRODUCTIONS[section]}\n"
        yield "| variable | default | may be | what it does |\n|---|---|---|---|"
        for name, what in variables.items():
            yield f"| `{name}` | {_default(name)} | {_range(name)} | {what} |"
        yield ""


def _default(name: str) -> str:
    if name in IN_WORDS:
        return IN_WORDS[name]
    found = environment.READ[name]
    if isinstance(found, Number):
        return _amount(name, found.default)
    if isinstance(found, bool):
        return "`1`" if found else "`0`"
    return f"`{found}`" if found else "none"


def _range(name: str) -> str:
    found = environment.READ.get(name)
    if isinstance(found, bool):
        return "`0`, `1`"
    if name == "PLUGINHOST_MANAGED_SCRIPTS":
        return "`0`, `1`, `public`"
    if name == "PLUGINHOST_ROLE":
        return ", ".join(f"`{role}`" for role in environment.ROLES)
    if not isinstance(found, Number):
        return ""
    least = _amount(name, found.least)
    return f"{least} or more" if found.most >= 2**53 else f"{least} to {_amount(name, found.most)}"


def _amount(name: str, value: int) -> str:
    """Sizes as people say them, beside the bytes that are typed."""
    is_size = name.endswith("_LIMIT") and name != "PLUGINHOST_LINES_LIMIT"
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if is_size and value >= size and value % size == 0:
            return f"{value:,} ({value // size} {unit})"
    return f"{value:,}" if value >= 10_000 and not name.endswith("_PORT") else f"{value}"
