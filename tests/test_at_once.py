"""What happens when several do the same at once: claims, line numbers, imports, new assets, a request sent twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pluginhost import authentication, credentials
from pluginhost.actions import assets, claims, imports, log_lines, plugins, reports, sessions
from pluginhost.models import Asset, Import, LogHead, LogLine, Plugin, PreLabel, ProjectHead, Response, Session, Task

from . import makers
from .at_once import PATIENCE_S, MeetBefore, at_once
from .v2 import by_session, item

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6


def states_of(plugin: Plugin) -> Counter[str]:
    return Counter(Session.objects.filter(plugin=plugin).values_list("state", flat=True))


def claimer(plugin: Plugin) -> Callable[[], list[int]]:
    """A script that takes what it gets until there is nothing more."""
    connection_id = makers.make_connection(plugin).pk

    def claim_all() -> list[int]:
        taken = []
        while (order := claims.claim(connection_id)) is not None:
            taken.append(order.session_id)
        return taken

    return claim_all


# --- claims ---


def test_each_queued_session_is_claimed_once(alice, organization, project):
    plugin = makers.make_plugin(alice, organization, concurrency=50)
    asked = [makers.make_session(alice, project, plugin).pk for _ in range(40)]
    taken = at_once(*(claimer(plugin) for _ in range(MANY)))
    assert sorted(number for own in taken for number in own) == asked
    assert states_of(plugin) == {Session.State.RUNNING: 40}


@pytest.mark.postgresql
def test_claimers_do_not_wait_for_each_other(alice, project, plugin):
    """All of them hold a row of their own before the first of them moves one."""
    asked = [makers.make_session(alice, project, plugin).pk for _ in range(MANY)]
    meet = MeetBefore('UPDATE "pluginhost_session"', MANY)
    taken = at_once(*(once(plugin, meet) for _ in range(MANY)))
    assert sorted(order.session_id for order in taken) == asked


@pytest.mark.postgresql
def test_the_update_alone_decides_who_has_a_session(alice, project, plugin):
    """Also where no row is locked while it is looked for: all find the same one, and one gets it."""
    session = makers.make_session(alice, project, plugin)
    meet = MeetBefore('UPDATE "pluginhost_session"', MANY)
    taken = at_once(*(once(plugin, meet, locks=False) for _ in range(MANY)))
    (order,) = [order for order in taken if order is not None]
    session.refresh_from_db()
    assert session.key_digest == credentials.digest(order.payload["apiKey"])


def once(plugin: Plugin, meet: MeetBefore, *, locks: bool = True) -> Callable[[], claims.Order | None]:
    connection_id = makers.make_connection(plugin).pk

    def claim() -> claims.Order | None:
        if not locks:
            connection.features.has_select_for_update_skip_locked = False
        with connection.execute_wrapper(meet):
            return claims.claim(connection_id)

    return claim


def test_a_cancelled_session_was_not_claimed(alice, organization, project):
    plugin = makers.make_plugin(alice, organization, concurrency=50)
    asked = [makers.make_session(alice, project, plugin) for _ in range(20)]

    def cancel_all() -> list[int]:
        for session in asked:
            sessions.cancel(makers.principal(alice), session)
        return []

    taken, _ = at_once(claimer(plugin), cancel_all)
    assert states_of(plugin) == {Session.State.CANCELLED: 20}
    with_key = Session.objects.filter(plugin=plugin, key_digest__isnull=False).order_by("pk")
    assert list(with_key.values_list("pk", flat=True)) == taken


# --- the log ---


def test_lines_are_numbered_without_a_gap(alice, project, plugin):
    """Several processes store lines of two sessions, a batch in a transaction: as at a hand-over."""
    held = [makers.make_running(alice, project, plugin) for _ in range(2)]
    at_once(*(talker(name, held) for name in "abcdef"))
    for session in held:
        lines = LogLine.objects.filter(session=session).order_by("number").values_list("number", "message")
        assert [number for number, _ in lines] == list(range(1, MANY * 60 + 1))
        for name in "abcdef":
            own = [int(message[1:]) for _, message in lines if message.startswith(name)]
            assert own == list(range(60))
        head = LogHead.objects.get(session=session)
        assert (head.last, head.info) == (MANY * 60, MANY * 60)


def talker(name: str, held: list[Session]) -> Callable[[], None]:
    def talk() -> None:
        for first in range(0, 60, 5):
            with transaction.atomic():
                for session in held:
                    lines = [log_lines.Line(timezone.now(), 20, f"{name}{first + n}") for n in range(5)]
                    log_lines.add(session, session.connection, lines)

    return talk


def test_a_session_ends_once(alice, project, plugin):
    session = makers.make_running(alice, project, plugin)

    def answer(text: str) -> Callable[[], bool]:
        return lambda: reports.finish(session, session.connection, Response.Form.TEXT, text, timezone.now())

    ended = at_once(*(answer(f"answer {n}") for n in range(MANY)))
    assert sorted(ended) == [False] * (MANY - 1) + [True]
    first = Response.objects.get(session=session, came_late=False)
    session.refresh_from_db()
    assert (session.state, session.message_head) == (Session.State.SUCCEEDED, first.body)


# --- imports ---


def given(numbers: range, together: threading.Barrier, **box: float) -> Iterator[dict[str, Any]]:
    """Items that all end at the same moment: when each import has read its last one."""
    yield from (item(number, makers.box(**box)) for number in numbers)
    together.wait()


def test_imports_of_two_users_are_applied_one_after_the_other(alice, organization):
    project = makers.make_project(alice, organization, assets=60)
    together = threading.Barrier(2, timeout=PATIENCE_S)

    def send(numbers: range, x: float) -> Callable[[], imports.Received]:
        return lambda: imports.receive(makers.principal(alice), project, given(numbers, together, x=x))

    received = at_once(send(range(1, 41), 1), send(range(21, 61), 2))
    assert [one.counts.accepted for one in received] == [40, 40]
    assert sorted(Import.objects.values_list("applied_seq", flat=True)) == [1, 2]
    head = ProjectHead.objects.get(project=project)
    assert (head.last_applied, head.pre_labeled) == (2, 60)
    assert PreLabel.objects.count() == 80


def test_imports_of_one_session_count_each_asset_once(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    principal = authentication.by_key(v2.key)
    together = threading.Barrier(MANY, timeout=PATIENCE_S)

    def send(x: float) -> Callable[[], imports.Received]:
        return lambda: imports.receive(principal, project, given(range(1, 6), together, x=x))

    at_once(*(send(x) for x in range(1, MANY + 1)))
    session.refresh_from_db()
    head = ProjectHead.objects.get(project=project)
    assert (session.accepted, session.objects_count, head.pre_labeled) == (5, 5, 5)
    assert sorted(Import.objects.values_list("applied_seq", flat=True)) == list(range(1, MANY + 1))


# --- assets ---


def new_items(count: int, name: str) -> list[dict[str, str]]:
    return [{"data": f"https://example.org/{name}-{number}.jpg"} for number in range(count)]


def test_new_assets_are_numbered_without_a_gap(alice, organization):
    project = makers.make_project(alice, organization)

    def add(name: str) -> Callable[[], assets.Added]:
        return lambda: assets.add(makers.principal(alice), project, new_items(30, name))

    added = at_once(*(add(f"giver {n}") for n in range(MANY)))
    numbers = sorted(Asset.objects.filter(project=project).values_list("number", flat=True))
    assert numbers == list(range(1, MANY * 30 + 1))
    assert Task.objects.filter(project=project).count() == MANY * 30
    head = ProjectHead.objects.get(project=project)
    assert (head.last_number, head.assets) == (MANY * 30, MANY * 30)
    for one in added:
        own = [asset.number for asset in one.assets]
        assert own == list(range(own[0], own[0] + 30))


def test_what_a_script_adds_all_joins_its_scope(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    at_once(*(adder(v2.key, project, f"from script {n}") for n in range(MANY)))
    session.refresh_from_db()
    assert list(session.scope.numbers) == list(range(1, 5 + MANY * 3 + 1))


def adder(key: str, project: Any, name: str) -> Callable[[], assets.Added]:
    principal = authentication.by_key(key)
    return lambda: assets.add(principal, project, new_items(3, name))


# --- what people ask for ---


def test_a_request_that_comes_twice_is_one_session(alice, project, plugin):
    makers.make_session(alice, project, plugin)
    request = sessions.Request(idempotency_key="one key")
    asked = at_once(*(lambda: sessions.start(makers.principal(alice), project, plugin, request) for _ in range(MANY)))
    assert len({session.pk for session in asked}) == 1
    assert Session.objects.filter(plugin=plugin).count() == 2


def test_reruns_are_counted_one_after_the_other(alice, project, plugin):
    first = makers.make_session(alice, project, plugin)
    at_once(*(lambda: sessions.rerun(makers.principal(alice), first) for _ in range(MANY)))
    attempts = Session.objects.filter(plugin=plugin).values_list("attempt", flat=True)
    assert sorted(attempts) == list(range(1, MANY + 2))


def test_of_secrets_rotated_at_once_the_last_two_are_good(alice, plugin):
    """The one that came second keeps the first one's as the old one; the page reveals what was set last."""
    secrets = at_once(*(lambda: plugins.rotate_secret(makers.principal(alice), plugin) for _ in range(MANY)))
    plugin.refresh_from_db()
    assert plugins.reveal_secret(makers.principal(alice), plugin) in secrets
    good = [secret for secret in secrets if credentials.matches(secret, plugin.secret_digest)]
    old = [secret for secret in secrets if credentials.matches(secret, plugin.old_secret_digest)]
    assert (len(good), len(old)) == (1, 1)
    assert good != old
