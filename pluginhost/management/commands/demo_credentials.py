"""`manage.py demo_credentials`: with what the demo's Shape finder connects, as lines for a shell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pluginhost.actions import demo
from pluginhost.errors import PluginhostError


class Command(BaseCommand):
    help = "Prints ID and secret of the demo's Shape finder, as PLUGINHOST_ID=… and PLUGINHOST_SECRET=…"

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = demo.credentials()
        except PluginhostError as error:
            raise CommandError(error.sentence) from None
        for name, value in found.items():
            self.stdout.write(f"{name}={value}")
