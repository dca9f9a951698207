"""Projects, and plugins in them, through the own API."""

import pytest

from pluginhost.models import Project

from . import makers
from .api import Caller, paths, refusal


@pytest.fixture
def api(alice, organization):
    return Caller(alice)


def test_creating_a_project_gives_it_back(api):
    answer = api.post("/projects", {"name": "Streets", "description": "By day."})
    assert answer.status_code == 201
    assert answer.json()["counts"] == {"assets": 0, "pre_labeled": 0, "batches": 0, "plugins": 0}
    assert Project.objects.get(uid=answer.json()["id"]).description == "By day."


def test_a_project_shows_its_counts_and_labeling_tools(api, project):
    shown = api.get(f"/projects/{project.uid}").json()
    assert shown["counts"]["assets"] == 5
    assert shown["category_schema"]["tools"][0]["title"] == "Car"


def test_the_list_has_all_that_one_may_see_and_no_more(api, charlie, project):
    assert [shown["id"] for shown in api.get("/projects").json()["items"]] == [project.uid]
    assert Caller(charlie).get("/projects").json()["total"] == 0


def test_a_patch_changes_what_it_names(api, project):
    assert api.patch(f"/projects/{project.uid}", {"name": "Roads"}).json()["name"] == "Roads"


def test_a_name_is_needed(api, project):
    answer = api.post("/projects", {"description": "nameless"})
    refusal(answer, 422)
    assert paths(answer) == ["name"]
    answer = api.patch(f"/projects/{project.uid}", {"name": " "})
    refusal(answer, 400)
    assert paths(answer) == ["name"]


def test_a_deleted_project_is_not_there(api, project):
    assert api.delete(f"/projects/{project.uid}").status_code == 204
    refusal(api.get(f"/projects/{project.uid}"), 404)


def test_enabling_a_plugin_maps_classes_by_name(api, project, plugin):
    shown = api.put(f"/projects/{project.uid}/plugins/{plugin.uid}").json()
    assert shown["class_mapping"] == {"Car": "c" * 24, "Bus": "b" * 24}
    listed = api.get(f"/projects/{project.uid}/plugins").json()
    assert (listed["total"], listed["items"]) == (1, [shown])


def test_enabling_takes_a_mapping_and_a_config(api, project, plugin):
    shown = api.put(
        f"/projects/{project.uid}/plugins/{plugin.uid}",
        {"class_mapping": {"Car": "b" * 24, "Bus": None}, "config": {"threshold": 0.9}},
    ).json()
    assert (shown["class_mapping"], shown["config"]) == ({"Car": "b" * 24, "Bus": None}, {"threshold": 0.9})


def test_an_empty_config_is_the_plugins_default_again(api, project, plugin):
    path = f"/projects/{project.uid}/plugins/{plugin.uid}"
    api.put(path, {"config": {"threshold": 0.9}})
    assert api.put(path, {}).json()["config"] == {"threshold": 0.9}
    assert api.put(path, {"config": ""}).json()["config"] is None
    assert api.post(f"{path}/sessions").json()["inputs"]["config"] == {"threshold": 0.5}


def test_a_mapping_to_nothing_that_is_there_is_refused(api, project, plugin):
    answer = api.put(f"/projects/{project.uid}/plugins/{plugin.uid}", {"class_mapping": {"Car": "x", "Cat": None}})
    refusal(answer, 400)
    assert paths(answer) == ["class_mapping.Car", "class_mapping.Cat"]


def test_a_disabled_plugin_cannot_run(api, project, plugin):
    api.put(f"/projects/{project.uid}/plugins/{plugin.uid}")
    assert api.delete(f"/projects/{project.uid}/plugins/{plugin.uid}").status_code == 204
    assert "not enabled" in refusal(api.post(f"/projects/{project.uid}/plugins/{plugin.uid}/sessions"), 409)


def test_a_plugin_of_another_organization_is_not_there(api, alice, project):
    foreign = makers.make_plugin(alice, makers.make_organization(alice))
    assert "organization" in refusal(api.put(f"/projects/{project.uid}/plugins/{foreign.uid}"), 404)


def calls(project, plugin):
    place = f"/projects/{project.uid}/plugins/{plugin.uid}"
    return [
        ("PATCH", f"/projects/{project.uid}", {"name": "x"}),
        ("DELETE", f"/projects/{project.uid}", None),
        ("PUT", place, {}),
        ("DELETE", place, None),
        ("POST", f"{place}/sessions", {}),
    ]


def test_a_stranger_gets_404(charlie, project, plugin):
    api = Caller(charlie)
    for call in calls(project, plugin):
        refusal(api.call(*call), 404)
    refusal(api.get(f"/projects/{project.uid}"), 404)
    refusal(api.get(f"/projects/{project.uid}/plugins"), 404)


def test_a_viewer_gets_403_for_whatever_changes_something(bob, project, plugin):
    api = Caller(bob)
    for call in calls(project, plugin):
        assert "yours is viewer" in refusal(api.call(*call), 403)
    assert api.get(f"/projects/{project.uid}/plugins").status_code == 200
