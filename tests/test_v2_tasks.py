"""`/v2` tasks: the answer is always there, pages and filters as every client sends them."""

import json

import pytest

from pluginhost.models import Task

from . import makers
from .v2 import by_session, by_user, item, send


def numbers(data):
    return [int(task["asset"]["externalId"][6:10]) for task in data["tasks"]]


def uid_of(project, number):
    return Task.objects.get(project=project, asset__number=number).uid


@pytest.mark.parametrize(
    "query", [{}, {"includeAnswer": "False"}, {"includeAnswer": "True"}, {"includeAnswer": "false"}]
)
def test_a_task_has_its_answer_in_three_lists(alice, project, query):
    found = by_user(alice).data(f"task/{uid_of(project, 1)}", query)["task"]
    assert found["_id"] == uid_of(project, 1)
    assert found["project"] == project.uid
    assert found["answer"] == {"tools": [], "classifications": [], "relations": []}
    assert (found["brushDataUrl"], found["medicalBrushDataUrl"]) == (None, None)
    assert found["asset"]["externalId"] == "image_0001.jpg"
    assert (found["status"], found["isPreLabeled"], found["issues"]) == ("TODO", False, [])


def test_pre_labels_are_the_answer_until_people_answer(alice, project):
    v2 = by_user(alice)
    send(v2, project, item(1))
    path = f"task/{uid_of(project, 1)}"
    found = v2.data(path)["task"]
    (tool,) = found["answer"]["tools"]
    assert found["isPreLabeled"]
    assert tool["bounding-box"] == makers.box()["bounding-box"]
    assert tool["objectId"]
    assert v2.data(path)["task"]["answer"]["tools"] == [tool]
    Task.objects.filter(asset__number=1).update(answer={"tools": [{"objectId": "1"}], "classifications": []})
    after = v2.data(path)["task"]
    assert after["answer"] == {"tools": [{"objectId": "1"}], "classifications": [], "relations": []}
    assert not after["isPreLabeled"]


def test_a_mask_among_our_files_is_handed_out_signed(alice, organization, project):
    v2 = by_user(alice)
    makers.projects.set_category_schema(
        makers.principal(alice), project, {"tools": [{"tool": "brush", "title": "Fog", "schemaId": "t"}]}
    )
    other = makers.make_project(alice, organization, name="Other")
    urls = [
        v2.data("getUploadUrl", {"name": "mask.png", "project": one.uid, "type": "brushes"})["uploadUrl"]
        for one in (project, other)
    ]
    for number, url in enumerate(urls, 1):
        v2.client.put(url, b"\x89PNG\r\n\x1a\n")
        send(v2, project, item(number, {"schemaId": "t"}, brushDataUrl=url.split("?")[0]))
    masks = [task["brushDataUrl"] for task in v2.data(f"project/{project.uid}/tasks")["tasks"]]
    assert b"".join(v2.client.get(masks[0]).streaming_content).startswith(b"\x89PNG")
    assert masks[1] == urls[1].split("?")[0]
    assert masks[2:] == [None] * 3


def test_a_stranger_gets_404(charlie, project):
    assert by_user(charlie).get(f"task/{uid_of(project, 1)}")[0] == 404


def test_a_session_key_sees_no_task_outside_its_scope(alice, project, plugin):
    v2, session = by_session(alice, project, plugin, scope={"first": 2})
    assert v2.get(f"task/{uid_of(project, 3)}")[0] == 404
    assert v2.get(f"task/{uid_of(project, 2)}")[0] == 200
    session.refresh_from_db()
    assert session.assets_read == 1
    listed = v2.data(f"project/{project.uid}/tasks")
    assert (numbers(listed), listed["total"]) == ([1, 2], 2)


def test_tasks_are_paged_and_filtered(alice, project):
    v2 = by_user(alice)
    batch = makers.make_batch(project, "Day", [1, 2])
    makers.make_batch(project, "Night", [5])
    Task.objects.filter(asset__number=2).update(status="Completed", stage="Complete")
    send(v2, project, item(3))
    path = f"project/{project.uid}/tasks"

    def found(**query):
        data = v2.data(path, query)
        assert data["total"] == len(data["tasks"])
        return numbers(data)

    assert found() == [1, 2, 3, 4, 5]
    assert found(**{"status[eq]": "Completed"}) == found(status="completed") == found(stage="Complete") == [2]
    assert found(**{"status[eq]": "TODO"}) == [1, 3, 4, 5]
    assert found(tag=json.dumps([batch.uid])) == found(batches=json.dumps(["Day"])) == [1, 2]
    assert found(batches=json.dumps([batch.uid]), stage="Complete") == [2]
    assert found(filter=json.dumps({"status": {"$eq": "Completed"}})) == [2]
    assert found(filter=json.dumps({"status": {"$in": ["Completed", "TODO"]}})) == [1, 2, 3, 4, 5]
    assert found(filter=json.dumps({"status": {"$ne": "Completed"}})) == [1, 3, 4, 5]
    assert found(filter=json.dumps({"externalId": ["image_0001.jpg", "image_0004.jpg"]})) == [1, 4]
    assert found(filter=json.dumps({"batches": {"$in": ["Day", "Night"]}})) == [1, 2, 5]
    assert found(filter=json.dumps({"isPreLabeled": True})) == [3]
    assert found(sort="-createdAt,priority") == [5, 4, 3, 2, 1]
    page = v2.data(path, {"sort": "-createdAt", "limit": 2, "page": 2})
    assert (numbers(page), page["total"]) == ([3, 2], 5)


def test_only_the_fields_that_were_asked_for(alice, project):
    data = by_user(alice).data(
        f"project/{project.uid}/tasks", {"fields": "stage,_id,asset,project", "includeAnswer": "true"}
    )
    assert set(data["tasks"][0]) == {"_id", "project", "asset", "stage"}


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "{"},
        {"filter": '{"unheard": {"$of": 1}}'},
        {"filter": '{"externalId": {"$where": "1"}}'},
        {"filter": '{"externalId": [{}]}'},
        {"includeAnswer": "perhaps"},
        {"batches": "[{}]"},
        {"batches": "nowhere"},
    ],
)
def test_malformed_queries_are_400(alice, project, query):
    assert by_user(alice).get(f"project/{project.uid}/tasks", query)[0] == 400


def test_a_page_takes_the_same_queries_whatever_its_size(alice, organization, django_assert_num_queries):
    project = makers.make_project(alice, organization, assets=200)
    v2 = by_user(alice)
    send(v2, project, *(item(number) for number in range(1, 100)))
    makers.make_batch(project, "All", range(1, 201))
    for limit in (1, 200):
        with django_assert_num_queries(7):
            v2.data(f"project/{project.uid}/tasks", {"limit": limit})
