"""What a review turned down, on pages, in downloads, in the API and in the rerun dialog: nowhere it is accepted."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.urls import reverse

from dashboard import result_downloads
from pluginhost.actions import reviews
from pluginhost.models import Asset, Session, Task

from . import makers
from .api import Caller
from .v2 import by_session, item, send


@pytest.fixture
def session(alice, project, plugin):
    """Ended: of what it staged one was accepted and one turned down; a third was refused by the check."""
    v2, session = by_session(alice, project, plugin, review_first=True)
    send(v2, project, item(1), item(2), item(3, makers.box(width=0)))
    reviews.accept(makers.principal(alice), session, without=[2])
    Session.objects.filter(pk=session.pk).update(state="partial", finished_at=session.started_at)
    return session


def page(client, name: str, session: Session, query: str = "") -> str:
    answer = client.get(f"{reverse(name, args=[session.pk])}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_results_tab_tells_it_apart(as_alice, session):
    html = page(as_alice, "session_results", session, "?outcome=discarded")
    assert "Discarded 1" in html
    assert "turned down in a review" in html
    assert "image_0002.jpg" in html
    assert "image_0001.jpg" not in html
    assert "image_0002.jpg" not in page(as_alice, "session_results", session, "?outcome=accepted")


def test_downloads_say_so(session):
    text = b"".join(result_downloads.as_csv(session, {})).decode("utf-8-sig")
    outcomes = [row["outcome"] for row in csv.DictReader(io.StringIO(text))]
    assert outcomes[:4] == ["accepted", "discarded", "rejected", "not_reached"]
    (one,) = json.loads(b"".join(result_downloads.as_json(session, {"outcome": "discarded"})))
    assert (one["number"], one["outcome"]) == (2, "discarded")


def test_the_api_counts_it_by_itself_in_lists_and_alone(alice, session):
    api = Caller(alice)
    whole = api.get(f"/sessions/{session.pk}").json()["counts"]
    assert (whole["accepted"], whole["discarded"], whole["rejected"]) == (1, 1, 1)
    (listed,) = api.get("/sessions").json()["items"]
    assert {name: whole[name] for name in listed["counts"]} == listed["counts"]


def test_the_button_that_runs_again_what_was_left_leaves_it_out(as_alice, session):
    html = page(as_alice, "session", session)
    assert "Rerun 3 assets not accepted" in html
    assert "1 rejected, 2 not reached" in html


def test_the_dialog_offers_it_unticked(as_alice, project, session):
    dialog = reverse("project_run", args=[session.project.uid, session.plugin.uid])
    html = as_alice.get(dialog, {"from": session.pk, "scope": "left"}).content.decode()
    assert "Turned down in review" in html
    ticked = [box for box in html.split("<input") if 'name="outcomes"' in box and "checked" in box.partition(">")[0]]
    assert sorted(box.partition('value="')[2].partition('"')[0] for box in ticked) == ["not_reached", "rejected"]


def test_an_asset_that_was_passed_over_says_why(as_alice, alice, project, plugin):
    Asset.objects.filter(project=project, number=2).update(external_id="image_0001.jpg")
    Task.objects.filter(asset__number=2).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1))
    html = page(as_alice, "session_results", session, "?outcome=rejected")
    assert "The task of asset 2 is Completed" in html
