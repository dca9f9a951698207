"""People's answers, as clients of every version send them; from then on imports change nothing there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from pluginhost.actions import ledger
from pluginhost.models import AuditEvent, Import, StoredFile, Task, TaskStep

from . import makers
from .recount import assert_kept_right
from .v2 import by_session, by_user, item, send

CAR, BUS = "c" * 24, "b" * 24


def tool(object_id="one", schema_id=CAR, **more):
    return {**makers.box(schema_id), "objectId": object_id, **more}


def whole(*tools, name="tools"):
    return {name: list(tools), "classifications": [], "relations": []}


@pytest.fixture
def v2(alice):
    return by_user(alice)


@pytest.fixture
def task(project):
    return Task.objects.get(asset__project=project, asset__number=1)


def answer_of(v2, task):
    return v2.data(f"task/{task.uid}")["task"]["answer"]


def ids(answer):
    return [one["objectId"] for one in answer["tools"]]


# --- in all its shapes ---


def test_it_works(v2, alice, task):
    shown = v2.posted(f"annotate/{task.uid}?nextStage=true", {"answer": whole(tool()), "duration": 1500})["task"]
    assert ids(shown["answer"]) == ["one"]
    assert (shown["status"], shown["stageId"], shown["totalDuration"]) == ("Completed", "Complete", 1500)
    task.refresh_from_db()
    assert task.updated_by == alice


BODIES = {
    "0.1.20": {"label": whole(tool()), "duration": 0},
    "1.1.6": {"answer": whole(tool()), "duration": 0},
    "i1.2.0": {"answer": whole(tool(), name="objects"), "duration": 0},
    "1.3.29": {"answer": {"externalId": "image_0001.jpg", "data": "x", **whole(tool(), name="objects")}, "duration": 0},
    "1.4.10": {
        "answer": whole(tool(), name="objects"), "brushDataUrl": None, "medicalBrushDataUrl": None, "duration": 0,
    },
    "lists left out": {"answer": {"objects": [tool()]}},
}  # fmt: skip


@pytest.mark.parametrize("version", BODIES)
def test_each_generation_is_understood(v2, task, version):
    v2.posted(f"annotate/{task.uid}?nextStage=false&isPlugin=false", BODIES[version])
    answer = answer_of(v2, task)
    assert ids(answer) == ["one"]
    assert (answer["classifications"], answer["relations"]) == ([], [])
    task.refresh_from_db()
    assert (task.status, task.stage) == ("TODO", "Label")


def test_it_replaces_the_answer(v2, task):
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool("one"))})
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool("two"))})
    assert ids(answer_of(v2, task)) == ["two"]


def test_every_answer_stays_in_the_history(v2, alice, task):
    for name in ("one", "two"):
        v2.posted(f"annotate/{task.uid}", {"answer": whole(tool(name))})
    steps = v2.data(f"task/{task.uid}/history")["taskHistory"]
    assert [ids(step["answer"]) for step in steps] == [["one"], ["two"]]
    assert {step.by for step in TaskStep.objects.filter(task=task)} == {alice}


def test_the_next_stage_is_the_one_to_the_right(v2, project, task):
    v2.posted(f"project/{project.uid}", {"stages": [{"id": "check", "name": "Check", "type": "Review"}]})
    for stage in ("check", "Complete", "Complete"):
        shown = v2.posted(f"annotate/{task.uid}?nextStage=true", {"answer": whole(tool())})["task"]
        assert shown["stageId"] == stage


def test_a_plugins_answer_at_a_stage_is_marked(v2, task):
    v2.posted(f"annotate/{task.uid}?nextStage=true&isPlugin=true", {"answer": whole(tool())})
    assert v2.data(f"task/{task.uid}/history")["taskHistory"][0]["isPlugin"] is True


def test_what_a_client_merged_twice_is_there_once(v2, task):
    other_page = tool("one", page=2)
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool("one"), other_page, tool("one"), other_page, tool("two"))})
    assert [(one["objectId"], one.get("page")) for one in answer_of(v2, task)["tools"]] == [
        ("one", None), ("one", 2), ("two", None),
    ]  # fmt: skip


def test_objects_of_one_id_that_differ_are_both_kept(v2, task):
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool("one"), tool("one", BUS))})
    assert ids(answer_of(v2, task)) == ["one", "one"]


def test_objects_without_an_id_get_one_that_stays(v2, task):
    v2.posted(f"annotate/{task.uid}", {"answer": whole(makers.box())})
    (first,), (second,) = ids(answer_of(v2, task)), ids(answer_of(v2, task))
    assert first == second
    assert len(first) == 24


def test_masks_are_kept_and_signed_anew(v2, project, task):
    url = v2.data("getUploadUrl", {"name": "mask.png", "project": project.uid, "type": "assets"})["uploadUrl"]
    v2.posted(f"annotate/{task.uid}", {"answer": whole(), "brushDataUrl": url.split("?")[0]})
    shown = v2.data(f"task/{task.uid}")["task"]
    assert shown["brushDataUrl"].startswith(f"{url.split('?')[0]}?")
    assert shown["medicalBrushDataUrl"] is None
    assert StoredFile.objects.get().kind == "brushes"


def test_it_is_written_down(v2, alice, task):
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool())})
    assert AuditEvent.objects.get(verb="task.annotated").details["task"] == task.uid


# --- what it does to pre-labels ---


def test_from_then_on_imports_change_nothing_there(v2, alice, project, plugin, task):
    send(v2, project, item(1), item(2))
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool("mine"))})
    script, _ = by_session(alice, project, plugin)
    send(script, project, item(1, makers.box(BUS)))
    assert ids(answer_of(v2, task)) == ["mine"]
    flip = ledger.flip(makers.principal(alice), "undo", Import.objects.order_by("pk")[0])
    assert flip.worked_on == [1]
    assert ids(answer_of(v2, task)) == ["mine"]
    assert v2.data(f"task/{task.uid}")["task"]["isPreLabeled"] is False
    assert_kept_right(project)


def test_who_completes_a_task_keeps_what_it_shows(v2, alice, project, task):
    send(v2, project, item(1), item(2))
    before = answer_of(v2, task)
    v2.posted(f"task/{task.uid}/status", {"status": "Completed"})
    ledger.flip(makers.principal(alice), "undo", Import.objects.get())
    assert answer_of(v2, task) == before
    assert len(before["tools"]) == 1
    other = Task.objects.get(asset__project=project, asset__number=2)
    assert answer_of(v2, other)["tools"] == []


def test_who_completes_a_task_that_shows_nothing_keeps_that(v2, alice, project, task):
    send(v2, project, item(1))
    principal, imported = makers.principal(alice), Import.objects.get()
    ledger.flip(principal, "undo", imported)
    v2.posted(f"task/{task.uid}/status", {"status": "Completed"})
    flip = ledger.flip(principal, "redo", imported)
    assert flip.worked_on == [1]
    assert answer_of(v2, task)["tools"] == []


def test_requeued_tasks_that_are_completed_keep_what_they_show(v2, alice, project, task):
    send(v2, project, item(1))
    v2.posted(f"project/{project.uid}/requeueTasks", {"toStageId": "Complete", "filters": {"taskIds": [task.uid]}})
    ledger.flip(makers.principal(alice), "undo", Import.objects.get())
    assert len(answer_of(v2, task)["tools"]) == 1


def test_when_the_annotations_are_removed_pre_labels_show_again(v2, project, task):
    send(v2, project, item(1))
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool("mine"))})
    options = {"removeAnnotations": True}
    filters = {"taskIds": [task.uid]}
    v2.posted(f"project/{project.uid}/requeueTasks", {"toStageId": "Label", "filters": filters, "options": options})
    assert len(answer_of(v2, task)["tools"]) == 1
    assert ids(answer_of(v2, task)) != ["mine"]


# --- refusals ---


def test_a_null_answer_is_refused_and_no_client_ends_for_it(v2, project, task):
    v2.posted(f"annotate/{task.uid}", {"answer": whole(tool())})
    for body in ({"answer": None}, {"label": None, "duration": 0}):
        status, told = v2.post(f"annotate/{task.uid}?nextStage=true&isPlugin=true", body)
        assert (status, told["status"]) == (200, "fail")
        assert "null" in told["message"]
    task.refresh_from_db()
    assert (task.stage, len(task.answer["tools"])) == ("Label", 1)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "answer"),
        ({"answer": []}, "answer"),
        ({"label": "x"}, "label"),
        ({"answer": {"tools": {}}}, "answer.tools"),
        ({"answer": {"objects": [1]}}, "answer.objects[0]"),
        ({"answer": {"relations": "x"}}, "answer.relations"),
        ({"answer": {}, "brushDataUrl": 7}, "brushDataUrl"),
        ({"answer": {}, "duration": -1}, "duration"),
        ({"answer": {}, "duration": "long"}, "duration"),
    ],
)
def test_what_is_no_answer_is_refused_by_its_path(v2, task, body, path):
    status, told = v2.post(f"annotate/{task.uid}?nextStage=true", body)
    assert (status, [wrong["path"] for wrong in told["errors"]]) == (400, [path])
    task.refresh_from_db()
    assert (task.answer, task.stage) == (None, "Label")


def test_a_viewer_gets_403_a_stranger_404(bob, charlie, task):
    for who, status in ((bob, 403), (charlie, 404)):
        assert by_user(who).post(f"annotate/{task.uid}", {"answer": whole()})[0] == status


def test_a_runner_may(rita, task):
    by_user(rita).posted(f"annotate/{task.uid}", {"answer": whole()})


def test_a_sessions_key_may_not(alice, project, plugin, task):
    script, _ = by_session(alice, project, plugin)
    status, told = script.post(f"annotate/{task.uid}", {"answer": whole()})
    assert status == 403
    assert "A session's key cannot annotate a task" in told["message"]


def test_odd_objects_break_no_door(v2, alice, project, task):
    odd = [{"objectId": "x"}, {"schemaId": 7, "bounding-box": "no"}, {"schemaId": CAR, "polygon": [1]}, {}]
    v2.posted(f"annotate/{task.uid}?nextStage=true", {"answer": {"tools": odd, "classifications": [{}]}})
    assert len(answer_of(v2, task)["tools"]) == 4
    for shape in ({"includeMetadata": "true"}, {"labelStatus": "true"}):
        assert v2.data("export", {"project": project.uid, "format": "json", **shape})["exportPath"]
    client = Client()
    client.force_login(alice)
    for address in (reverse("project", args=[project.uid]), reverse("asset", args=[project.uid, task.asset.number])):
        assert client.get(address).status_code == 200
