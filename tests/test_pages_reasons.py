"""A plugin's Reasons tab: why what it sent was rejected, day by day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboard import reasons
from pluginhost.models import Import

from . import makers


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_session(alice, project, plugin)


def sent(session, days_ago=0, reasons=None, notices=None, items=10):
    made = makers.make_import(session)
    given = reasons or {}
    Import.objects.filter(pk=made.pk).update(
        received_at=timezone.now() - timedelta(days=days_ago), items=items, rejected=sum(given.values()),
        reasons=given, notices=notices or {},
    )  # fmt: skip
    return made


def page(client, plugin, answer=200, **query):
    response = client.get(reverse("plugin_reasons", args=[plugin.uid]), query)
    assert response.status_code == answer
    return response


def told(client, plugin, **query):
    return page(client, plugin, **query).context["told"]


def test_it_works(as_alice, plugin, session):
    made = sent(session, reasons={"bad_geometry": 3, "unknown_asset": 1}, notices={"outside_image": 2})
    html = page(as_alice, plugin).content.decode()
    assert f"{reverse('imported', args=[made.pk])}?outcome=rejected&amp;reason=bad_geometry" in html
    assert "40 %" in html
    assert "outside_image" in html


def test_the_most_frequent_reason_is_first_and_each_day_has_its_number(as_alice, plugin, session):
    sent(session, days_ago=2, reasons={"not_todo": 1, "unknown_asset": 2})
    sent(session, reasons={"not_todo": 4})
    found = told(as_alice, plugin, days="7").reasons
    assert [(reason.code, reason.count) for reason in found] == [("not_todo", 5), ("unknown_asset", 2)]
    assert found[0].days == [0, 0, 0, 0, 1, 0, 4]


def test_what_is_older_than_the_span_is_left_out(as_alice, plugin, session):
    sent(session, days_ago=10, reasons={"not_todo": 1})
    assert told(as_alice, plugin, days="7").reasons == []
    assert told(as_alice, plugin, days="30").rejected == 1


def test_one_project_alone(as_alice, alice, organization, plugin, session):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    sent(session, reasons={"not_todo": 1})
    sent(makers.make_session(alice, other, plugin), reasons={"unknown_asset": 1})
    assert [reason.code for reason in told(as_alice, plugin, project=other.uid).reasons] == ["unknown_asset"]


def test_another_plugins_imports_are_not_counted(as_alice, alice, organization, project, plugin, session):
    sent(makers.make_session(alice, project, makers.make_plugin(alice, organization, name="B")), reasons={"x": 1})
    assert told(as_alice, plugin).imports == 0


def test_it_says_where_it_had_to_stop(as_alice, plugin, session, monkeypatch):
    monkeypatch.setattr(reasons, "MOST_READ", 2)
    for _ in range(3):
        sent(session, reasons={"not_todo": 1})
    assert "The newest 2 imports" in page(as_alice, plugin).content.decode()


def test_nothing_rejected_is_said(as_alice, plugin, session):
    assert "Nothing was sent" in page(as_alice, plugin).content.decode()
    sent(session)
    assert "Nothing was rejected" in page(as_alice, plugin).content.decode()


@pytest.mark.parametrize("days", ["x", "-1", "100000", ""])
def test_a_span_that_is_none_is_thirty_days(as_alice, plugin, days):
    assert told(as_alice, plugin, days=days).days == 30


def test_more_imports_take_no_more_queries(as_alice, plugin, session, django_assert_max_num_queries):
    sent(session, reasons={"not_todo": 1})
    with django_assert_max_num_queries(40) as counted:
        page(as_alice, plugin)
    for _ in range(20):
        sent(session, reasons={"not_todo": 1, "unknown_asset": 2})
    with django_assert_max_num_queries(len(counted)):
        page(as_alice, plugin)


def test_a_viewer_sees_it(client, bob, plugin, session):
    client.force_login(bob)
    page(client, plugin)


def test_a_stranger_gets_404(client, charlie, plugin, session):
    client.force_login(charlie)
    page(client, plugin, answer=404)
