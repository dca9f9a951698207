"""`/v2` projects: their kind, stages and benchmark settings."""

import pytest

from pluginhost.models import AuditEvent, Project, Task

from . import makers
from .v2 import by_session, by_user

REVIEW = {"id": "s1", "name": "Second look", "type": "Review", "position": {"x": 300, "y": 40}, "next": ["Complete"]}
LATER = {"id": "s2", "name": "Hold", "type": "Hold"}


def changed(v2, project, **body):
    return v2.posted(f"project/{project.uid}", body)["project"]


def test_three_stages_are_always_there_under_the_same_ids(bob, project):
    stages = by_user(bob).data(f"project/{project.uid}")["project"]["stages"]
    assert [(one["id"], one["name"], one["type"]) for one in stages] == [
        (it, it, it) for it in ("Start", "Label", "Complete")
    ]
    assert [one["position"]["x"] for one in stages] == [0, 200, 400]
    assert {one["consensusId"] for one in stages} == {None}


def test_stages_of_its_own_stand_between_them(alice, project):
    stages = changed(by_user(alice), project, stages=[REVIEW, LATER])["stages"]
    assert [one["id"] for one in stages] == ["Start", "Label", "s1", "s2", "Complete"]
    assert stages[2] == {**REVIEW, "consensusId": None}
    assert all("x" in one["position"] for one in stages)
    assert AuditEvent.objects.filter(verb="project.stages_set").exists()


def test_a_list_that_was_read_can_be_sent_again(alice, project):
    v2 = by_user(alice)
    first = changed(v2, project, stages=[REVIEW])["stages"]
    assert changed(v2, project, stages=first)["stages"] == first


def test_a_stage_without_an_id_gets_one_that_stays(alice, project):
    v2 = by_user(alice)
    (made,) = changed(v2, project, stages=[{"name": "Look", "type": "Review"}])["stages"][2:3]
    assert len(made["id"]) == 32
    assert v2.data(f"project/{project.uid}")["project"]["stages"][2]["id"] == made["id"]


def test_a_stage_that_holds_tasks_stays(alice, project):
    v2 = by_user(alice)
    changed(v2, project, stages=[REVIEW])
    Task.objects.filter(asset__number__lte=2).update(stage="s1")
    status, answer = v2.post(f"project/{project.uid}", {"stages": [], "name": "Other"})
    assert status == 409
    assert "2 tasks are in the stage Second look" in answer["message"]
    assert Project.objects.get(pk=project.pk).name == "Streets"
    Task.objects.update(stage="Label")
    assert len(changed(v2, project, stages=[])["stages"]) == 3


@pytest.mark.parametrize(
    ("stages", "path"),
    [
        (None, "stages"),
        ({}, "stages"),
        (["Review"], "stages[0]"),
        ([{"type": "Saw"}], "stages[0].type"),
        ([REVIEW, {**REVIEW, "id": "S1"}], "stages[1].id"),
        ([{**REVIEW, "id": 5}], "stages[0].id"),
        ([{**REVIEW, "id": "x" * 65}], "stages[0].id"),
        ([{**REVIEW, "id": "Complete"}], "stages[0].id"),
        ([{**REVIEW, "id": "label"}], "stages[0].id"),
        ([{**REVIEW, "type": "Complete"}], "stages[0].id"),
        ([{**REVIEW, "name": 5}], "stages[0].name"),
        ([{**REVIEW, "name": "x" * 201}], "stages[0].name"),
        ([{**REVIEW, "position": "left"}], "stages[0].position"),
        ([{**REVIEW, "position": {"x": "left"}}], "stages[0].position"),
        ([{**REVIEW, "position": {"x": 10**400}}], "stages[0].position"),
        ([{**REVIEW, "note": "x" * 300_000}], "stages"),
        ([{**REVIEW, "id": str(number)} for number in range(101)], "stages"),
    ],
)
def test_stages_that_mean_nothing_are_refused_and_named(alice, project, stages, path):
    status, answer = by_user(alice).post(f"project/{project.uid}", {"stages": stages})
    assert (status, answer["errors"][0]["path"]) == (400, path)
    assert Project.objects.get(pk=project.pk).stages == []


def test_benchmark_settings_are_kept_one_by_one(alice, project):
    v2 = by_user(alice)
    before = v2.data(f"project/{project.uid}")["project"]
    assert (before["benchmarkEnabled"], before["benchmarkRatio"], before["benchmarkCutoff"]) == (False, 0, False)
    changed(v2, project, benchmarkEnabled=True, benchmarkRatio=20)
    after = changed(v2, project, benchmarkCutoff=True)
    assert (after["benchmarkEnabled"], after["benchmarkRatio"], after["benchmarkCutoff"]) == (True, 20, True)


@pytest.mark.parametrize(
    "body", [{"benchmarkEnabled": "yes"}, {"benchmarkRatio": 101}, {"benchmarkRatio": 1.5}, {"benchmarkCutoff": 1}]
)
def test_benchmark_settings_that_mean_nothing_are_400(alice, project, body):
    assert by_user(alice).post(f"project/{project.uid}", body)[0] == 400


@pytest.mark.parametrize("kind", ["ango", "pct", "iframe"])
def test_a_project_has_the_type_that_it_was_made_with(alice, organization, kind):
    made = by_user(alice).posted("project", {"name": "New", "description": "", "type": kind})["project"]
    assert made["type"] == by_user(alice).data(f"project/{made['_id']}")["project"]["type"] == kind


def test_a_project_that_names_no_type_is_of_the_first(alice, organization):
    assert by_user(alice).posted("project", {"name": "New"})["project"]["type"] == "ango"


@pytest.mark.parametrize("kind", ["saw", 5, ["pct"], {"x": 1}])
def test_an_unknown_type_is_400(alice, organization, kind):
    status, answer = by_user(alice).post("project", {"name": "New", "type": kind})
    assert (status, answer["errors"][0]["path"]) == (400, "type")
    assert not Project.objects.exists()


def test_changing_a_project_takes_the_role_manager(bob, rita, charlie, project):
    assert by_user(charlie).post(f"project/{project.uid}", {"stages": []})[0] == 404
    for user in (bob, rita):
        assert by_user(user).post(f"project/{project.uid}", {"stages": []})[0] == 403


def test_a_session_key_changes_nothing_and_sees_the_stages(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    assert v2.post(f"project/{project.uid}", {"stages": []})[0] == 403
    assert len(v2.data(f"project/{project.uid}")["project"]["stages"]) == 3


def test_all_changes_are_made_or_none(alice, project):
    body = {"categorySchema": makers.TOOLS, "stages": [REVIEW], "benchmarkRatio": 5, "name": ""}
    assert by_user(alice).post(f"project/{project.uid}", body)[0] == 400
    fresh = Project.objects.get(pk=project.pk)
    assert (fresh.stages, fresh.benchmark, fresh.schema_version) == ([], {}, project.schema_version)
