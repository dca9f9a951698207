"""What pages say of what a rule of retention took, and the page that sets the rule."""

from __future__ import annotations

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from pluginhost import tasks
from pluginhost.actions import retention as actions
from pluginhost.models import RetentionRule, Session

from . import makers
from .test_retention import ended, lines_of, rule_of

pytestmark = pytest.mark.django_db


def shown(client, name, *args, status=200, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == status
    return answer.content.decode()


# --- where it stood ---


def test_the_log_page_says_what_became_of_the_log(alice, as_bob, organization, project, plugin):
    session = ended(alice, project, plugin, days=31)
    actions.apply(rule_of(organization, log_days=30))
    text = shown(as_bob, "session", session.pk)
    assert "Log deleted on" in text
    assert "3 lines stood here: logs are kept for 30 days here." in text
    assert "js/log/main.js" not in text


def test_the_api_says_it_too(alice, client, organization, project, plugin):
    session = ended(alice, project, plugin, days=31)
    key = makers.make_api_key(alice)
    path = f"/api/v1/sessions/{session.pk}/log"
    before = client.get(path, headers={"apikey": key}).json()
    actions.apply(rule_of(organization, log_days=30))
    after = client.get(path, headers={"apikey": key}).json()
    assert (before["total"], before["deleted"]) == (3, None)
    assert (after["lines"], after["total"], after["deleted"]["up_to"]) == ([], 0, 3)
    assert after["deleted"]["why"] == "logs are kept for 30 days here."


def test_a_deleted_session_is_told_to_members_and_not_to_strangers(
    alice, as_bob, client, organization, project, plugin
):
    session = ended(alice, project, plugin, days=91)
    actions.apply(rule_of(organization, session_days=90))
    assert "sessions are kept for 90 days here." in shown(as_bob, "session", session.pk, status=410)
    key = makers.make_api_key(alice)
    told = client.get(f"/api/v1/sessions/{session.pk}", headers={"apikey": key})
    assert (told.status_code, "was deleted" in told.json()["message"]) == (410, True)


def test_strangers_are_told_nothing_of_a_deleted_session(alice, as_charlie, organization, project, plugin):
    session = ended(alice, project, plugin, days=91)
    actions.apply(rule_of(organization, session_days=90))
    assert "kept for 90 days" not in shown(as_charlie, "session", session.pk, status=404)


@pytest.mark.parametrize("place", ["sessions", "project_sessions"])
def test_the_run_history_ends_with_what_was_deleted(alice, as_bob, organization, project, plugin, place):
    old, young = ended(alice, project, plugin, days=91), ended(alice, project, plugin, days=3)
    args = [project.uid] if place == "project_sessions" else []
    assert "deleted" not in shown(as_bob, place, *args)
    actions.apply(rule_of(organization, session_days=90))
    text = shown(as_bob, place, *args)
    assert f"1 session was deleted, up to #{old.pk}" in text
    assert f"#{young.pk}" in text


def test_an_import_names_its_deleted_session(alice, as_bob, organization, project, plugin):
    session = ended(alice, project, plugin, days=91)
    found = makers.make_labels(project, plugin=plugin, session=session, objects={1: [makers.box("c" * 24)]})
    actions.apply(rule_of(organization, session_days=90))
    assert f"#{session.pk}, deleted" in shown(as_bob, "project_imports", project.uid)
    assert f"#{session.pk}</span>, which was deleted" in shown(as_bob, "imported", found.pk)


# --- the rule's page ---


def rule_page(client, organization, **fields):
    return client.post(reverse("organization_retention", args=[organization.uid]), fields)


def test_an_owner_sets_the_rule(as_alice, organization):
    answer = rule_page(as_alice, organization, log_days="30", session_count="")
    assert answer.status_code == 302
    rule = RetentionRule.objects.get(organization=organization)
    assert (rule.log_days, rule.session_count) == (30, None)


def test_a_rule_is_kept_while_the_broker_is_away(as_alice, organization, monkeypatch):
    def away(*_: object) -> None:
        raise OperationalError("nobody listens there")

    monkeypatch.setattr(tasks.apply, "delay_on_commit", away)
    address = reverse("organization_retention", args=[organization.uid])
    answer = as_alice.post(address, {"log_days": "30"}, follow=True)
    assert "goes within the hour" in answer.content.decode()
    assert RetentionRule.objects.get(organization=organization).log_days == 30


def test_it_says_first_what_would_be_deleted(alice, as_alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=91)
    ended(alice, project, plugin, days=40)
    asked = {"session_days": "90", "log_days": "30"}
    text = rule_page(as_alice, organization, **asked).content.decode()
    assert "1 session, with their logs; what they imported stays." in text
    assert "The logs of 1 session more (976.6" in text
    assert not RetentionRule.objects.exists()
    assert rule_page(as_alice, organization, **asked, is_meant="1").status_code == 302
    actions.apply(RetentionRule.objects.get(organization=organization))
    assert not Session.objects.filter(pk=session.pk).exists()


@pytest.mark.parametrize("value", ["0", "-3", "many", "99999999999", "1.5"])
def test_a_number_out_of_range_is_said_at_its_field(as_alice, organization, value):
    text = rule_page(as_alice, organization, log_days=value).content.decode()
    assert 'id="id_log_days-error"' in text
    assert not RetentionRule.objects.exists()


def test_others_see_the_rule_and_cannot_set_it(as_bob, organization):
    rule_of(organization, log_days=30)
    text = shown(as_bob, "organization_retention", organization.uid)
    assert "Owners of the organization set this" in text
    assert 'value="30"' in text
    assert rule_page(as_bob, organization, log_days="1").status_code == 403


def test_strangers_find_no_rule(as_charlie, organization):
    shown(as_charlie, "organization_retention", organization.uid, status=404)
    assert rule_page(as_charlie, organization, log_days="1").status_code == 404


def test_more_sessions_take_no_more_queries(
    alice, as_alice, organization, project, plugin, django_assert_max_num_queries
):
    for _ in range(5):
        ended(alice, project, plugin, days=3)
    with django_assert_max_num_queries(15):
        assert "15 lines" in shown(as_alice, "organization_retention", organization.uid)


def test_the_task_applies_it(alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=31)
    rule_of(organization, log_days=30)
    tasks.apply_all()
    assert lines_of(session) == 0
