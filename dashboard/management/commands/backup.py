"""`manage.py backup <archive>`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import backup


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Writes one .tar.gz with the SQLite database as it is at this moment, the keys, the uploaded files and "
        "scripts. The server may run meanwhile. To go back: stop the server, unpack it into an empty data directory, "
        "start it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path, help="The file to write, for example pluginhost-monday.tar.gz.")

    def handle(self, *args: Any, archive: Path, **options: Any) -> None:
        if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
            raise CommandError(
                "The database is PostgreSQL: save it with «pg_dump --format=custom $DATABASE_URL», and the folders "
                f"keys and files in {settings.PLUGINHOST_DATA_DIR} beside it."
            )
        try:
            written = backup.write(settings.PLUGINHOST_DATA_DIR, archive)
        except OSError as error:
            raise CommandError(f"No backup was written: {error}") from None
        self.stdout.write(
            f"{written} ({written.stat().st_size:,} bytes) holds the secrets, too: keep it as safe as them."
        )
