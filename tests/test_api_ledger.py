"""Applying, discarding, undoing and redoing through the own API, and items with what was remarked about them."""

from __future__ import annotations

import pytest

from pluginhost.actions import ledger, organizations
from pluginhost.models import Import, Task

from . import makers
from .api import Caller, paths, refusal
from .ledgers import BUS, pre_labeled
from .recount import assert_kept_right
from .v2 import by_session, by_user, item, send

CAR = "c" * 24


@pytest.fixture
def api(alice):
    return Caller(alice)


# --- one import, and all of a session ---


def test_it_works(api, project, sent):
    undone = api.post(f"/imports/{sent.pk}/undo").json()
    assert (undone["state"], undone["changed_by"]) == ("undone", "alice")
    assert undone["touched"] == {"imports": 1, "assets": 2, "objects": 3, "worked_on": [], "worked_on_count": 0}
    assert pre_labeled(project) == 0
    assert api.post(f"/imports/{sent.pk}/redo").json()["state"] == "applied"
    assert pre_labeled(project) == 2
    assert_kept_right(project)


@pytest.mark.parametrize(("verb", "state", "shown"), [("apply", "applied", 2), ("discard", "discarded", 0)])
def test_a_staged_import_is_applied_or_discarded(api, project, staged, verb, state, shown):
    assert api.post(f"/imports/{staged.pk}/{verb}").json()["state"] == state
    assert pre_labeled(project) == shown
    assert_kept_right(project)


def test_all_imports_of_a_session_are_moved(api, project, sent):
    session = sent.session
    for verb, state in (("undo", "undone"), ("redo", "applied")):
        moved = api.post(f"/sessions/{session.pk}/{verb}").json()
        assert (moved["session"], moved["touched"]["objects"]) == (session.uid, 3)
        assert {one["state"] for one in api.get(f"/sessions/{session.uid}/imports").json()["items"]} == {state}


@pytest.mark.parametrize(("verb", "state"), [("apply", "applied"), ("discard", "discarded")])
def test_all_that_a_session_staged_is_moved(api, staged, verb, state):
    assert api.post(f"/sessions/{staged.session.uid}/{verb}").json()["touched"]["imports"] == 1
    assert api.get(f"/imports/{staged.pk}").json()["state"] == state


def test_a_call_is_its_own_confirmation(api, project, sent, monkeypatch):
    monkeypatch.setattr(ledger, "ASKED_ABOVE", 0)
    assert api.post(f"/imports/{sent.pk}/undo").status_code == 200


def test_assets_where_people_worked_are_listed(api, project, sent):
    Task.objects.filter(asset__project=project, asset__number=2).update(answer={"tools": []})
    touched = api.post(f"/imports/{sent.pk}/undo").json()["touched"]
    assert touched["worked_on"] == [project.assets.get(number=2).uid]
    assert touched["worked_on_count"] == 1


@pytest.mark.parametrize("verb", ["redo", "apply", "discard"])
def test_what_is_not_possible_is_a_409_with_the_reason(api, sent, verb):
    assert "is applied; only one that is" in refusal(api.post(f"/imports/{sent.pk}/{verb}"), 409)
    assert "so there is nothing to" in refusal(api.post(f"/sessions/{sent.session_id}/{verb}"), 409)


# --- a review ---


def test_a_review_takes_part_of_it(api, project, staged):
    moved = api.post(f"/sessions/{staged.session_id}/accept", {"classes": [CAR]}).json()
    assert moved["touched"]["objects"] == 2
    first, second = api.get(f"/sessions/{staged.session_id}/imports").json()["items"]
    assert (first["state"], second["state"], second["reviewed_from"]) == ("discarded", "applied", first["id"])
    assert_kept_right(project)


def test_a_review_leaves_single_assets_out(api, project, staged):
    without = [project.assets.get(number=2).uid]
    moved = api.post(f"/sessions/{staged.session_id}/accept", {"without": without, "least_confidence": 0.5}).json()
    assert moved["touched"]["assets"] == 1


def test_a_review_without_a_choice_takes_all(api, project, staged):
    assert api.post(f"/sessions/{staged.session_id}/accept").json()["touched"]["objects"] == 3
    assert api.get(f"/imports/{staged.pk}").json()["state"] == "applied"


@pytest.mark.parametrize(
    ("choice", "path"),
    [
        ({"least_confidence": 2}, "least_confidence"),
        ({"without": ["f" * 24]}, "without[0]"),
        ({"classes": "Car"}, "classes"),
        ({"best": True}, "best"),
    ],
)
def test_a_bad_choice_is_refused_by_its_path(api, staged, choice, path):
    answer = api.post(f"/sessions/{staged.session_id}/accept", choice)
    assert answer.status_code in (400, 422)
    assert paths(answer) == [path]


# --- who may ---


@pytest.mark.parametrize("verb", ["apply", "discard", "undo", "redo"])
def test_a_viewer_gets_403_and_a_stranger_404(bob, charlie, sent, verb):
    for who, status in ((bob, 403), (charlie, 404)):
        refusal(Caller(who).post(f"/imports/{sent.pk}/{verb}"), status)
        refusal(Caller(who).post(f"/sessions/{sent.session_id}/{verb}"), status)
    sent.refresh_from_db()
    assert sent.state == "applied"


def test_a_viewer_and_a_stranger_review_nothing(bob, charlie, staged):
    refusal(Caller(bob).post(f"/sessions/{staged.session_id}/accept"), 403)
    refusal(Caller(charlie).post(f"/sessions/{staged.session_id}/accept"), 404)


def test_a_runner_may(bob, organization, sent):
    organizations.set_member(organization, bob, "runner")
    assert Caller(bob).post(f"/imports/{sent.pk}/undo").status_code == 200


def test_a_sessions_key_may_not(alice, project, plugin, sent):
    v2, _ = by_session(alice, project, plugin)
    refusal(Caller(key=v2.key, user=None).post(f"/imports/{sent.pk}/undo"), 403)


# --- items and what was remarked ---


def items_of(api, found, query=""):
    listed = api.get(f"/imports/{found.pk}/items{query}").json()
    assert listed["total"] == len(listed["items"])
    return listed["items"]


def test_each_item_of_the_request_has_its_outcome(api, alice, project):
    given = [item(1), item(1, makers.box(BUS)), item(9), item(1), item(2)]
    send(by_user(alice), project, *given)
    found = Import.objects.get()
    listed = items_of(api, found)
    assert [(one["index"], one["outcome"]) for one in listed] == [
        (0, "accepted"), (1, "accepted"), (2, "rejected"), (3, "unchanged"), (4, "accepted"),
    ]  # fmt: skip
    assert [one["objects"] for one in listed] == [2, 0, 0, 0, 1]
    counts = {name: len(items_of(api, found, f"?outcome={name}")) for name in ("accepted", "unchanged", "rejected")}
    assert counts == {"accepted": found.accepted, "unchanged": found.unchanged, "rejected": found.rejected}


def test_items_say_what_was_remarked(api, alice, project):
    send(by_user(alice), project, item(1), item(1, makers.box(BUS)))
    first, second = items_of(api, Import.objects.get())
    assert first["notices"] == []
    assert [said["code"] for said in second["notices"]] == ["merged"]
    assert second["external_id"] == "image_0001.jpg"
    shown = api.get(f"/imports/{Import.objects.get().pk}").json()
    assert shown["notices"] == [{"code": "merged", "count": 1}]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_items_hold_all_of_them_once(api, alice, project, limit):
    send(by_user(alice), project, item(1), item(1, makers.box(BUS)), item(9), item(1), item(2))
    found, seen, cursor = Import.objects.get(), [], ""
    while cursor is not None:
        listed = api.get(f"/imports/{found.pk}/items?limit={limit}{cursor and f'&cursor={cursor}'}").json()
        seen += [one["index"] for one in listed["items"]]
        cursor = listed["next"]
    assert seen == [0, 1, 2, 3, 4]


def test_an_import_says_what_it_hid(api, alice, project, plugin, sent):
    v2, _ = by_session(alice, project, plugin)
    send(v2, project, item(2), item(3))
    assert api.get(f"/imports/{Import.objects.latest('pk').pk}").json()["hid_assets"] == 1
