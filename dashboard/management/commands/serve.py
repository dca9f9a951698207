"""`manage.py serve`: see dashboard/serve. `manage.py` itself goes there directly, before any setting is read."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboard.serve import options
from dashboard.serve.command import serve


class Command(BaseCommand):
    help = options.DESCRIPTION
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        options.add_to(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        raise SystemExit(serve(argparse.Namespace(**given)))
