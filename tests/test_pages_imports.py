"""The Imports tab and an import's page: what came, and what became of each item."""

import pytest
from django.urls import reverse

from pluginhost.models import Import, Rejection

from . import makers


@pytest.fixture
def given(alice, project, plugin):
    return makers.make_import(makers.make_session(alice, project, plugin), accepted=[1, 2, 3], rejected=[4])


def page(client, name, *args, answer=200, **query):
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == answer
    return response.content.decode()


def test_the_tab_lists_imports_with_their_session(as_alice, project, given):
    shown = page(as_alice, "project_imports", project.uid)
    assert f"Import {given.pk}" in shown
    assert reverse("session", args=[given.session_id]) in shown
    assert "3 accepted, 1 rejected" in shown


def test_an_empty_tab_says_so(as_alice, project):
    assert "No import yet" in page(as_alice, "project_imports", project.uid)


def test_the_page_counts_the_reasons(as_alice, given):
    Import.objects.filter(pk=given.pk).update(reasons={"bad_geometry": 1})
    shown = page(as_alice, "imported", given.pk)
    assert "Why items were rejected" in shown
    assert "bad_geometry" in shown


def test_rejected_items_stand_first_with_their_reason(as_alice, given):
    shown = page(as_alice, "imported", given.pk)
    assert "image_0004.jpg" in shown
    assert "width is 0" in shown
    assert "image_0001.jpg" not in shown


def test_accepted_items_are_one_click_away(as_alice, given):
    shown = page(as_alice, "imported", given.pk, outcome="accepted")
    assert "image_0001.jpg" in shown
    assert "image_0004.jpg" not in shown


def test_unchanged_items_are_listed_apart(as_alice, given):
    given.pre_labels.filter(index=2).update(is_unchanged=True)
    Import.objects.filter(pk=given.pk).update(accepted=2, unchanged=1)
    assert "image_0003.jpg" in page(as_alice, "imported", given.pk, outcome="unchanged")
    assert "image_0003.jpg" not in page(as_alice, "imported", given.pk, outcome="accepted")


def test_an_item_about_no_asset_is_listed_by_what_it_said(as_alice, given):
    Rejection.objects.create(origin=given, index=9, external_id="nowhere.jpg", code="unknown_asset", message="No.")
    assert "nowhere.jpg" in page(as_alice, "imported", given.pk)


def test_items_are_paged_by_key(as_alice, project, given):
    rows = [Rejection(origin=given, index=n, external_id=f"item {n}", code="x", message="x") for n in range(100, 180)]
    Rejection.objects.bulk_create(rows)
    first = page(as_alice, "imported", given.pk)
    assert "item 148" in first
    assert "item 149" not in first
    key = Rejection.objects.get(index=148).pk
    assert f"after={key}" in first
    assert "item 149" in page(as_alice, "imported", given.pk, after=str(key))


def test_more_items_take_no_more_queries(as_alice, project, plugin, alice, django_assert_max_num_queries):
    makers.make_assets(project, 45)
    session = makers.make_session(alice, project, plugin)
    few, many = makers.make_import(session, accepted=range(1, 6)), makers.make_import(session, accepted=range(1, 51))
    with django_assert_max_num_queries(60) as counted:
        page(as_alice, "imported", few.pk)
    with django_assert_max_num_queries(len(counted)):
        page(as_alice, "imported", many.pk)


def test_a_viewer_sees_an_import(client, bob, given):
    client.force_login(bob)
    page(client, "imported", given.pk)


def test_a_stranger_gets_404(client, charlie, given):
    client.force_login(charlie)
    page(client, "imported", given.pk, answer=404)


def test_there_is_no_such_import(as_alice, given):
    page(as_alice, "imported", given.pk + 1, answer=404)
