"""The run history: what it shows to whom, its filters, its pages."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from dashboard import newest
from pluginhost.actions import reports, sessions
from pluginhost.models import Session

from . import makers

HISTORY = reverse("sessions")


def shown(client, query: str = "") -> list[int]:
    """The numbers of the sessions in the list, in its order."""
    response = client.get(HISTORY + query)
    assert response.status_code == 200
    return [session.pk for session in response.context["rows"]]


def ended(session: Session, form: str = "text", body: str = "Done.") -> Session:
    reports.finish(session, None, form, body, timezone.now())
    return session


@pytest.fixture
def queued(alice, project, plugin):
    return makers.make_session(alice, project, plugin, name="Waiting one")


@pytest.fixture
def succeeded(alice, project, plugin):
    return ended(makers.make_running(alice, project, plugin), body="All *well*.")


@pytest.fixture
def failed(alice, project, plugin, succeeded):
    return ended(makers.make_running(alice, project, plugin), "error", "KeyError: 'car'")


def test_it_works(as_alice, succeeded, failed, queued):
    assert shown(as_alice) == [queued.pk, failed.pk, succeeded.pk]
    html = as_alice.get(HISTORY).content.decode()
    for words in ("Waiting one", "KeyError", "All *well*.", "nothing imported", "in the queue", "Streets", "Detector"):
        assert words in html


def test_a_viewer_sees_it_and_a_stranger_nothing(client, bob, charlie, succeeded):
    client.force_login(bob)
    assert shown(client) == [succeeded.pk]
    client.force_login(charlie)
    assert shown(client) == []
    assert "No session yet" in client.get(HISTORY).content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?state=active", ["queued"]),
        ("?state=succeeded", ["succeeded"]),
        ("?state=failed", ["failed"]),
        ("?state=cancelled", []),
        ("?state=nonsense", ["queued", "failed", "succeeded"]),
        ("?q=waiting", ["queued"]),
        ("?q=well", ["succeeded"]),
        ("?rejects=1", []),
        ("?by=me", ["queued", "failed", "succeeded"]),
        ("?only=failed", ["failed"]),
        ("?only=queued&state=failed", ["queued"]),
        ("?only=timed_out", []),
        ("?only=nonsense", ["queued", "failed", "succeeded"]),
        ("?since=2020-01-01&until=2199-12-31", ["queued", "failed", "succeeded"]),
        ("?until=2020-01-01", []),
        ("?since=nonsense&until=0000-00-00", ["queued", "failed", "succeeded"]),
        ("?since=9999-12-31&until=0001-01-01", ["queued", "failed", "succeeded"]),
    ],
)
def test_filters(as_alice, succeeded, failed, queued, query, names):
    known = {"queued": queued.pk, "succeeded": succeeded.pk, "failed": failed.pk}
    assert shown(as_alice, query) == [known[name] for name in names]


def test_a_number_finds_its_session(as_alice, queued, succeeded):
    assert shown(as_alice, f"?q=%23{queued.pk}") == [queued.pk]
    assert queued.pk in shown(as_alice, f"?q={queued.pk}")


def test_by_plugin_and_project(as_alice, alice, organization, queued, project, plugin):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    there = makers.make_session(alice, other, plugin)
    assert shown(as_alice, f"?project={other.uid}") == [there.pk]
    assert shown(as_alice, f"?plugin={plugin.uid}&project={project.uid}") == [queued.pk]


def test_started_by_me_is_not_by_others(client, bob, queued):
    client.force_login(bob)
    assert shown(client, "?by=me") == []


def test_nothing_matches_is_not_nothing_yet(as_alice, queued):
    html = as_alice.get(HISTORY + "?q=nowhere&state=failed").content.decode()
    assert "2 filters hide every session." in html
    assert "Clear filters" in html


def test_with_rejects(as_alice, succeeded):
    Session.objects.filter(pk=succeeded.pk).update(rejected=2)
    assert shown(as_alice, "?rejects=1") == [succeeded.pk]


def test_counts_of_what_needs_attention(as_alice, succeeded, failed, queued):
    groups = {group["name"]: group["count"] for group in as_alice.get(HISTORY).context["groups"]}
    assert groups == {"active": 1, "succeeded": None, "partial": None, "failed": 1, "cancelled": None}


def test_the_place_in_the_queue_is_told(as_alice, queued, alice, project, plugin):
    assert "waits for the script" in as_alice.get(HISTORY).content.decode()
    makers.make_connection(plugin)
    makers.make_session(alice, project, plugin)
    assert "2nd in the queue" in as_alice.get(HISTORY).content.decode()


def test_pages_of_fifty_by_key(as_alice, alice, project, plugin):
    first = makers.make_session(alice, project, plugin)
    for _ in range(54):
        sessions.rerun(makers.principal(alice), first)
    newest = shown(as_alice)
    assert len(newest) == 50
    rest = shown(as_alice, f"?after={newest[-1]}")
    assert len(rest) == 5
    assert rest[-1] == first.pk
    assert shown(as_alice, f"?before={rest[0]}") == newest


def test_a_day_begins_and_ends_at_midnight(as_alice, queued):
    Session.objects.filter(pk=queued.pk).update(created_at=datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    assert shown(as_alice, "?since=2026-03-01&until=2026-03-01") == [queued.pk]
    assert shown(as_alice, "?since=2026-03-02") == []
    assert shown(as_alice, "?until=2026-02-28") == []


def test_who_sees_few_of_many_finds_them_all(as_alice, monkeypatch, queued, succeeded):
    monkeypatch.setattr(newest, "_WINDOWS", (1,))
    oldest = queued.pk if queued.pk < succeeded.pk else succeeded.pk
    assert len(shown(as_alice)) == 2
    assert shown(as_alice, f"?before={oldest - 1}") == sorted([queued.pk, succeeded.pk], reverse=True)
    assert shown(as_alice, f"?after={10**18}") == sorted([queued.pk, succeeded.pk], reverse=True)


def downloaded(user, **query: str) -> tuple[Any, list[dict[str, str]]]:
    """The CSV under ASGI, as it is served."""

    async def download():
        client = AsyncClient()
        await client.aforce_login(user)
        response = await client.get(HISTORY, {"format": "csv", **query})
        return response, b"".join([piece async for piece in response.streaming_content]).decode()

    response, text = asyncio.run(download())
    return response, list(csv.DictReader(io.StringIO(text)))


@pytest.mark.django_db(transaction=True)
def test_what_the_filters_let_by_can_be_downloaded(alice, succeeded, failed):
    Session.objects.filter(pk=failed.pk).update(name="=cmd()")
    response, (row,) = downloaded(alice, state="failed")
    assert response["Content-Disposition"] == 'attachment; filename="sessions.csv"'
    assert (row["session"], row["state"], row["name"]) == (str(failed.pk), "failed", "'=cmd()")
    assert row["plugin"] == "Detector"


@pytest.mark.django_db(transaction=True)
def test_a_stranger_downloads_nothing(charlie, succeeded):
    assert downloaded(charlie)[1] == []


def test_one_more_row_costs_no_query_more(as_alice, alice, project, plugin, django_assert_max_num_queries):
    for _ in range(12):
        makers.make_session(alice, project, plugin)
    with django_assert_max_num_queries(14):
        shown(as_alice)


def test_a_text_is_shown_as_text(as_alice, alice, project, plugin):
    makers.make_session(alice, project, plugin, name="<b>bold</b>")
    assert "&lt;b&gt;bold&lt;/b&gt;" in as_alice.get(HISTORY).content.decode()
