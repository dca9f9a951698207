"""What must be there before the first page: static files, tables, the first admin, the demo."""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.core import checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from dashboard import environment
from pluginhost.actions import demo, organizations
from pluginhost.models import User

logger = logging.getLogger(__name__)


def prepare() -> None:
    """Safe to do again at each start."""
    _check()
    _collect_static()
    _migrate()
    _make_first_admin()
    if settings.PLUGINHOST_DEMO:
        _make_demo()


def _check() -> None:
    """Settings that do not fit together stop the start, or are told of, with their hint."""
    for message in checks.run_checks(databases=["default"]):
        sentence = f"{message.msg} {message.hint or ''}".strip()
        if message.is_serious() and not message.is_silenced():
            raise SystemCheckError(sentence)
        if str(message.id).startswith("pluginhost."):
            logger.warning("%s", sentence)


def _collect_static() -> None:
    """Copy them into the data directory: what is served must not change while a checkout is brought up to date."""
    call_command("collectstatic", verbosity=0, interactive=False)


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return  # the command itself takes a third of a second even when there is nothing to do
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # one of several servers that start at once
            cursor.execute("SELECT pg_advisory_lock(hashtext('pluginhost.migrate'))")
    call_command("migrate", verbosity=0, interactive=False)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('pluginhost.migrate'))")


def _make_first_admin() -> None:
    given = environment.text("PLUGINHOST_ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(12)
    admin = organizations.create_first_admin(password)
    if admin and not given:
        print(f"\nSign in as «{admin.username}» with the password «{password}» (it is shown this once).", flush=True)  # noqa: T201


def _make_demo() -> None:
    admin = User.objects.filter(is_superuser=True).order_by("pk").first()
    if admin is not None:
        demo.make(admin)
