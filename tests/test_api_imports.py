"""Imports and their items through the own API."""

import pytest
from django.utils import timezone

from pluginhost.models import Import, PreLabel, Rejection

from . import makers
from .api import Caller, paths, refusal


@pytest.fixture
def api(alice, organization):
    return Caller(alice)


@pytest.fixture
def imported(alice, project, plugin):
    """Six items: accepted, rejected, accepted, rejected twice, unchanged, rejected."""
    session = makers.make_session(alice, project, plugin)
    assets = list(project.assets.all())
    found = Import.objects.create(
        project=project, session=session, plugin=plugin, user=alice, state="applied", applied_seq=1,
        applied_at=timezone.now(), items=6, accepted=2, rejected=3, unchanged=1, objects_count=5,
        reasons={"unknown_asset": 1, "bad_geometry": 2},
    )  # fmt: skip
    for index, asset, is_unchanged in ((0, assets[0], False), (2, assets[1], False), (4, assets[2], True)):
        PreLabel.objects.create(
            origin=found, asset=asset, index=index, content="{}", content_digest="0" * 32, objects_count=2,
            is_unchanged=is_unchanged,
        )  # fmt: skip
    for index, code in ((1, "unknown_asset"), (3, "bad_geometry"), (3, "bad_geometry"), (5, "bad_geometry")):
        Rejection.objects.create(
            origin=found, index=index, external_id=f"item {index}", code=code, path="objects[0]", message="Why."
        )
    return found


def test_an_import_says_what_was_taken_and_why_not(api, imported):
    shown = api.get(f"/imports/{imported.pk}").json()
    assert (shown["session"], shown["user"]) == (imported.session.uid, "alice")
    assert (shown["state"], shown["items"], shown["accepted"], shown["rejected"], shown["unchanged"]) == (
        "applied", 6, 2, 3, 1,
    )  # fmt: skip
    assert shown["reasons"] == [{"code": "bad_geometry", "count": 2}, {"code": "unknown_asset", "count": 1}]


def test_a_session_lists_its_imports(api, imported):
    listed = api.get(f"/sessions/{imported.session_id}/imports").json()
    assert (listed["total"], listed["next"]) == (1, None)
    assert listed["items"] == [api.get(f"/imports/{imported.pk}").json()]


def test_items_come_in_the_order_of_the_request(api, imported):
    listed = api.get(f"/imports/{imported.pk}/items").json()
    assert [(item["index"], item["outcome"]) for item in listed["items"]] == [
        (0, "accepted"), (1, "rejected"), (2, "accepted"), (3, "rejected"), (3, "rejected"), (4, "unchanged"),
        (5, "rejected"),
    ]  # fmt: skip
    assert listed["total"] == 7


def test_an_item_names_its_asset_or_its_reason(api, imported, project):
    first, second = api.get(f"/imports/{imported.pk}/items?limit=2").json()["items"]
    asset = project.assets.get(number=1)
    assert first == {
        "index": 0, "external_id": asset.external_id, "asset": asset.uid, "outcome": "accepted", "reason": None,
        "notices": [], "objects": 2,
    }  # fmt: skip
    assert second["reason"] == {"code": "unknown_asset", "path": "objects[0]", "message": "Why."}
    assert (second["external_id"], second["asset"]) == ("item 1", None)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        ("", [0, 1, 2, 3, 3, 4, 5]),
        ("&outcome=accepted", [0, 2]),
        ("&outcome=rejected", [1, 3, 3, 5]),
        ("&outcome=unchanged", [4]),
    ],
)
def test_items_page_by_key_without_a_gap_or_a_double(api, imported, limit, query, indexes):
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/imports/{imported.pk}/items?limit={limit}{query}{cursor}").json()
        assert page["total"] == len(indexes)
        seen += [item["index"] for item in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert seen == indexes


def test_a_cursor_of_another_list_is_refused(api, imported):
    cursor = api.get(f"/imports/{imported.pk}/items?limit=1").json()["next"]
    answer = api.get(f"/sessions?cursor={cursor}")
    assert "cursor" in refusal(answer, 400)
    assert paths(answer) == ["cursor"]


def test_an_outcome_that_there_is_not_is_refused(api, imported):
    refusal(api.get(f"/imports/{imported.pk}/items?outcome=lost"), 422)


def test_a_stranger_gets_404(charlie, imported):
    api = Caller(charlie)
    for path in (f"/imports/{imported.pk}", f"/imports/{imported.pk}/items"):
        refusal(api.get(path), 404)


def test_a_viewer_may_look(bob, imported):
    assert Caller(bob).get(f"/imports/{imported.pk}/items").json()["total"] == 7
