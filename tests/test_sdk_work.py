"""Work on tasks through the real SDKs: status, assignees, stages, priorities, issues, history, notifications."""

import pytest

from .clients import VERSIONS
from .sdk import Sdk

pytestmark = pytest.mark.story
OLDER, NEWER = VERSIONS


@pytest.fixture(params=VERSIONS)
def sdk(request, server):
    return Sdk(server, request.param)


@pytest.fixture
def newer(server):
    return Sdk(server, NEWER)


@pytest.fixture
def older(server):
    return Sdk(server, OLDER)


@pytest.fixture
def tasks(server):
    """A new project's three tasks, with their project's id."""
    project = server.new_project(assets=3)
    found = server.api("GET", f"/v2/project/{project}/tasks?sort=createdAt")["data"]["tasks"]
    return {"project": project, "tasks": [task["_id"] for task in found], "assets": [t["asset"]["_id"] for t in found]}


def test_a_task_is_completed_and_opened_again(older, tasks):
    body = """
    from ango.models.enums import TaskStatus
    first = sdk.set_task_status(tasks[0], TaskStatus.COMPLETED)["status"]
    done = sdk.get_tasks(project, status="Completed")["data"]["tasks"]
    second = sdk.set_task_status(tasks[0], TaskStatus.TODO)["status"]
    answer = [first, [task["_id"] for task in done], second, sdk.get_tasks(project, status="TODO")["data"]["total"]]
    """
    assert older(body, **tasks) == ["success", [tasks["tasks"][0]], "success", 3]


def test_a_task_is_annotated_as_the_older_client_does(older, tasks):
    body = """
    tool = {"schemaId": "c" * 24, "objectId": "one", "bounding-box": {"x": 1, "y": 2, "width": 3, "height": 4}}
    done = sdk._annotate(tasks[0], {"tools": [tool], "classifications": [], "relations": []})
    task = sdk.get_task(tasks[0])["data"]["task"]
    answer = [done, task["status"], [one["objectId"] for one in task["answer"]["tools"]]]
    """
    assert older(body, **tasks) == [True, "Completed", ["one"]]


def test_a_task_is_annotated_as_the_newer_client_does(newer, tasks):
    """What it merges with the answer that is there is all there once."""
    body = """
    from imerit_ango.models.annotate import AnnotationPayload, Answer
    box = {"x": 1, "y": 2, "width": 3, "height": 4}
    for name in ("one", "two"):
        answer = Answer(objects=[{"schemaId": "c" * 24, "objectId": name, "bounding-box": box}])
        assert sdk.annotate_task(tasks[0], AnnotationPayload(answer))
    task = sdk.get_task(tasks[0])["data"]["task"]
    answer = [task["status"], [one["objectId"] for one in task["answer"]["tools"]]]
    """
    assert newer(body, **tasks) == ["TODO", ["two", "one"]]


def test_a_task_is_assigned(older, tasks):
    body = """
    sdk.assign_task(tasks[1], email="admin")
    answer = sdk.get_task(tasks[1])["data"]["task"]["assignee"]
    """
    assert older(body, **tasks) == "admin@localhost"


def test_tasks_of_a_stage_are_assigned(newer, tasks):
    body = """
    from imerit_ango.models.task_filter import StringFilter, TaskFilter
    done = sdk.assign_task(project, tasks[:2], "Label", "admin")
    mine = sdk.get_tasks(project, task_filter=TaskFilter(assignee="admin"))["data"]
    nobodys = sdk.get_tasks(project, task_filter=TaskFilter(assignee=StringFilter(exists=False)))["data"]
    answer = [done["status"], mine["total"], nobodys["total"]]
    """
    assert newer(body, **tasks) == ["success", 2, 1]


def test_a_priority_is_set_by_asset_or_external_id(older, server, tasks):
    body = """
    answer = [
        sdk.set_asset_priority(project, 7, asset_id=assets[1])["status"],
        sdk.set_asset_priority(project, -3, external_id="image_00003.jpg")["status"],
        [sdk.get_task(task)["data"]["task"]["priority"] for task in tasks],
    ]
    """
    assert older(body, **tasks) == ["success", "success", [0, 7, -3]]


def test_priorities_are_set_by_filter_and_sort_the_tasks(newer, tasks):
    body = """
    from imerit_ango.models.task_filter import NumberRange, TaskFilter
    sdk.update_tasks_priority(project, 9, {"externalIds": ["image_00002.jpg"]})
    first = sdk.get_tasks(project, sort="-priority")["data"]["tasks"][0]["externalId"]
    high = sdk.get_tasks(project, task_filter=TaskFilter(priority=NumberRange(gte=9)))["data"]["total"]
    sdk.update_tasks_priority(project, 1)
    answer = [first, high, sdk.get_tasks(project, task_filter=TaskFilter(priority=1))["data"]["total"]]
    """
    assert newer(body, **tasks) == ["image_00002.jpg", 1, 3]


def test_tasks_go_through_stages_of_the_project_and_back(newer, tasks):
    body = """
    from imerit_ango.models.enums import ReviewStatus
    from imerit_ango.models.task_filter import TaskFilter
    stages = sdk.get_project(project)["data"]["project"]["stages"]
    check = {"id": "check", "name": "Check", "type": "Review", "position": {"x": 300, "y": 0}}
    sdk.update_workflow_stages(project, [*stages[:-1], check, stages[-1]])
    names = [stage["name"] for stage in sdk.get_project(project)["data"]["project"]["stages"]]
    sdk.requeue_tasks(project, "check", filters={"taskIds": tasks[:2]})
    reviewed = sdk.review_task(tasks[0], ReviewStatus.ACCEPTED)["status"]
    at = sdk.get_tasks(project, task_filter=TaskFilter(stage="check"))["data"]["total"]
    answer = [names, reviewed, at, sdk.get_task_history(task_id=tasks[0])["data"]["taskHistory"]]
    """
    names, reviewed, at, history = newer(body, **tasks)
    assert "Check" in names
    assert (reviewed, at) == ("success", 2)
    assert len(history) == 2


def test_an_issue_is_raised_and_found(older, newer, tasks):
    raised = older("answer = sdk.create_issue(tasks[0], 'Box too wide', [10, 20])", **tasks)
    assert raised["status"] == "success"
    issues = newer("answer = sdk.get_issues(project, task_id=tasks[0])", **tasks)["data"]["issues"]
    assert [(one["content"], one["position"], one["status"]) for one in issues] == [
        ("Box too wide", "[10, 20]", "Open")
    ]
    assert newer("answer = sdk.get_issues(project, task_id=tasks[1])", **tasks)["data"]["issues"] == []


def test_an_issue_lives_from_its_raising_to_its_deletion(newer, tasks):
    body = """
    from imerit_ango.models.enums import MedicalPlane
    made = sdk.create_issue(tasks[0], "Two of them", position=[1, 2], page=0, page_end=3, plane=MedicalPlane.Axial)
    sdk.create_issue(tasks[1], "Wrong class", object_id="box-1")
    uid = sdk.get_issues(project, asset_id=assets[0])["data"]["issues"][0]["_id"]
    sdk.add_comment_to_issue(uid, "Is it?")
    open_ones = sdk.get_task(tasks[0])["data"]["task"]["openIssuesCount"]
    sdk.update_issue(uid, status="Closed")
    closed = sdk.get_issues(project, task_id=tasks[0])["data"]["issues"][0]
    sdk.delete_issue(project, uid)
    answer = [made["status"], open_ones, closed, sdk.get_issues(project)["data"]["issues"]]
    """
    made, open_ones, closed, left = newer(body, **tasks)
    assert (made, open_ones) == ("success", 1)
    assert (closed["status"], closed["page"], closed["pageEnd"]) == ("Closed", 0, 3)
    assert [comment["content"] for comment in closed["comments"]] == ["Is it?"]
    assert [(one["content"], one["objectId"]) for one in left] == [("Wrong class", "box-1")]


def test_a_notification_reaches_a_member(newer, server, tasks):
    body = "answer = sdk.send_notification(['admin'], 'The model has run.', title='Ready')['status']"
    assert newer(body) == "success"
    rows = server.rows("SELECT title, message FROM pluginhost_notification ORDER BY id DESC LIMIT 1")
    assert rows == [("Ready", "The model has run.")]


def test_one_for_a_stranger_is_refused_by_name(newer):
    body = "answer = sdk.send_notification(['nobody@example.org'], 'Hello')"
    assert "nobody@example.org" in newer.refusal(body)
