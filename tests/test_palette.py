"""«Go to…»: what is found, by whom, and that it is never much."""

from __future__ import annotations

import pytest
from django.urls import reverse

from pluginhost.actions import organizations

from . import makers

GO_TO = reverse("go_to")


def found(client, asked: str = "") -> list[str]:
    response = client.get(GO_TO, {"q": asked})
    assert response.status_code == 200
    return [item["title"] for item in response.json()["items"]]


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_session(alice, project, plugin, name="Night run")


def test_it_works(as_alice, session):
    titles = found(as_alice)
    for title in (f"#{session.pk} Night run", "Detector", "Streets", "Home", "Switch between light and dark"):
        assert title in titles


def test_a_session_is_found_by_number_and_by_name(as_alice, session):
    assert found(as_alice, f"#{session.pk}") == [f"#{session.pk} Night run"]
    assert f"#{session.pk} Night run" in found(as_alice, str(session.pk))
    assert f"#{session.pk} Night run" in found(as_alice, "night")
    assert f"#{session.pk} Night run" in found(as_alice, "detect"), "by its plugin"


def test_plugins_projects_and_pages_by_their_letters(as_alice, session):
    assert "Detector" in found(as_alice, "DETECT")
    assert found(as_alice, "streets") == ["Streets", "Run Detector in Streets"]
    assert found(as_alice, "api") == ["API keys"]


def test_run_offers_what_can_be_run_where(as_alice, alice, organization, session, project):
    makers.make_project(alice, organization, name="Not enabled here")
    assert found(as_alice, "run") == ["Run Detector in Streets"]
    assert found(as_alice, "run detec str") == ["Run Detector in Streets"]
    assert found(as_alice, "run nothing") == []


def test_every_item_leads_somewhere_or_does_something(as_alice, session):
    for item in as_alice.get(GO_TO).json()["items"]:
        assert bool(item["address"]) != bool(item["does"])
        if item["address"]:
            assert as_alice.get(item["address"]).status_code in (200, 302)


def test_a_stranger_finds_pages_alone(as_charlie, session):
    for asked in ("", "detector", "streets", "night", f"#{session.pk}", str(session.pk), "run"):
        assert not {"Detector", "Streets", f"#{session.pk} Night run", "Run Detector in Streets"} & set(
            found(as_charlie, asked)
        )


def test_a_viewer_is_not_offered_to_run(as_bob, session):
    assert "Detector" in found(as_bob)
    assert found(as_bob, "run") == []


def test_a_runner_is_offered_only_where_he_may(as_bob, bob, alice, organization, session):
    organizations.set_member(organization, bob, "runner")
    assert found(as_bob, "run") == ["Run Detector in Streets"]


@pytest.mark.parametrize("odd", ["\0", "%", "_", "'", "9" * 40, "#", "#abc", "x" * 5_000, "run " * 900, "😀", "²"])
def test_odd_letters_end_nothing(as_alice, session, odd):
    found(as_alice, odd)


def test_who_is_not_signed_in_finds_nothing(client, db):
    assert client.get(GO_TO).status_code == 302


def test_it_is_never_much_and_never_many_queries(as_alice, alice, organization, session, django_assert_max_num_queries):
    for number in range(12):
        plugin = makers.make_plugin(alice, organization, name=f"Plugin {number}")
        makers.make_session(alice, makers.make_project(alice, organization, name=f"Project {number}"), plugin)
    with django_assert_max_num_queries(9):
        assert len(found(as_alice, "p")) < 50
