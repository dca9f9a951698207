"""`manage.py createapikey <username>`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pluginhost.actions import api_keys
from pluginhost.models import User


class Command(BaseCommand):
    requires_system_checks = ()  # what they say would stand beside the key
    help = (
        "Makes a new API key for a user and prints it, alone on a line. It is shown this once: keep it. "
        "With it programs act as that user on /api/v1 and /v2."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Whose key it is.")
        parser.add_argument("--name", default="Made on the command line", help="What it is for, to tell keys apart.")

    def handle(self, *args: Any, username: str, name: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user «{username}». Users are made in the administration, at /admin/.")
        if not user.is_active:
            raise CommandError(f"The user «{username}» is not active; a key of theirs would not be let in.")
        self.stdout.write(api_keys.create(user, name))
