"""`/v2` projects and batches, in both dialects."""

import pytest

from pluginhost.models import Batch, BatchAsset, Project

from . import makers
from .v2 import by_session, by_user


def test_a_project_has_tags_and_batches(alice, project):
    batch = makers.make_batch(project, "Day", [])
    found = by_user(alice).data(f"project/{project.uid}")["project"]
    assert (found["_id"], found["name"]) == (project.uid, "Streets")
    assert found["tags"] == found["batches"] == [{"_id": batch.uid, "name": "Day"}]
    assert [tool["title"] for tool in found["categorySchema"]["tools"]] == ["Car", "Bus", "Road"]
    assert found["assetBuilderTemplates"] == []


def test_projects_are_listed_with_an_exact_total(alice, bob, charlie, organization):
    for number in range(12):
        makers.make_project(alice, organization, name=f"Project {number:02}")
    data = by_user(bob).data("listProjects", {"page": 2})
    assert [project["name"] for project in data["projects"]] == ["Project 10", "Project 11"]
    assert data["total"] == 12
    assert data["projects"][0]["organization"] == organization.uid
    assert by_user(charlie).data("listProjects") == {"projects": [], "total": 0}


def test_a_project_is_made_and_given_its_tools(alice, organization):
    v2 = by_user(alice)
    made = v2.posted("project", {"name": "New", "description": "For cats"})["project"]
    schema = {"tools": [{"tool": "point", "title": "Nose", "schemaId": "keep-me", "classifications": []}]}
    changed = v2.posted(f"project/{made['_id']}", {"categorySchema": schema})["project"]
    assert changed["categorySchema"]["tools"][0]["schemaId"] == "keep-me"
    again = v2.posted(f"project/{made['_id']}", {"name": "Newer"})["project"]
    assert (again["name"], again["description"]) == ("Newer", "For cats")
    assert len(again["categorySchema"]["tools"]) == 1


def test_a_schema_that_is_wrong_is_named(alice, project):
    status, answer = by_user(alice).post(f"project/{project.uid}", {"categorySchema": {"tools": [{"tool": "saw"}]}})
    assert status == 400
    assert answer["errors"][0]["path"] == "categorySchema.tools[0].tool"


@pytest.mark.parametrize("name", ["", None, 5, "x" * 201])
def test_a_project_without_a_good_name_is_400(alice, organization, name):
    assert by_user(alice).post("project", {"name": name})[0] == 400


def test_a_viewer_may_not_make_projects(bob, organization):
    assert by_user(bob).post("project", {"name": "New"})[0] == 403
    assert Project.objects.count() == 0


# --- batches ---


@pytest.mark.parametrize("name", ["tags", "batches"])
def test_a_batch_is_added_to_the_list_that_was_read(alice, project, name):
    """The older clients read the list, append, and send it whole."""
    v2 = by_user(alice)
    makers.make_batch(project, "Day", [])
    known = v2.data(f"project/{project.uid}")["project"][name]
    answer = v2.posted(f"batches/{project.uid}", {name: [*known, {"name": "Night"}]})["project"]
    assert [batch["name"] for batch in answer["tags"]] == ["Day", "Night"]
    assert answer["batches"] == answer["tags"]


def test_one_batch_by_name_is_answered_with_its_id(alice, project):
    answer = by_user(alice).posted(f"batches/{project.uid}", {"name": "Day"})["project"]
    batch = Batch.objects.get()
    assert (answer["_id"], answer["name"]) == (batch.uid, "Day")
    again = by_user(alice).posted(f"batches/{project.uid}", {"name": "Day"})["project"]
    assert again["_id"] == batch.uid
    assert Batch.objects.count() == 1


def test_a_list_that_lacks_one_takes_none_away(alice, project):
    makers.make_batch(project, "Day", [])
    by_user(alice).posted(f"batches/{project.uid}", {"batches": [{"name": "Night"}]})
    assert list(Batch.objects.values_list("name", flat=True)) == ["Day", "Night"]


@pytest.mark.parametrize(
    "body", [{}, {"batches": "x"}, {"batches": [5]}, {"tags": [{}]}, {"name": ""}, {"name": "x" * 201}]
)
def test_batches_that_mean_nothing_are_400(alice, project, body):
    assert by_user(alice).post(f"batches/{project.uid}", body)[0] == 400
    assert not Batch.objects.exists()


@pytest.mark.parametrize("uid", [[], {}, ["x"], 5])
def test_an_id_of_a_batch_that_is_no_text_is_named(alice, project, uid):
    body = {"batches": ["Day", {"_id": uid, "name": "Night"}]}
    status, answer = by_user(alice).post(f"batches/{project.uid}", body)
    assert (status, answer["errors"][0]["path"]) == (400, "batches[1]._id")
    assert not Batch.objects.exists()


def test_more_names_than_there_may_be_batches_are_refused_before_any_is_looked_up(alice, project):
    v2, names = by_user(alice), [str(number) for number in range(260_000)]
    assert v2.post(f"batches/{project.uid}", {"batches": names})[0] == 400
    uid = v2.data(f"project/{project.uid}/assets")["assets"][0]["_id"]
    assert v2.post("assignBatches", {"assets": [uid], "batches": names})[0] == 400
    assert not Batch.objects.exists()


@pytest.mark.parametrize("name", ["tags", "batches"])
@pytest.mark.parametrize("names_the_project", [True, False])
def test_batches_are_assigned_by_name_or_id(alice, project, name, names_the_project):
    batch = makers.make_batch(project, "Day", [1])
    makers.make_batch(project, "Night", [])
    v2 = by_user(alice)
    uids = [asset["_id"] for asset in v2.data(f"project/{project.uid}/assets")["assets"]][:3]
    body = {"assets": uids, name: [batch.uid, "Night"]}
    if names_the_project:
        body["projectId"] = project.uid
    assert v2.posted("assignBatches", body) == {"assets": 3}
    assert BatchAsset.objects.count() == 6


def test_assets_and_batches_that_are_not_there_are_named(alice, organization, project):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    v2 = by_user(alice)
    uid = v2.data(f"project/{project.uid}/assets")["assets"][0]["_id"]
    foreign = v2.data(f"project/{other.uid}/assets")["assets"][0]["_id"]
    makers.make_batch(project, "Day", [])
    assert v2.post("assignBatches", {"assets": [uid], "batches": ["Nowhere"]})[0] == 400
    assert v2.post("assignBatches", {"assets": [uid, foreign], "batches": ["Day"]})[0] == 400
    assert v2.post("assignBatches", {"assets": ["0" * 24], "batches": ["Day"]})[0] == 404
    assert v2.post("assignBatches", {"assets": [], "batches": ["Day"]})[0] == 400
    assert v2.post("assignBatches", {"assets": [uid]})[0] == 400
    assert BatchAsset.objects.count() == 0


def test_a_stranger_assigns_nothing(charlie, alice, project):
    makers.make_batch(project, "Day", [])
    uid = by_user(alice).data(f"project/{project.uid}/assets")["assets"][0]["_id"]
    assert by_user(charlie).post("assignBatches", {"assets": [uid], "batches": ["Day"]})[0] == 404


def test_a_session_key_makes_and_assigns_batches_in_its_scope(alice, project, plugin):
    uids = [asset["_id"] for asset in by_user(alice).data(f"project/{project.uid}/assets")["assets"]]
    v2, _ = by_session(alice, project, plugin, scope={"first": 2})
    v2.posted(f"batches/{project.uid}", {"name": "Hard"})
    assert v2.posted("assignBatches", {"assets": uids[:2], "batches": ["Hard"]}) == {"assets": 2}
    assert v2.post("assignBatches", {"assets": [uids[3]], "batches": ["Hard"]})[0] == 404
    assert v2.post("assignBatches", {"assets": [uids[0], uids[3]], "batches": ["Hard"]})[0] == 400
