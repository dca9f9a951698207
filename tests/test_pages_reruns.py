"""Running again from a session's page: whole, only what it left, and the rest of what it was tried on."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from dashboard.scope_words import scope_words
from pluginhost.actions import organizations, reads, sessions
from pluginhost.models import Role, Session

from . import makers


def end(session: Session, state: str = "partial") -> Session:
    Session.objects.filter(pk=session.pk).update(state=state, finished_at=session.created_at)
    session.refresh_from_db()
    return session


@pytest.fixture
def ended(alice, project, plugin):
    """1 accepted, 2 rejected, 3 read without result, 4 and 5 not reached."""
    session = makers.make_session(alice, project, plugin)
    makers.make_import(session, accepted=[1], rejected=[2])
    reads.note_read(session, [1, 2, 3])
    Session.objects.filter(pk=session.pk).update(accepted=1, rejected=1)
    return end(session)


@pytest.fixture
def tried(alice, project, plugin):
    return end(makers.make_session(alice, project, plugin, scope={"first": 3}, review_first=True), "succeeded")


def page(client, session: Session) -> str:
    html = client.get(reverse("session", args=[session.pk])).content.decode()
    return re.sub(r"\s+", " ", html)


def again(client, session: Session, **asked) -> Session:
    response = client.post(reverse("session_rerun", args=[session.pk]), asked)
    fresh = Session.objects.latest("pk")
    assert response["Location"] == reverse("session", args=[fresh.pk])
    assert fresh.rerun_of == session
    return fresh


# --- what a session left ---


def test_the_button_says_how_many_and_what_they_are(as_alice, ended):
    html = page(as_alice, ended)
    assert "Rerun 4 assets not accepted<small>same inputs, 1 rejected, 1 without result, 2 not reached</small>" in html
    assert f"?from={ended.pk}&amp;scope=left" in html


def test_it_runs_on_what_the_button_said(as_alice, ended):
    fresh = again(as_alice, ended, outcome=["rejected", "no_result", "not_reached"])
    assert list(fresh.scope.numbers) == [2, 3, 4, 5]
    assert fresh.inputs.class_mapping == ended.inputs.class_mapping
    assert "what #" in page(as_alice, fresh)


def test_items_that_were_about_no_asset_are_not_on_the_button(as_alice, ended):
    ended.imports.get().rejections.update(asset=None)
    html = page(as_alice, ended)
    assert "Rerun 4 assets not accepted<small>same inputs, 2 without result, 2 not reached</small>" in html


def test_a_session_that_left_nothing_offers_nothing(as_alice, alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    makers.make_import(session, accepted=[1, 2, 3, 4, 5])
    Session.objects.filter(pk=session.pk).update(accepted=5)
    html = page(as_alice, end(session, "succeeded"))
    assert "Rerun now" in html
    assert "not accepted" not in html


def test_what_is_left_no_longer_is_refused_with_a_sentence(as_alice, ended):
    makers.make_import(ended, accepted=[2, 3, 4, 5])
    address = reverse("session", args=[ended.pk])
    response = as_alice.post(
        reverse("session_rerun", args=[ended.pk]), {"outcome": ["rejected"]}, headers={"Referer": address}, follow=True
    )
    assert "nothing is left to run" in response.content.decode()
    assert Session.objects.count() == 1


def test_a_running_session_offers_no_rerun(as_alice, alice, project, plugin):
    html = page(as_alice, makers.make_running(alice, project, plugin))
    assert "Rerun" not in html


def test_a_viewer_is_offered_nothing(client, bob, ended):
    client.force_login(bob)
    assert "not accepted" not in page(client, ended)
    assert client.post(reverse("session_rerun", args=[ended.pk]), {"outcome": "rejected"}).status_code == 403


def test_a_runner_may(client, bob, organization, ended):
    organizations.set_member(organization, bob, Role.RUNNER)
    client.force_login(bob)
    assert list(again(client, ended, outcome="rejected").scope.numbers) == [2]


# --- a try ---


def test_a_try_goes_on_with_the_rest_in_one_click(as_alice, tried):
    assert "Go on with 2 assets" in page(as_alice, tried)
    fresh = again(as_alice, tried, rest="1")
    assert (list(fresh.scope.numbers), fresh.inputs.review_first) == ([4, 5], False)
    assert "goes on from" in page(as_alice, fresh)


def test_only_the_first_of_something_leave_a_rest(as_alice, ended):
    assert "Go on with" not in page(as_alice, ended)


def test_a_try_on_all_there_is_leaves_no_rest(as_alice, alice, project, plugin):
    session = end(makers.make_session(alice, project, plugin, scope={"first": 100}))
    assert "Go on with" not in page(as_alice, session)


def test_the_rest_grows_with_the_project(as_alice, tried, project):
    assert "Go on with 2 assets" in page(as_alice, tried)
    makers.make_assets(project, 10)
    assert "Go on with 12 assets" in page(as_alice, tried)


# --- lineage ---


def test_lineage_is_shown_both_ways_and_attempts_are_numbered(as_alice, alice, ended):
    whole = sessions.rerun(makers.principal(alice), ended)
    fresh = again(as_alice, ended, outcome="rejected")
    earlier, later = page(as_alice, ended), page(as_alice, fresh)
    assert "Attempt 1 of 3" in earlier
    assert f'run again as <a class="mono" href="/sessions/{whole.pk}/">#{whole.pk}</a>, ' in earlier
    assert f'href="/sessions/{fresh.pk}/">#{fresh.pk}</a></span>' in earlier
    assert "Attempt 3 of 3" in later
    assert f'rerun of <a class="mono" href="/sessions/{ended.pk}/">#{ended.pk}</a>' in later


def test_a_try_asks_the_database_little_more(as_alice, tried, django_assert_max_num_queries):
    page(as_alice, tried)
    with django_assert_max_num_queries(20):
        page(as_alice, tried)


# --- words ---


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"all": True}, "whole project"),
        ({"batches": ["a"]}, "1 batch"),
        ({"batches": ["a", "b"]}, "2 batches"),
        ({"first": 1000}, "the first 1,000"),
        ({"first": 3, "of": {"batches": ["a", "b"]}}, "the first 3 of 2 batches"),
        ({"filter": {"status": "TODO", "pre_labeled": False}}, "filter: to do, without pre-labels"),
        ({"filter": {"pre_labeled": True, "external_id": "night"}}, "filter: with pre-labels, «night» in the ID"),
        ({"filter": {"external_id": "x" * 50}}, f"filter: «{'x' * 39}…» in the ID"),
        ({"from_session": 7}, "what #7 left"),
        ({"from_session": 7, "outcomes": ["failed"]}, "not reached in #7"),
        ({"from_session": 7, "outcomes": ["not_reached", "rejected"]}, "rejected or not reached in #7"),
        ({"rest_of": 7}, "the rest after #7"),
        ({"same_as": 7}, "the assets of #7"),
        ({"assets": ["a"]}, "chosen assets"),
        ({}, "chosen assets"),
    ],
)
def test_a_scope_in_words(asked, words):
    assert scope_words(asked) == words
