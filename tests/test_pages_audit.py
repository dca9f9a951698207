"""The audit trail: who sees it, what it says, its filters and its CSV."""

from __future__ import annotations

import ast
import asyncio
import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from dashboard import tables
from dashboard.audit_words import GROUPS, SENTENCES, sentence
from pluginhost.actions import audit, organizations, plugins
from pluginhost.models import AuditEvent

from . import makers

ACTIONS = Path(__file__).resolve().parent.parent / "pluginhost" / "actions"
_VERB = re.compile(r"[a-z_]+\.[a-z_]+")


@pytest.fixture
def trail(organization):
    return reverse("organization_audit", args=[organization.uid])


@pytest.fixture
def done(alice, organization, plugin):
    principal = makers.principal(alice)
    plugins.reveal_secret(principal, plugin)
    plugins.quarantine(principal, plugin, "It drew nonsense.")


def told(client, url: str, **query: str) -> list[str]:
    response = client.get(url, query)
    assert response.status_code == 200
    return [f"{row['event'].actor_name} {row['told']}" for row in response.context["rows"]]


def verbs_written() -> set[str]:
    """Every string in the actions that looks like a verb of the trail, and is no file's name."""
    files = [path for path in ACTIONS.glob("*.py") if "audit" in path.read_text()]
    strings = (
        node for path in files for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)
    )
    words = {node.value for node in strings if isinstance(node.value, str) and _VERB.fullmatch(node.value)}
    return {word for word in words if not word.endswith(".py")}


# --- who sees it ---


def test_it_works(as_alice, trail, done):
    assert told(as_alice, trail)[:2] == [
        "alice quarantined plugin Detector: It drew nonsense.",
        "alice revealed the secret of plugin Detector",
    ]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("runner", 403), ("manager", 200), ("owner", 200)])
def test_managers_and_owners_see_it(as_bob, bob, organization, trail, role, status):
    organizations.set_member(organization, bob, role)
    response = as_bob.get(trail)
    assert response.status_code == status
    if status == 403:
        assert "This takes the role manager" in response.content.decode()
        assert trail not in as_bob.get(reverse("organization", args=[organization.uid])).content.decode()


def test_a_stranger_gets_404(as_charlie, trail, done):
    for form in ("", "?format=csv"):
        assert as_charlie.get(trail + form).status_code == 404


def test_another_organizations_trail_stays_there(as_alice, alice, organization, trail, done):
    other = organizations.create("Second", alice)
    makers.make_plugin(alice, other, name="Elsewhere")
    assert not any("Elsewhere" in row for row in told(as_alice, trail))


# --- its words ---


def test_every_verb_that_is_written_has_a_sentence():
    assert verbs_written() - set(SENTENCES) == set()


def test_every_verb_belongs_to_a_group():
    starts = tuple(start for _, group in GROUPS.values() for start in group)
    assert [verb for verb in SENTENCES if not verb.startswith(starts)] == []


@pytest.mark.parametrize("verb", SENTENCES)
def test_a_sentence_can_be_said_whatever_the_details_hold(verb):
    for details in ({}, {"count": 1204, "fields": ["name", "config"], "{target}": "{odd}", "reason": "{x}"}):
        said = sentence(AuditEvent(verb=verb, target="plugin {Detector}", details=details))
        assert said
        assert "{target}" not in said


def test_a_changed_role_says_what_it_was(as_alice, alice, bob, organization, trail):
    organizations.set_member(organization, bob, "manager", by=makers.principal(alice))
    assert told(as_alice, trail)[0] == "alice changed the role of bob from viewer to manager"


def test_a_verb_of_tomorrow_is_told_as_it_is(organization):
    assert sentence(AuditEvent(verb="plugin.sung_to", target="plugin Detector")) == "plugin: sung to plugin Detector"


def test_what_is_stored_is_shown_as_text(as_alice, alice, organization, trail):
    makers.make_plugin(alice, organization, name="<b>bold</b>")
    html = as_alice.get(trail).content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold" not in html


# --- filters ---


def test_by_who(as_alice, alice, bob, organization, trail, done):
    audit.note(makers.principal(bob), "plugin.released", organization=organization)
    audit.note(None, "demo.made", organization=organization)
    assert told(as_alice, trail, who=bob.uid) == ["bob released it from quarantine"]
    assert all(row.startswith("Pluginhost ") for row in told(as_alice, trail, who="server"))


def test_by_what_and_to_what(as_alice, trail, done):
    assert told(as_alice, trail, what="secrets") == ["alice revealed the secret of plugin Detector"]
    assert len(told(as_alice, trail, target="detect")) == 3
    assert told(as_alice, trail, target="nothing") == []


def test_by_date(as_alice, trail, done):
    AuditEvent.objects.filter(verb="plugin.secret_revealed").update(at=timezone.now() - timedelta(days=10))
    today = timezone.now().date()
    assert len(told(as_alice, trail, until=str(today - timedelta(days=5)))) == 1
    assert len(told(as_alice, trail, since=str(today))) == AuditEvent.objects.exclude(organization=None).count() - 1


@pytest.mark.parametrize(
    "query",
    [
        "since=nonsense",
        "what=nonsense",
        "until=2026-13-44",
        "target=%00",
        "who=" + "x" * 99,
        "until=9999-12-31",
        "since=0001-01-01",
        "until=2201-01-01",
    ],
)
def test_odd_filters_are_said_and_filter_nothing(as_alice, trail, done, query):
    response = as_alice.get(f"{trail}?{query}")
    assert response.status_code == 200
    assert "What was not understood filters nothing." in response.content.decode()
    assert response.context["rows"]


def test_nothing_matches_is_not_nothing_yet(as_alice, trail, done):
    assert "Clear filters" in as_alice.get(f"{trail}?target=nothing").content.decode()


# --- pages ---


def test_pages_of_fifty_by_key(as_alice, alice, organization, trail):
    AuditEvent.objects.bulk_create(
        AuditEvent(organization=organization, actor=alice, verb="plugin.edited", target=f"plugin {n}")
        for n in range(70)
    )
    first = as_alice.get(trail).context["page"]
    assert len(first.rows) == 50
    second = as_alice.get(f"{trail}?after={first.more}").context["page"]
    assert {row.pk for row in first.rows} & {row.pk for row in second.rows} == set()


def test_one_more_event_costs_no_query_more(as_alice, alice, organization, trail, django_assert_max_num_queries):
    for number in range(20):
        audit.note(makers.principal(alice), "plugin.edited", organization=organization, target=f"plugin {number}")
    with django_assert_max_num_queries(12):
        as_alice.get(trail)


# --- CSV ---


def download(user, url: str, **query: str) -> tuple[Any, list[list[str]]]:
    """Under ASGI, as it is served."""

    async def rows():
        client = AsyncClient()
        await client.aforce_login(user)
        response = await client.get(url, query)
        body = b"".join([piece async for piece in response.streaming_content])
        return response, list(csv.reader(io.StringIO(body.decode())))

    return asyncio.run(rows())


@pytest.mark.django_db(transaction=True)
def test_it_can_be_downloaded(alice, organization, trail, plugin):
    AuditEvent.objects.create(organization=organization, actor_name="=cmd()", verb="plugin.edited")
    response, (head, first, *rest) = download(alice, trail, format="csv")
    assert response["Content-Disposition"] == f'attachment; filename="audit-{organization.uid}.csv"'
    assert head[:4] == ["at", "who", "what", "verb"]
    assert first[1] == "'=cmd()", "no formula for a spreadsheet"
    assert any("registered plugin Detector" in row for row in rest)


@pytest.mark.django_db(transaction=True)
def test_a_download_has_the_filters_and_an_end(alice, organization, trail, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    AuditEvent.objects.bulk_create(
        AuditEvent(organization=organization, actor_name="x", verb="batch.deleted", target=f"project {number}")
        for number in range(9)
    )
    _, (head, *rows) = download(alice, trail, format="csv", what="assets")
    assert [row[4] for row in rows] == ["project 8", "project 7", "project 6"]
    assert len(head) == 7
