"""The results of a session to pick from and to download."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from pluginhost.actions import reports
from pluginhost.models import Import, Rejection, Session

from . import makers


@pytest.fixture
def session(alice, project, plugin):
    found = makers.make_running(alice, project, plugin)
    made = makers.make_import(found, accepted=[1, 2], rejected=[3])
    Import.objects.filter(pk=made.pk).update(reasons={"bad_geometry": 1})
    Rejection.objects.create(
        origin=made, index=3, external_id="=nobody.jpg", code="unknown_asset", path="[3]", message="No such asset."
    )
    reports.finish(found, None, "text", "Done.", timezone.now())
    found.refresh_from_db()
    return found


async def download(user, session: Session, form: str, query: str = "") -> str:
    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get(reverse("session_results_download", args=[session.pk, form]) + query)
    assert answer.status_code == 200
    assert f'filename="session-{session.pk}-results.{form}"' in answer["Content-Disposition"]
    return b"".join([piece async for piece in answer]).decode()


def downloaded(user, session: Session, form: str, query: str = "") -> str:
    return asyncio.run(download(user, session, form, query))


@pytest.mark.django_db(transaction=True)
def test_csv_has_a_row_for_each_asset_and_each_stranger(alice, session):
    rows = list(csv.DictReader(io.StringIO(downloaded(alice, session, "csv"))))
    assert [(row["external_id"], row["outcome"], row["classes"], row["reason"]) for row in rows] == [
        ("image_0001.jpg", "accepted", "Car 1", ""),
        ("image_0002.jpg", "accepted", "Car 1", ""),
        ("image_0003.jpg", "rejected", "", "bad_geometry"),
        ("image_0004.jpg", "not_reached", "", ""),
        ("image_0005.jpg", "not_reached", "", ""),
        ("'=nobody.jpg", "rejected", "", "unknown_asset"),
    ]


@pytest.mark.django_db(transaction=True)
def test_json_has_the_same_with_every_reason(alice, session):
    found = json.loads(downloaded(alice, session, "json"))
    assert [one["number"] for one in found] == [1, 2, 3, 4, 5, None]
    assert found[0]["classes"] == {"Car": 1}
    assert found[2]["reasons"] == [{"code": "bad_geometry", "path": "", "message": "width is 0"}]
    assert found[5]["external_id"] == "=nobody.jpg"


@pytest.mark.django_db(transaction=True)
def test_the_filters_hold_for_downloads_too(alice, session):
    found = json.loads(downloaded(alice, session, "json", "?outcome=not_reached"))
    assert [one["number"] for one in found] == [4, 5]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_an_empty_list(alice, session):
    assert json.loads(downloaded(alice, session, "json", "?outcome=no_result")) == []


def page(client, session, query=""):
    answer = client.get(reverse("session_results", args=[session.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_reason_filters(as_alice, session):
    html = page(as_alice, session, "?outcome=rejected&reason=bad_geometry")
    assert "image_0003.jpg" in html
    assert "Reason: bad geometry" in html
    assert "rejected for this reason" in page(as_alice, session, "?reason=not_todo")


def test_results_that_came_since_are_shown(as_alice, session):
    assert "Accepted 2" in page(as_alice, session)
    makers.make_import(session, accepted=[4])
    assert "Accepted 3" in page(as_alice, session)


def chosen(client, session, **fields):
    return client.post(reverse("session_results_chosen", args=[session.pk]), fields)


def test_rerun_runs_the_ticked_assets_alone(as_alice, session):
    answer = chosen(as_alice, session, verb="rerun", number=["3", "5"])
    fresh = Session.objects.get(rerun_of=session)
    assert answer.url == reverse("session", args=[fresh.pk])
    assert list(fresh.scope.numbers) == [3, 5]


def test_nothing_ticked_is_said(as_alice, session):
    answer = chosen(as_alice, session, verb="rerun")
    assert answer.status_code == 302
    assert not Session.objects.filter(rerun_of=session).exists()


def test_assets_that_are_not_there_run_nothing(as_alice, session):
    chosen(as_alice, session, verb="rerun", number=["77"])
    assert not Session.objects.filter(rerun_of=session).exists()


def test_a_viewer_may_download_and_do_nothing_else(client, bob, session):
    client.force_login(bob)
    assert client.get(reverse("session_results_download", args=[session.pk, "csv"])).status_code == 200
    assert chosen(client, session, verb="rerun", number=["1"]).status_code == 403


def test_a_stranger_gets_404(client, charlie, session):
    client.force_login(charlie)
    assert client.get(reverse("session_results_download", args=[session.pk, "csv"])).status_code == 404
    assert chosen(client, session, verb="rerun", number=["1"]).status_code == 404


@pytest.mark.parametrize("form", ["xml", "csv.exe"])
def test_a_form_that_is_none_is_404(as_alice, session, form):
    assert as_alice.get(f"/sessions/{session.pk}/results.{form}").status_code == 404


def test_more_assets_take_no_more_queries(as_alice, alice, organization, plugin, django_assert_max_num_queries):
    project = makers.make_project(alice, organization, assets=60, name="Many")
    session = makers.make_running(alice, project, plugin)
    makers.make_import(session, accepted=range(1, 3))
    page(as_alice, session)
    with django_assert_max_num_queries(40) as counted:
        page(as_alice, session)
    makers.make_import(session, accepted=range(3, 50), rejected=range(50, 61))
    with django_assert_max_num_queries(len(counted) + 8):  # the outcomes are gone through once
        page(as_alice, session)
    with django_assert_max_num_queries(len(counted)):
        page(as_alice, session)


@pytest.mark.parametrize(("state", "said"), [("staged", "waits for review"), ("undone", "its import was undone")])
def test_a_row_says_why_its_asset_does_not_show_what_it_was_given(as_alice, session, state, said):
    assert said not in page(as_alice, session)
    put(session, state)
    assert page(as_alice, session).count(said) >= 2


def test_staged_results_are_not_said_to_be_pre_labels(as_alice, session):
    Session.objects.filter(pk=session.pk).update(accepted=2)
    assert "2 of 5 assets got pre-labels." in page(as_alice, session)
    put(session, "staged")
    assert "2 of 5 assets got results that wait for review." in page(as_alice, session)


def put(session: Session, state: str) -> None:
    """All imports of the session, into this state."""
    Import.objects.filter(session=session).update(state=state, applied_seq=None if state == "staged" else 1)
