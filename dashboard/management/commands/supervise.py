"""`manage.py supervise`: keeps managed scripts; `serve` has a child that does, so this is for further machines."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import DatabaseError

from dashboard.serve.options import url_of
from dashboard.serve.supervise import Supervise

EPILOG = """
what it does:
  It starts the scripts that owners want to run (a plugin's tab «Supervision»), keeps them alive, and stops them:
  back-off 1 s, doubled, at most 5 min; given up after 6 starts in a row that did not stay up. What they print goes to
  scripts/<plugin>/output/ in the data directory.

several of them:
  Any number, on any number of machines, with the same DATABASE_URL, keys and data directory (a shared folder). Each
  script is kept by exactly one; when that one dies, another takes over, at the latest after PLUGINHOST_LEASE_SECONDS.
  `manage.py serve` has one of its own unless it is started with --role web.

signals:
  Ctrl-C, SIGTERM   stop every script (its stop signal, at most 3 s of patience, then kill), then end
  SIGKILL           its scripts end with it, too
  SIGHUP            nothing: scripts go on

examples:
  manage.py supervise                                    scripts connect to this machine's server
  manage.py supervise --url https://pluginhost.example   scripts connect to that one

also read: PLUGINHOST_MANAGED_SCRIPTS (which scripts may be started), PLUGINHOST_SCRIPT_PATHS,
PLUGINHOST_SCRIPT_VARIABLES, PLUGINHOST_DATA_DIR, DATABASE_URL, REDIS_URL. See docs/supervision.md.
"""


class _Formatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    pass


class Command(BaseCommand):
    help = "Keep managed scripts: start those that are wanted, start them again when they fall over, stop the others."
    requires_migrations_checks = True

    def create_parser(self, prog_name: str, subcommand: str, **given: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=_Formatter, epilog=EPILOG, **given)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url",
            default="",
            help="the address that scripts connect to (PLUGINHOST_URL, or this machine's PLUGINHOST_PORT)",
        )

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        host = url or settings.PLUGINHOST_URL or url_of(settings.PLUGINHOST_HOST, settings.PLUGINHOST_PORT)
        if not host.startswith(("http://", "https://")):
            raise CommandError(f"--url is «{host}»; it must begin with http:// or https://.")
        sys.stdout.write(f"Keeping managed scripts; they connect to {host}. Ctrl-C stops them.\n")
        sys.stdout.flush()
        try:
            Supervise(host.rstrip("/")).run()
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}. Has the server been started once?") from None
