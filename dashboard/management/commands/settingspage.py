"""`manage.py settingspage`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from dashboard import settings_page


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Prints docs/settings.md: every environment variable that is read, with its default and what it may be."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(settings_page.markdown().rstrip())
