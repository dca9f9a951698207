"""What a script sees with its session's key is the session's scope, however that was chosen and however it asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pluginhost.models import Asset, Project, ProjectHead, Scope, Session, Task

from . import makers
from .v2 import V2, by_session, item

CHOSEN = [2, 3, 5, 8, 13, 21]


@pytest.fixture
def project(alice, organization) -> Project:
    return makers.make_project(alice, organization, assets=25)


@pytest.fixture
def scopes(alice, project, plugin) -> dict[str, dict[str, Any]]:
    """Ways to ask for the assets of `CHOSEN`."""
    Asset.objects.filter(project=project, number__in=CHOSEN).update(external_id="night.jpg")
    batch = makers.make_batch(project, "Night", CHOSEN)
    left = makers.make_session(alice, project, plugin)
    makers.make_import(left, accepted=set(range(1, 26)) - set(CHOSEN), rejected=CHOSEN)
    ProjectHead.objects.filter(project=project).update(last_applied=1)
    Session.objects.filter(pk=left.pk).update(
        state="partial", accepted=19, rejected=6, finished_at=left.created_at, idempotency_key="left"
    )
    uids = list(project.assets.filter(number__in=CHOSEN).values_list("uid", flat=True))
    return {
        "batches": {"batches": [batch.uid]},
        "assets": {"assets": uids},
        "filter": {"filter": {"external_id": "night"}},
        "without pre-labels": {"filter": {"pre_labeled": False}},
        "from_session": {"from_session": left.pk, "outcomes": ["rejected"]},
        "failed": {"from_session": left.pk, "outcomes": ["rejected", "failed"]},
        "first of": {"first": 6, "of": {"filter": {"external_id": "night"}}},
    }


WAYS = ["batches", "assets", "filter", "without pre-labels", "from_session", "failed", "first of"]


def numbers(rows: list[dict[str, Any]], project: Project) -> list[int]:
    known = dict(project.assets.values_list("uid", "number"))
    return [known[row.get("asset", row)["_id"]] for row in rows]


def collected(v2: V2, path: str, kind: str, **query: Any) -> list[dict[str, Any]]:
    """As published samples page: until as many were collected as `total` says."""
    found: list[dict[str, Any]] = []
    for page in range(1, 30):
        data = v2.data(path, {"page": page, "limit": 4, **query})
        found += data[kind]
        if data["total"] - len(found) <= 0:
            return found
        assert data[kind], "an empty page before the last one: the sample would never end"
    raise AssertionError("the total is never reached")


@pytest.mark.parametrize("way", WAYS)
def test_assets_and_tasks_are_exactly_the_scope(alice, project, plugin, scopes, way):
    v2, session = by_session(alice, project, plugin, scope=scopes[way])
    assert session.scope.count == len(CHOSEN)
    assert numbers(collected(v2, f"project/{project.uid}/assets", "assets"), project) == CHOSEN
    assert numbers(collected(v2, f"project/{project.uid}/tasks", "tasks"), project) == CHOSEN


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt", "externalId", "-priority,externalId", "updatedAt"])
def test_tasks_are_exactly_the_scope_in_any_order(alice, project, plugin, scopes, sort):
    v2, _ = by_session(alice, project, plugin, scope=scopes["assets"])
    found = numbers(collected(v2, f"project/{project.uid}/tasks", "tasks", sort=sort), project)
    assert sorted(found) == CHOSEN
    assert (found == CHOSEN[::-1]) is (sort == "-createdAt")


def test_tasks_are_exactly_the_scope_with_a_filter(alice, project, plugin, scopes):
    v2, _ = by_session(alice, project, plugin, scope=scopes["assets"])
    Task.objects.filter(asset__number__in=[1, 2, 3]).update(status="Completed", stage="Complete")
    path = f"project/{project.uid}/tasks"
    assert numbers(collected(v2, path, "tasks", status="TODO"), project) == [5, 8, 13, 21]
    assert numbers(collected(v2, path, "tasks", status="TODO", sort="-createdAt"), project) == [21, 13, 8, 5]
    assert numbers(collected(v2, path, "tasks", status="TODO", sort="-updatedAt"), project) == [21, 13, 8, 5]
    assert collected(v2, path, "tasks", externalId="image_0001.jpg") == []


def test_what_is_asked_for_by_name_is_there_only_in_the_scope(alice, project, plugin, scopes):
    v2, _ = by_session(alice, project, plugin, scope=scopes["batches"])
    inside, outside = (project.assets.get(number=number) for number in (5, 6))
    for asset, total in ((inside, 1), (outside, 0)):
        data = v2.data(f"project/{project.uid}/assets", {"filters": json.dumps({"_id": asset.uid})})
        assert (data["total"], len(data["assets"])) == (total, total)
        status, _ = v2.get(f"task/{asset.task.uid}")
        assert status == (200 if total else 404)


def test_an_import_outside_it_is_rejected_with_that_reason(alice, project, plugin, scopes):
    v2, session = by_session(alice, project, plugin, scope=scopes["without pre-labels"])
    outside = [{"externalId": "image_0001.jpg", "objects": [makers.box()]}]
    data = v2.posted("import/labels", {"project": project.uid, "jsonContent": [*outside, item(4)]})
    assert data["rejected"] == 2
    assert set(session.imports.get().reasons) == {"out_of_scope"}


def test_the_scope_stays_what_it_was_while_its_script_labels_it(alice, project, plugin, scopes):
    v2, _ = by_session(alice, project, plugin, scope=scopes["without pre-labels"])
    items = [{"externalId": "night.jpg", "objects": [makers.box()]}]
    v2.posted("import/labels", {"project": project.uid, "jsonContent": items})
    assert numbers(collected(v2, f"project/{project.uid}/assets", "assets"), project) == CHOSEN


def test_every_way_to_ask_for_the_same_assets_is_the_same_row(alice, project, plugin, scopes):
    made = {makers.make_session(alice, project, plugin, scope=scopes[way]).scope_id for way in WAYS}
    assert len(made) == 1
    assert Scope.objects.filter(project=project).count() == 2


def test_the_order_names_the_batches_that_were_chosen_also_where_some_were_left(alice, project, plugin, scopes):
    """A script that goes through `batches` finds there what it is to label."""
    batch = scopes["batches"]["batches"][0]
    first = makers.make_session(alice, project, plugin, scope=scopes["batches"])
    Session.objects.filter(pk=first.pk).update(state="cancelled", finished_at=first.created_at)
    v2, again = by_session(alice, project, plugin, scope={"from_session": first.pk})
    assert again.inputs.batches == [batch]
    path = f"project/{project.uid}/assets"
    assert numbers(collected(v2, path, "assets", filters=json.dumps({"batches": [batch]})), project) == CHOSEN
