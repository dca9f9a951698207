"""Alice owns, Bob is a member (a viewer), Charlie is a stranger."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from pluginhost.actions import organizations, processes
from pluginhost.models import Organization, Plugin, Project, User

from . import makers
from .browser import browser, page  # noqa: F401
from .ledgers import sent, staged  # noqa: F401
from .own_client import own_script  # noqa: F401
from .scripts import script  # noqa: F401
from .server import Server, _shared_folder, new_server, server  # noqa: F401

# A slow machine is no fault. The gate tries the same examples each time, a developer's machine ever new ones.
settings.register_profile(
    "unhurried",
    deadline=None,
    derandomize=bool(os.environ.get("PLUGINHOST_REQUIRE_ALL")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and count as deselected, what is about the other database. What takes longest begins first.

    What goes through real programs may be tried twice, since a machine may stop for seconds; the summary names it.
    """
    others = ("sqlite", "looks") if connection.vendor == "postgresql" else ("postgresql",)
    left_out = [item for item in items if any(map(item.get_closest_marker, others))]
    items[:] = [item for item in items if not any(map(item.get_closest_marker, others))]
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if item.get_closest_marker("story"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failed test shows what its server said; where everything is required, a skipped test is a failed one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("PLUGINHOST_REQUIRE_ALL") == "1":
        report.outcome, report.longrepr = "failed", f"skipped where everything is required: {report.longrepr}"
    started = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Server)]
    if report.failed and started:
        report.sections.append(("server", started[0].said()[-6000:]))
    return report


@pytest.fixture(scope="session", autouse=True)
def nobody_left_in_the_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Threads that last keep their connections, and PostgreSQL drops no database that somebody is in."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is the serving process that another test began to be."""
    monkeypatch.setattr(processes, "_current", None)


@pytest.fixture
def alice(db: None) -> User:
    return makers.make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    return makers.make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    return makers.make_user("charlie")


@pytest.fixture
def rita(organization: Organization) -> User:
    """A runner: she works on tasks, and sets nothing up."""
    rita = makers.make_user("rita")
    organizations.set_member(organization, rita, "runner")
    return rita


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


@pytest.fixture
def as_charlie(client: Client, charlie: User) -> Client:
    client.force_login(charlie)
    return client


@pytest.fixture
def organization(alice: User, bob: User) -> Organization:
    return makers.make_organization(alice, viewer=bob)


@pytest.fixture
def plugin(alice: User, organization: Organization) -> Plugin:
    return makers.make_plugin(alice, organization)


@pytest.fixture
def project(alice: User, organization: Organization) -> Project:
    return makers.make_project(alice, organization, assets=5)
