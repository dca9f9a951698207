"""The command line of `serve`: each option is a setting, and goes into the environment for the children."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from dashboard import environment

DATA_DIR = Path(__file__).resolve().parent.parent.parent / "var"
DESCRIPTION = "Run Pluginhost: pages, the scripts' door, the API, background work and managed scripts, until Ctrl-C."
EPILOG = """
Without any option it serves on http://127.0.0.1:8000 with SQLite in var/. The first start makes the keys, the
tables, the user admin (its password is printed once) and the demo. Each option is also an environment variable;
the option wins.

signals:
  Ctrl-C, SIGTERM   end everything within 5 seconds; what was received is stored
  SIGHUP            hand over to a fresh process without refusing a connection, as after an upgrade

also read: PLUGINHOST_ADMIN_PASSWORD (the first admin's), PLUGINHOST_ALLOWED_HOSTS and PLUGINHOST_URL (names this
server is reached under), PLUGINHOST_TRUSTED_PROXIES, PLUGINHOST_MANAGED_SCRIPTS (whether owners of plugins may have
their scripts run here), DATABASE_URL (PostgreSQL), REDIS_URL (several processes).
"""


@dataclass(frozen=True)
class Options:
    host: str
    port: int
    role: str
    folder: Path


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options; each is None until it is given."""
    parser.add_argument("--host", help="address to listen on; 0.0.0.0 or :: for all (PLUGINHOST_HOST, 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on; 0 for a free one (PLUGINHOST_PORT, 8000)")
    parser.add_argument(
        "--data-dir", metavar="FOLDER", help="where database, keys and files are kept (PLUGINHOST_DATA_DIR, var/)"
    )
    parser.add_argument("--no-demo", action="store_true", default=None, help="make no demo (PLUGINHOST_DEMO=0)")
    parser.add_argument(
        "--role",
        choices=environment.ROLES,
        help="all: everything (the default). web: with REDIS_URL, leave the background work to "
        "`celery -A dashboard worker` and `celery -A dashboard beat`, and managed scripts to `manage.py supervise` "
        "(PLUGINHOST_ROLE)",
    )


def put_into_environment(given: argparse.Namespace) -> None:
    """Settings are read from the environment, here and in the children."""
    values = {
        "PLUGINHOST_HOST": given.host,
        "PLUGINHOST_PORT": given.port,
        "PLUGINHOST_DATA_DIR": given.data_dir,
        "PLUGINHOST_DEMO": "0" if given.no_demo else None,
        "PLUGINHOST_ROLE": given.role,
    }
    os.environ.update({name: value for name, value in values.items() if value is not None})
    if folder := environment.text("PLUGINHOST_DATA_DIR"):  # children have another working directory
        os.environ["PLUGINHOST_DATA_DIR"] = str(Path(folder).expanduser().absolute())


def from_environment() -> Options:
    """What the parent itself needs to know; ImproperlyConfigured names the variable that is wrong."""
    host = environment.text("PLUGINHOST_HOST", "127.0.0.1") or "127.0.0.1"
    port = environment.number("PLUGINHOST_PORT", 8000, 0, 65_535)
    return Options(host, port, environment.role("PLUGINHOST_ROLE"), environment.folder("PLUGINHOST_DATA_DIR", DATA_DIR))


def url_of(host: str, port: int) -> str:
    """How to reach a server that listens there from this machine."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{shown}]' if is_ipv6(shown) else shown}:{port}"


def is_ipv6(host: str) -> bool:
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False
