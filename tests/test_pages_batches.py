"""Batches on the pages: the list, one batch, and putting assets into them afterwards."""

import pytest
from django.urls import reverse

from pluginhost.actions import batches as actions
from pluginhost.models import Asset, AuditEvent, Batch, BatchAsset, Task

from . import makers


def page(client, name, *args, answer=200, **query):
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == answer, response.content.decode()[:2000]
    return response.content.decode()


def change(client, project, query="", **given):
    return client.post(reverse("project_assets_change", args=[project.uid]) + query, given, follow=True)


def numbers_in(batch):
    return list(Asset.objects.filter(places__batch=batch).order_by("number").values_list("number", flat=True))


@pytest.fixture
def night(project):
    return makers.make_batch(project, "night", [1, 2, 3])


# --- who ---


def test_a_viewer_sees_batches_and_is_offered_nothing(as_bob, project, night):
    shown = page(as_bob, "batch", project.uid, night.uid) + page(as_bob, "project_batches", project.uid)
    assert "night" in shown
    for word in ("Delete…", "Rename…", "Run on this batch", "Make the batch", "data-bulk", 'type="checkbox"'):
        assert word not in shown


def test_a_stranger_gets_404(as_charlie, project, night):
    page(as_charlie, "batch", project.uid, night.uid, answer=404)
    assert change(as_charlie, project, verb="fill", name="x", number=1).status_code == 404


def test_a_viewer_changes_nothing(as_bob, project, night):
    for name in ("batch", "batch_delete"):
        assert as_bob.post(reverse(name, args=[project.uid, night.uid]), {"name": "x"}).status_code == 403
    assert change(as_bob, project, verb="fill", name="x", number=1).status_code == 403
    assert Batch.objects.get().name == "night"


def test_a_batch_of_another_project_is_not_there(as_alice, alice, organization, project, night):
    other = makers.make_project(alice, organization, name="Other")
    page(as_alice, "batch", other.uid, night.uid, answer=404)
    page(as_alice, "batch", project.uid, "nonsense", answer=404)
    assert change(as_alice, other, verb="take_out", batch=night.uid, number=1).status_code == 404


# --- the list ---


def test_the_list_counts_assets_pre_labels_and_completed_tasks(as_alice, project, plugin, night):
    makers.make_labels(project, plugin=plugin, objects={1: [makers.box()], 2: [makers.box()], 5: [makers.box()]})
    Task.objects.filter(asset__project=project, asset__number=3).update(status="Completed", stage="Complete")
    shown = page(as_alice, "project_batches", project.uid)
    for label, count in (("Assets", 3), ("With pre-labels", 2), ("Completed", 1)):
        assert f'data-label="{label}">{count}</td>' in shown
    assert 'aria-label="1 of 3 completed"' in shown


def test_the_list_is_searched(as_alice, project, night):
    makers.make_batch(project, "dusk", [])
    shown = page(as_alice, "project_batches", project.uid, q="NIG")
    assert "night" in shown
    assert "dusk" not in shown
    assert "Nothing matches" in page(as_alice, "project_batches", project.uid, q="zebra")


def test_more_batches_take_no_more_queries(as_alice, project, night, django_assert_max_num_queries):
    with django_assert_max_num_queries(30) as few:
        page(as_alice, "project_batches", project.uid)
    for count in range(20):
        makers.make_batch(project, f"batch {count}", [1, 2, 3, 4])
    with django_assert_max_num_queries(len(few)):
        page(as_alice, "project_batches", project.uid)


def test_the_list_is_turned_by_pages(as_alice, alice, project):
    actions.upsert(makers.principal(alice), project, [f"batch {n:03}" for n in range(60)])
    shown = page(as_alice, "project_batches", project.uid)
    assert "batch 059" in shown
    assert "batch 009" not in shown
    assert "after=" in shown


def test_an_empty_list_says_what_a_batch_is(as_alice, project):
    assert "No batch yet" in page(as_alice, "project_batches", project.uid)


def test_a_batch_is_made_and_shown(as_alice, project):
    response = as_alice.post(reverse("project_batches", args=[project.uid]), {"name": " dusk "})
    assert response.headers["Location"] == reverse("batch", args=[project.uid, Batch.objects.get().uid])
    assert Batch.objects.get().name == "dusk"


@pytest.mark.parametrize(
    ("name", "sentence"), [("night", "of this name already"), ("", "required"), ("x" * 201, "200")]
)
def test_a_name_that_cannot_be_is_refused_at_the_form(as_alice, project, night, name, sentence):
    response = as_alice.post(reverse("project_batches", args=[project.uid]), {"name": name})
    assert sentence in response.content.decode()
    assert Batch.objects.count() == 1


# --- one batch ---


def test_a_batch_shows_its_assets_only(as_alice, project, night):
    shown = page(as_alice, "batch", project.uid, night.uid)
    assert [n for n in range(1, 6) if f"image_{n:04}.jpg" in shown] == [1, 2, 3]
    shown = page(as_alice, "batch", project.uid, night.uid, q="0002")
    assert [n for n in range(1, 6) if f"image_{n:04}.jpg" in shown] == [2]


def test_pictures_of_a_batch_may_come_from_anywhere_and_hear_nothing(as_alice, project, night):
    response = as_alice.get(reverse("batch", args=[project.uid, night.uid]))
    assert "img-src 'self' data: blob: https: http:" in response.headers["Content-Security-Policy"]
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_more_assets_take_no_more_queries(as_alice, project, night, django_assert_max_num_queries):
    with django_assert_max_num_queries(40) as few:
        page(as_alice, "batch", project.uid, night.uid)
    makers.make_assets(project, 60)
    makers.make_batch(project, "night", range(1, 66))
    with django_assert_max_num_queries(len(few)):
        page(as_alice, "batch", project.uid, night.uid)


def test_an_empty_batch_says_how_to_fill_it(as_alice, as_bob, project, alice, client):
    empty = makers.make_batch(project, "empty", [])
    client.force_login(alice)
    assert "Choose assets" in page(client, "batch", project.uid, empty.uid)


def test_the_run_dialog_begins_with_the_batch(as_alice, project, plugin, night):
    makers.enable(project, plugin)
    address = f"{reverse('project_run', args=[project.uid, plugin.uid])}?batch={night.uid}"
    assert address in page(as_alice, "batch", project.uid, night.uid)
    shown = as_alice.get(address).content.decode()
    assert f'value="{night.uid}" data-count="3" checked' in shown
    assert 'value="batches" checked' in shown
    assert "<b data-sum>3 assets</b>" in shown


def test_a_batch_is_renamed(as_alice, project, night):
    as_alice.post(reverse("batch", args=[project.uid, night.uid]), {"name": "dusk"})
    night.refresh_from_db()
    assert night.name == "dusk"
    assert AuditEvent.objects.filter(verb="batch.renamed", details__before="night", details__after="dusk").exists()


def test_a_name_of_another_batch_is_not_taken(as_alice, project, night):
    makers.make_batch(project, "dusk", [])
    response = as_alice.post(reverse("batch", args=[project.uid, night.uid]), {"name": "dusk"})
    assert "of this name already" in response.content.decode()
    assert "data-shown" in response.content.decode()  # the dialog is open again
    night.refresh_from_db()
    assert night.name == "night"


def test_deleting_a_batch_keeps_its_assets(as_alice, project, night):
    response = as_alice.post(reverse("batch_delete", args=[project.uid, night.uid]), follow=True)
    assert "Its assets are still in the project" in response.content.decode()
    assert not Batch.objects.exists()
    assert project.assets.count() == 5
    assert AuditEvent.objects.get(verb="batch.deleted").details["assets"] == 3


# --- putting assets into batches ---


def test_ticked_assets_are_put_into_a_new_batch(as_alice, project):
    response = change(as_alice, project, verb="fill", name="dusk", number=[2, 4])
    made = Batch.objects.get(name="dusk")
    assert numbers_in(made) == [2, 4]
    assert reverse("batch", args=[project.uid, made.uid]) in response.content.decode()
    assert AuditEvent.objects.get(verb="batch.filled").details["assets"] == 2


def test_assets_that_are_in_the_batch_already_stay_once(as_alice, project, night):
    response = change(as_alice, project, verb="fill", name="night", number=[3, 4])
    assert numbers_in(night) == [1, 2, 3, 4]
    assert "1 asset was put into" in response.content.decode()
    again = change(as_alice, project, verb="fill", name="night", number=[3])
    assert "All of them are already in" in again.content.decode()


def test_all_that_the_filters_leave_are_put_into_it(as_alice, project, night):
    change(as_alice, project, f"?batch={night.uid}&q=image", verb="fill", name="dusk", every="1")
    assert numbers_in(Batch.objects.get(name="dusk")) == [1, 2, 3]


def test_all_of_the_project_are_put_into_it(as_alice, project):
    change(as_alice, project, verb="fill", name="dusk", every="1", number=[2])
    assert numbers_in(Batch.objects.get(name="dusk")) == [1, 2, 3, 4, 5]


def test_assets_are_taken_out_of_a_batch(as_alice, project, night):
    response = change(as_alice, project, verb="take_out", batch=night.uid, number=[1, 5])
    assert numbers_in(night) == [2, 3]
    assert "1 asset was removed from" in response.content.decode()


def test_all_of_a_batchs_page_are_taken_out(as_alice, project, night):
    change(as_alice, project, "?q=image_0002", verb="take_out", batch=night.uid, within=night.uid, every="1")
    assert numbers_in(night) == [1, 3]


def test_numbers_of_another_project_change_nothing(as_alice, alice, organization, project, night):
    other = makers.make_project(alice, organization, assets=2, name="Other")
    change(as_alice, other, verb="fill", name="dusk", number=[1, 4])
    assert numbers_in(Batch.objects.get(name="dusk")) == [1]
    assert set(BatchAsset.objects.filter(batch__name="dusk").values_list("asset__project", flat=True)) == {other.pk}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"verb": "fill", "name": "dusk"}, "Tick at least one asset"),
        ({"verb": "fill", "name": "dusk", "number": ["x", "²", "9" * 30]}, "Tick at least one asset"),
        ({"verb": "fill", "name": " ", "number": [1]}, "Name the batch"),
        ({"verb": "explode", "number": [1]}, "explode"),
    ],
)
def test_what_cannot_be_done_is_said(as_alice, project, given, sentence):
    referer = f"http://testserver{reverse('project', args=[project.uid])}"
    address = reverse("project_assets_change", args=[project.uid])
    response = as_alice.post(address, given, headers={"Referer": referer}, follow=True)
    assert sentence in response.content.decode()
    assert not Batch.objects.exists()


def test_many_assets_go_chunk_by_chunk(alice, project, monkeypatch):
    monkeypatch.setattr(actions, "_CHUNK", 2)
    by, night = makers.principal(alice), makers.make_batch(project, "night", [])
    everything = Asset.objects.filter(project=project)
    assert actions.fill(by, project, night, everything) == 5
    assert actions.take_out(by, project, night, everything.filter(places__batch=night)) == 5
    assert actions.fill(by, project, night, everything) == 5
    actions.delete(by, night)
    assert not BatchAsset.objects.exists()


def test_a_tile_and_a_row_can_be_ticked(as_alice, project):
    for view in ("grid", "list"):
        shown = page(as_alice, "project", project.uid, view=view)
        assert shown.count('name="number"') == 5
        assert 'form="bulk"' in shown


# --- deleting assets ---


def test_ticked_assets_are_deleted_by_who_is_sure(as_alice, project):
    assert "Tick that you are sure" in change(as_alice, project, verb="delete", number=[1]).content.decode()
    assert project.assets.count() == 5
    response = change(as_alice, project, verb="delete", number=[1, 3], sure="1")
    assert "2 assets were deleted." in response.content.decode()
    assert list(project.assets.order_by("number").values_list("number", flat=True)) == [2, 4, 5]


def test_assets_of_some_numbers_are_deleted(as_alice, project):
    change(as_alice, project, verb="delete", numbers="2-3,5-5", sure="1")
    assert list(project.assets.order_by("number").values_list("number", flat=True)) == [1, 4]


@pytest.mark.parametrize("numbers", ["", "x", "1-", "1-2,", "1", "²-³", "1-9999999999"])
def test_numbers_that_make_no_sense_delete_nothing(as_alice, project, numbers):
    assert "Tick at least one" in change(as_alice, project, verb="delete", numbers=numbers, sure="1").content.decode()
    assert project.assets.count() == 5


@pytest.mark.parametrize(
    "given", [{"verb": "delete", "sure": "1"}, {"verb": "fill", "name": "night"}, {"verb": "take_out"}]
)
@pytest.mark.parametrize("query", ["batch=gone0gone0gone0gone0gone", "status=Odd", "prelabels=maybe", "q=%00"])
def test_a_filter_that_does_not_hold_any_more_chooses_nothing(as_alice, project, night, given, query):
    response = change(as_alice, project, f"?{query}", batch=night.uid, every="1", shown="5", **given)
    assert "filters of this page are not what they were" in response.content.decode()
    assert project.assets.count() == 5
    assert numbers_in(night) == [1, 2, 3]


def test_a_page_whose_filter_does_not_hold_offers_to_clear_it(as_alice, project):
    assert ">Clear</a>" in page(as_alice, "project", project.uid, batch="gone")


def test_numbers_that_follow_one_another_are_one_range_however_many_they_are(as_alice, project):
    numbers = ",".join(f"{n}-{n}" for n in reversed(range(1, 1_000)))
    assert (
        "5 assets were deleted." in change(as_alice, project, verb="delete", numbers=numbers, sure="1").content.decode()
    )


def test_too_many_ranges_are_refused_as_a_whole(as_alice, project):
    numbers = ",".join(f"{n}-{n}" for n in range(1, 1_003, 2))
    response = change(as_alice, project, verb="delete", numbers=numbers, sure="1")
    assert "too scattered" in response.content.decode()
    assert project.assets.count() == 5


def test_all_that_were_shown_are_deleted(as_alice, project, night):
    assert 'name="shown" value="3"' in page(as_alice, "project", project.uid, batch=night.uid)
    change(as_alice, project, f"?batch={night.uid}", verb="delete", every="1", sure="1", shown="3")
    assert list(project.assets.order_by("number").values_list("number", flat=True)) == [4, 5]


@pytest.mark.parametrize("shown", ["", "4"])
def test_more_than_were_shown_are_not_deleted(as_alice, project, shown):
    response = change(as_alice, project, verb="delete", every="1", sure="1", shown=shown)
    assert "5 assets match now" in response.content.decode()
    assert project.assets.count() == 5


def test_a_viewer_deletes_nothing(as_bob, project):
    assert change(as_bob, project, verb="delete", every="1", sure="1").status_code == 403
    assert project.assets.count() == 5
