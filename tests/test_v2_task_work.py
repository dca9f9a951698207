"""`/v2` work on tasks, in the forms of both dialects; whatever moves a task is in its history."""

import pytest

from pluginhost.models import AuditEvent, Task, TaskStep

from . import makers
from .v2 import by_session, by_user

ANSWER = {"tools": [{"objectId": "1"}], "classifications": [], "relations": []}
REVIEW = {"id": "s1", "name": "Second look", "type": "Review"}


@pytest.fixture
def task(project):
    return Task.objects.get(asset__project=project, asset__number=1)


@pytest.fixture
def tasks(project):
    return list(Task.objects.filter(project=project).order_by("pk"))


@pytest.fixture
def staged(project):
    """The project with a stage of its own."""
    project.stages = [REVIEW]
    project.save(update_fields=["stages"])
    return project


def steps(task):
    return list(TaskStep.objects.filter(task=task).values_list("stage", "to_stage"))


def calls(project, task):
    """Every way to work on tasks, with a body that would do."""
    return [
        (f"task/{task.uid}/status", {"status": "Completed"}),
        (f"review/{task.uid}", {"reviewStatus": "Accepted"}),
        ("task/assign", {"task": task.uid, "username": "bob@example.org"}),
        ("task/assign", {"project": project.uid, "tasks": [task.uid], "user": "bob@example.org", "stage": "Label"}),
        (f"project/{project.uid}/requeueTasks", {"toStageId": "Complete"}),
        (f"project/{project.uid}/updatePriority", {"priority": 5}),
        (f"priority/{project.uid}", {"priority": 5, "externalId": "image_0001.jpg", "assetId": None}),
    ]


def test_a_stranger_gets_404(charlie, project, task):
    for path, body in calls(project, task):
        assert by_user(charlie).post(path, body)[0] == 404, path
    assert by_user(charlie).get(f"task/{task.uid}/history")[0] == 404


def test_a_viewer_gets_403_and_a_runner_works(bob, rita, project, task):
    for path, body in calls(project, task):
        assert by_user(bob).post(path, body)[0] == 403, path
    assert not TaskStep.objects.exists()
    for path, body in calls(project, task):
        assert by_user(rita).post(path, body)[0] == 200, path


def test_a_session_key_may_not_work_on_tasks(alice, project, plugin, task):
    v2, _ = by_session(alice, project, plugin)
    for path, body in calls(project, task):
        status, answer = v2.post(path, body)
        assert status == 403, path
        assert "A session's key cannot" in answer["message"]
    assert not TaskStep.objects.exists()


# --- status ---


def test_a_task_is_completed_and_opened_again(alice, task):
    v2 = by_user(alice)
    Task.objects.filter(pk=task.pk).update(answer=ANSWER)
    done = v2.posted(f"task/{task.uid}/status", {"status": "Completed"})["task"]
    assert (done["status"], done["stage"], done["stageId"]) == ("Completed", "Complete", "Complete")
    assert done["updatedBy"] == "alice@example.org"
    again = v2.posted(f"task/{task.uid}/status", {"status": "TODO"})["task"]
    assert (again["status"], again["stage"]) == ("TODO", "Label")
    assert steps(task) == [("Label", "Complete"), ("Complete", "Label")]
    assert again["answer"]["tools"] == ANSWER["tools"]
    assert AuditEvent.objects.filter(verb="task.status_set", details__status="TODO").count() == 1


def test_the_status_that_it_has_changes_nothing(alice, task):
    by_user(alice).posted(f"task/{task.uid}/status", {"status": "TODO"})
    assert steps(task) == []


@pytest.mark.parametrize("body", [{}, {"status": "Done"}, {"status": 5}, {"status": None}])
def test_an_unknown_status_is_400(alice, task, body):
    assert by_user(alice).post(f"task/{task.uid}/status", body)[0] == 400


# --- review and history ---


def test_a_review_is_on_the_task_and_in_its_history(alice, rita, task):
    Task.objects.filter(pk=task.pk).update(answer=ANSWER)
    body = {"reviewStatus": "Rejected", "pctDetails": {"frame": 3}}
    shown = by_user(rita).posted(f"review/{task.uid}", body)["task"]
    assert (shown["review"], shown["reviewStatus"]) == ({"status": "Rejected"}, "Rejected")
    (stage,) = shown["stageHistory"]
    assert (stage["stage"], stage["reviewStatus"], stage["completedBy"]) == ("Label", "Rejected", "rita@example.org")
    (row,) = by_user(alice).data(f"task/{task.uid}/history")["taskHistory"]
    assert (row["answer"], row["pctDetails"]) == (ANSWER, {"frame": 3})
    assert (row["labelTaskId"], row["toStageId"]) == (task.uid, "Label")


@pytest.mark.parametrize(
    "body", [{}, {"reviewStatus": "Good"}, {"reviewStatus": 5}, {"reviewStatus": "Accepted", "pctDetails": "x"}]
)
def test_a_review_that_means_nothing_is_400(alice, task, body):
    assert by_user(alice).post(f"review/{task.uid}", body)[0] == 400
    assert not TaskStep.objects.exists()


def test_a_step_is_found_by_its_id_and_all_by_the_tasks(alice, task):
    v2 = by_user(alice)
    for status in ("Completed", "TODO"):
        v2.posted(f"task/{task.uid}/status", {"status": status})
    rows = v2.data(f"task/{task.uid}/history")["taskHistory"]
    assert [(row["stage"], row["toStage"]) for row in rows] == [("Label", "Complete"), ("Complete", "Label")]
    assert v2.data(f"taskHistory/{rows[1]['_id']}")["taskHistory"] == rows[1]
    assert v2.data(f"taskHistory/{task.uid}")["taskHistory"] == rows


@pytest.mark.parametrize("uid", ["0" * 24, "f" * 24, "x", "0" * 23 + "9"])
def test_a_step_that_is_not_there_is_404(alice, project, uid):
    assert by_user(alice).get(f"taskHistory/{uid}")[0] == 404


def test_a_session_key_reads_the_history_in_its_scope(alice, project, plugin, tasks):
    for task in (tasks[0], tasks[4]):
        by_user(alice).posted(f"task/{task.uid}/status", {"status": "Completed"})
    inside, outside = (f"{TaskStep.objects.get(task=task).pk:024x}" for task in (tasks[0], tasks[4]))
    v2, session = by_session(alice, project, plugin, scope={"first": 2})
    assert len(v2.data(f"task/{tasks[0].uid}/history")["taskHistory"]) == 1
    assert v2.get(f"taskHistory/{inside}")[0] == 200
    assert v2.get(f"task/{tasks[4].uid}/history")[0] == v2.get(f"taskHistory/{outside}")[0] == 404
    session.refresh_from_db()
    assert session.assets_read == 1


def test_the_assets_of_a_page_tell_the_stages_of_their_tasks(alice, staged, tasks):
    v2 = by_user(alice)
    v2.posted(f"project/{staged.uid}/requeueTasks", {"toStageId": "s1", "filters": {"taskIds": [tasks[0].uid]}})
    first, second = v2.data(f"project/{staged.uid}/assets", {"limit": 2})["assets"]
    (shown,) = first["labelTasks"]
    assert (shown["stage"], shown["stageId"]) == ("Second look", "s1")
    assert [stage["stageId"] for stage in shown["stageHistory"]] == ["Label"]
    assert second["labelTasks"][0]["stageHistory"] == []


# --- assign ---


@pytest.mark.parametrize("how", ["id", "address", "name"])
def test_one_task_is_assigned_as_the_older_clients_do(alice, bob, task, how):
    bodies = {"id": {"user": bob.uid}, "address": {"username": "BOB@example.org"}, "name": {"username": "bob"}}
    shown = by_user(alice).posted("task/assign", {"task": task.uid, **bodies[how]})["task"]
    assert shown["assignee"] == "bob@example.org"
    assert steps(task) == []


def test_those_of_the_tasks_that_are_at_the_stage_are_assigned(alice, staged, tasks):
    Task.objects.filter(pk=tasks[0].pk).update(stage="s1")
    body = {"project": staged.uid, "tasks": [task.uid for task in tasks[:3]], "user": "bob@example.org", "stage": "s1"}
    assert by_user(alice).posted("task/assign", body) == {"tasks": 1}
    assert by_user(alice).posted("task/assign", {**body, "stage": "Label"}) == {"tasks": 2}
    assert Task.objects.filter(assignee__username="bob").count() == 3
    assert steps(tasks[0]) == steps(tasks[1]) == []


def test_without_a_stage_all_of_them_are_assigned(alice, staged, tasks):
    Task.objects.filter(pk=tasks[0].pk).update(stage="s1")
    body = {"project": staged.uid, "tasks": [task.uid for task in tasks[:3]], "user": "bob@example.org"}
    assert by_user(alice).posted("task/assign", body) == {"tasks": 3}


def test_what_cannot_be_assigned_is_named(alice, charlie, organization, project, task):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    foreign = Task.objects.get(project=other).uid
    many = {"project": project.uid, "tasks": [task.uid], "user": "bob@example.org", "stage": "Label"}
    wrong = {
        "user": {**many, "user": "charlie@example.org"},
        "tasks[1]": {**many, "tasks": [task.uid, foreign]},
        "stage": {**many, "stage": "Nowhere"},
        "tasks": {**many, "tasks": "all"},
        "project": {"tasks": [task.uid]},
        "username": {"task": task.uid, "username": "nobody@example.org"},
        "task": {"username": "bob"},
    }
    for path, body in wrong.items():
        status, answer = by_user(alice).post("task/assign", body)
        assert (status, answer["errors"][0]["path"]) == (400, path)
    assert not Task.objects.exclude(assignee=None).exists()


# --- requeue ---


def requeued(v2, project, to_stage, **body):
    answer = v2.posted(f"project/{project.uid}/requeueTasks", {"toStageId": to_stage, **body})
    assert answer["modifiedCount"]["toStageId"] == to_stage
    return answer["modifiedCount"]["modified"]


def test_tasks_are_requeued_by_every_filter(alice, staged, tasks):
    v2 = by_user(alice)
    batch = makers.make_batch(staged, "Day", [4])

    def at(stage):
        return list(Task.objects.filter(stage=stage).order_by("pk").values_list("asset__number", flat=True))

    assert requeued(v2, staged, "s1", filters={"taskIds": [tasks[0].uid]}) == 1
    assert requeued(v2, staged, "s1", filters={"externalIds": ["image_0002.jpg"]}) == 1
    assert requeued(v2, staged, "s1", filters={"assetIds": [tasks[2].asset.uid], "taskIds": None}) == 1
    assert requeued(v2, staged, "s1", filters={"batches": [batch.uid]}) == 1
    assert at("s1") == [1, 2, 3, 4]
    assert requeued(v2, staged, "Complete", filters={"fromStageIds": ["s1"], "externalIds": ["image_0002.jpg"]}) == 1
    assert requeued(v2, staged, "Complete", filters={"fromStageIds": ["Second look"]}) == 3
    assert at("Complete") == [1, 2, 3, 4]
    assert requeued(v2, staged, "Label") == 4
    assert at("Label") == [1, 2, 3, 4, 5]
    assert steps(tasks[0]) == [("Label", "s1"), ("s1", "Complete"), ("Complete", "Label")]


def test_a_filter_that_is_an_empty_list_chooses_nothing(alice, project):
    v2 = by_user(alice)
    assert requeued(v2, project, "Complete", filters={"taskIds": []}) == 0
    assert requeued(v2, project, "Complete", filters={"batches": [], "fromStageIds": ["Label"]}) == 0
    assert not Task.objects.filter(stage="Complete").exists()


def test_what_a_requeue_removes_stays_in_the_history(alice, bob, project, tasks):
    v2, first = by_user(alice), tasks[0]
    Task.objects.filter(pk=first.pk).update(answer=ANSWER, assignee=bob)
    v2.posted(f"task/{first.uid}/status", {"status": "Completed"})
    options = {"removeAnnotations": True, "removeAssignee": True, "removeStageHistory": True}
    assert requeued(v2, project, "Label", filters={"taskIds": [first.uid]}, options=options) == 1
    shown = v2.data(f"task/{first.uid}")["task"]
    assert (shown["answer"]["tools"], shown["assignee"], shown["stageHistory"]) == ([], None, [])
    assert Task.objects.filter(pk=first.pk, answer__isnull=True).exists()
    rows = v2.data(f"task/{first.uid}/history")["taskHistory"]
    assert [(row["stageId"], row["answer"]) for row in rows] == [("Label", ANSWER), ("Complete", ANSWER)]
    v2.posted(f"task/{first.uid}/status", {"status": "Completed"})
    assert len(v2.data(f"task/{first.uid}")["task"]["stageHistory"]) == 1


def test_options_change_tasks_that_are_at_the_stage_already(alice, bob, project, tasks):
    Task.objects.update(assignee=bob)
    v2 = by_user(alice)
    assert requeued(v2, project, "Label") == 0
    assert requeued(v2, project, "Label", options={"unassign": True, "resetAnswer": False}) == 5
    assert not Task.objects.exclude(assignee=None).exists()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "toStageId"),
        ({"toStageId": "Nowhere"}, "toStageId"),
        ({"toStageId": 5}, "toStageId"),
        ({"toStageId": "Label", "filters": []}, "filters"),
        ({"toStageId": "Label", "filters": {"taskId": []}}, "filters.taskId"),
        ({"toStageId": "Label", "filters": {"taskIds": "x"}}, "filters.taskIds"),
        ({"toStageId": "Label", "filters": {"taskIds": [5]}}, "filters.taskIds"),
        ({"toStageId": "Label", "filters": {"taskIds": ["0" * 24]}}, "filters.taskIds[0]"),
        ({"toStageId": "Label", "filters": {"externalIds": ["image_0001.jpg", "x"]}}, "filters.externalIds[1]"),
        ({"toStageId": "Label", "filters": {"fromStageIds": ["x"]}}, "filters.fromStageIds"),
        ({"toStageId": "Label", "filters": {"batches": ["x"]}}, "filters.batches"),
        ({"toStageId": "Label", "options": "x"}, "options"),
        ({"toStageId": "Label", "options": {"removeAll": True}}, "options.removeAll"),
        ({"toStageId": "Label", "options": {"removeAssignee": "perhaps"}}, "options.removeAssignee"),
    ],
)
def test_a_requeue_that_means_nothing_is_refused_and_named(alice, project, body, path):
    status, answer = by_user(alice).post(f"project/{project.uid}/requeueTasks", body)
    assert (status, answer["errors"][0]["path"]) == (400, path)
    assert not TaskStep.objects.exists()


def test_thousands_of_tasks_are_requeued_some_at_a_time(alice, organization):
    project = makers.make_project(alice, organization, assets=1201)
    v2 = by_user(alice)
    assert requeued(v2, project, "Complete") == 1201
    assert requeued(v2, project, "Label", filters={"fromStageIds": ["Complete"]}) == 1201
    assert TaskStep.objects.count() == 2402
    (event, _) = AuditEvent.objects.filter(verb="tasks.requeued")
    assert event.details["tasks"] == 1201


# --- priority ---


def test_priorities_are_set_by_filter_or_for_all(alice, project, tasks):
    v2 = by_user(alice)
    path = f"project/{project.uid}/updatePriority"
    answer = v2.posted(path, {"priority": -10000, "filters": {"externalIds": ["image_0002.jpg"]}})
    assert answer == {"result": {"modified": 1, "priority": -10000}}
    assert v2.data(f"task/{tasks[1].uid}")["task"]["priority"] == -10000
    assert v2.posted(path, {"priority": 10000})["result"]["modified"] == 5
    assert set(Task.objects.values_list("priority", flat=True)) == {10000}


@pytest.mark.parametrize("name", ["externalId", "assetId"])
def test_one_assets_priority_as_the_older_clients_set_it(alice, project, tasks, name):
    value = {"externalId": "image_0001.jpg", "assetId": tasks[0].asset.uid}[name]
    body = {"priority": 7, "externalId": None, "assetId": None, name: value}
    assert by_user(alice).posted(f"priority/{project.uid}", body) == {"tasks": 1}
    assert list(Task.objects.filter(priority=7)) == [tasks[0]]


@pytest.mark.parametrize("priority", [None, "high", 1.5, True, 10001, -10001, 10**30])
def test_a_priority_out_of_range_is_400(alice, project, priority):
    body = {"priority": priority, "externalId": "image_0001.jpg", "assetId": None}
    for path in (f"project/{project.uid}/updatePriority", f"priority/{project.uid}"):
        status, answer = by_user(alice).post(path, body)
        assert (status, answer["errors"][0]["path"]) == (400, "priority")


def test_a_priority_for_nothing_is_400(alice, project):
    v2 = by_user(alice)
    assert v2.post(f"priority/{project.uid}", {"priority": 1, "externalId": None, "assetId": None})[0] == 400
    assert v2.post(f"priority/{project.uid}", {"priority": 1, "externalId": "x", "assetId": None})[0] == 400
    assert v2.post(f"priority/{project.uid}", {"priority": 1, "assetId": "0" * 24})[0] == 400


def test_assets_come_with_the_priority_of_their_upload(alice, project):
    v2 = by_user(alice)
    assets = [{"data": "https://example.org/new.jpg", "externalId": "new"}]
    v2.posted(f"project/{project.uid}/cloud", {"assets": assets, "uploadLocal": None, "priority": 9})
    v2.posted(f"project/{project.uid}/cloud", {"assets": assets, "priority": None})
    made = Task.objects.filter(asset__external_id="new").order_by("pk")
    assert list(made.values_list("priority", "created_by__username")) == [(9, "alice"), (0, "alice")]
    assert v2.post(f"project/{project.uid}/cloud", {"assets": assets, "priority": 10001})[0] == 400
