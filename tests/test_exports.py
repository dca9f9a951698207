"""Exports through `/v2`, as clients of all generations ask for them and read them: urllib, a ZIP, its first entry."""

import io
import json
import threading
import zipfile

import pytest
from django.test import Client

from pluginhost.models import Export, Import, Issue, IssueComment, Project, StoredFile, Task, TaskStep
from pluginhost.v2 import exports as v2_exports

from . import makers
from .v2 import by_session, by_user, item, send

OLDER = {
    "labeledAt": "true", "reviewedAt": "true", "completion": "true", "totalDuration": "true", "skip": "true",
    "reviewConf": "true", "format": "json", "labelDuration": "true", "assetStatus": "true", "consensus": "true",
    "batches": "true", "updateInfo": "true", "issues": "true", "mask": "true", "boxImage": "true",
    "annotationMetadata": "true", "benchmark": "true", "labelStatus": "true", "segmentationPoints": "true",
    "sendEmail": "false", "doNotNotify": "true",
}  # fmt: skip
NEWER = {
    "sendEmail": "false", "includeMetadata": "true", "includeHistory": "true", "doNotNotify": "true",
    "format": "json", "type": "task", "includeOnlyKeyFrames": "false", "includeIdleBlurDurations": "false",
}  # fmt: skip


def exported(v2, query, path="export"):
    """What a client makes of it: the bytes of the archive's first entry."""
    return payload(v2.data(path, query)["exportPath"])


def payload(address):
    archive = archive_of(address)
    return archive.read(archive.namelist()[0])


def archive_of(address):
    answer = Client().get(address)
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def items(v2, project, **query):
    return json.loads(exported(v2, {"project": project.uid, **NEWER, **query}))


def older_items(v2, project, **query):
    return json.loads(exported(v2, {"project": project.uid, **OLDER, **query}))


def test_it_works(alice, project):
    found = items(by_user(alice), project)
    assert [one["externalId"] for one in found] == [f"image_{number:04}.jpg" for number in range(1, 6)]


# --- who asks, and in which words ---


@pytest.mark.parametrize(
    ("version", "path", "query"),
    [
        ("0.0.34", "export", {"labeledAt": "true", "completion": "true", "duration": "true", "format": "json"}),
        ("1.1.6", "export", OLDER),
    ],
)
def test_older_clients_are_given_assets(alice, project, version, path, query):
    complete(project, 1)
    (found,) = json.loads(exported(by_user(alice), {"project": project.uid, **query}, path))
    assert found["externalId"] == "image_0001.jpg"
    assert len(found["tasks"]) == 1
    assert Export.objects.get().shape == "assets"


@pytest.mark.parametrize(
    ("version", "path", "query"),
    [
        ("1.0.10", "export", {"stage": '["Complete"]', "includeMetadata": "true", "format": "json"}),
        ("i1.2.0", "export", {"includeMetadata": "true", "includeMask": "false", "format": "ndjson"}),
        ("i1.2.0", "exportV3", {"includeMetadata": "true", "includeMask": "false", "format": "ndjson"}),
        ("i1.3.22", "exportV3", {**NEWER, "type": "None", "includeSegmentationPoints": "true", "assignedTo": "x"}),
        ("1.3.29", "export", {**NEWER, "format": "ndjson"}),
        ("1.4.10", "export", {**NEWER, "taskTypes": '["default"]', "stage": '["Complete"]'}),
    ],
)
def test_newer_clients_are_given_tasks(alice, project, version, path, query):
    complete(project, 1)
    found = exported(by_user(alice), {"project": project.uid, **query}, path)
    lines = found.splitlines() if query["format"] == "ndjson" else map(json.dumps, json.loads(found))
    first = json.loads(next(iter(lines)))
    assert first["task"]["taskId"] == Task.objects.get(asset__number=1).uid
    assert Export.objects.get().shape == "tasks"


def test_no_stage_is_every_stage_but_to_the_oldest_clients(alice, project):
    complete(project, 2)
    v2 = by_user(alice)
    assert len(items(v2, project)) == 5
    assert [one["externalId"] for one in items(v2, project, stage='["Complete"]')] == ["image_0002.jpg"]
    assert [one["externalId"] for one in older_items(v2, project)] == ["image_0002.jpg"]


# --- the archive ---


def test_every_export_has_an_address_of_its_own_that_can_be_fetched_twice_without_a_key(alice, project):
    v2 = by_user(alice)
    first, second = (v2.data("export", {"project": project.uid, **NEWER})["exportPath"] for _ in range(2))
    assert first.startswith("http://testserver/files/")
    assert first.split("?")[0] != second.split("?")[0]
    assert first.split("?")[1].count("=") == 1
    assert payload(first) == payload(first) == payload(second)


def test_without_the_token_a_stranger_gets_nothing(alice, project):
    address = by_user(alice).data("export", {"project": project.uid, **NEWER})["exportPath"]
    assert Client().get(address.split("?")[0]).status_code == 404


@pytest.mark.parametrize(("written", "expected"), [("json", b"[]"), ("ndjson", b"")])
def test_an_export_of_nothing_has_one_entry(alice, project, written, expected):
    query = {"project": project.uid, **NEWER, "stage": '["Complete"]', "format": written}
    archive = archive_of(by_user(alice).data("export", query)["exportPath"])
    assert [archive.read(name) for name in archive.namelist()] == [expected]


def test_lines_end_without_a_line_break(alice, project):
    """Clients of 1.3.29 and 1.3.40 count one task more than there are line breaks."""
    Task.objects.filter(asset__number=1).update(answer={"tools": [], "classifications": [{"answer": "a\n\u2028\r\nb"}]})
    found = exported(by_user(alice), {"project": project.uid, **NEWER, "format": "ndjson"})
    assert len(found.splitlines()) == found.count(b"\n") + 1 == 5
    assert all(json.loads(line)["task"] for line in found.splitlines())


def test_it_is_kept_as_a_file_of_the_project(alice, project):
    by_user(alice).data("export", {"project": project.uid, **NEWER})
    stored = StoredFile.objects.get()
    assert (stored.kind, stored.project, stored.created_by) == ("exports", project, alice)
    assert Client().get("/files/" + stored.key).status_code == 404


def test_it_is_downloaded_and_never_shown_in_place(alice, project):
    answer = Client().get(by_user(alice).data("export", {"project": project.uid, **NEWER})["exportPath"])
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content)


# --- what is in it ---

SCHEMA = {
    "tools": [
        {"tool": "bounding-box", "title": "Car", "schemaId": "c" * 24, "classifications": [
            {"tool": "radio", "title": "Colour", "schemaId": "d" * 24, "columnField": True,
             "options": [{"value": "Red", "schemaId": "red"}, {"value": "Blue", "schemaId": "blue"}]},
        ]},
        {"tool": "rotated-bounding-box", "title": "Bus", "schemaId": "b" * 24},
        {"tool": "pdf", "title": "Clause", "schemaId": "f" * 24},
    ],
    "classifications": [
        {"tool": "checkbox", "title": "Weather", "schemaId": "e" * 24,
         "options": [{"value": "Rain", "schemaId": "1"}, {"value": "Fog", "schemaId": "2"}]},
        {"tool": "tree-dropdown", "title": "Place", "schemaId": "9" * 24,
         "treeOptions": [{"title": "Road", "key": "r", "children": [{"title": "Kerb", "key": "k"}]}]},
    ],
    "relations": [{"tool": "one-to-one", "title": "Tows", "schemaId": "a" * 24}],
}  # fmt: skip


def complete(project, number, answer=None, by=None, **step):
    """A task that somebody completed, with a step that says so."""
    task = Task.objects.get(project=project, asset__number=number)
    TaskStep.objects.create(task=task, stage="Label", to_stage="Complete", by=by, answer=answer, **step)
    Task.objects.filter(pk=task.pk).update(
        status="Completed", stage="Complete", answer=answer or {"tools": [], "classifications": [], "relations": []},
        updated_by=by,
    )  # fmt: skip
    return task


@pytest.fixture
def labeled(alice, project):
    """A project with one task that Alice labeled."""
    Project.objects.filter(pk=project.pk).update(category_schema=SCHEMA)
    answer = {
        "tools": [
            {"schemaId": "c" * 24, "objectId": "one", "bounding-box": {"x": 10, "y": 20, "width": -4, "height": 5},
             "classifications": [{"schemaId": "d" * 24, "answer": "blue"}], "page": 3,
             "metadata": {"createdAt": 1_700_000_000_000, "createdBy": alice.uid}},
            {"schemaId": "b" * 24, "objectId": "two", "metadata": {"createdBy": "import"},
             "rotated-bounding-box": {"x": 0, "y": 0, "width": 4, "height": 2, "rotation": 90}},
        ],
        "classifications": [{"schemaId": "e" * 24, "answer": ["1", "2"]}, {"schemaId": "9" * 24, "answer": ["k"]}],
        "relations": [{"schemaId": "a" * 24, "from": "one", "to": "two"}],
    }  # fmt: skip
    complete(project, 1, answer, alice, duration_ms=4_000, review_status="Accepted")
    project.refresh_from_db()
    return project


def test_a_task_has_all_that_newer_clients_read(alice, labeled):
    makers.make_batch(labeled, "Night", [1])
    (found,) = items(by_user(alice), labeled, stage='["Complete"]')
    task = found["task"]
    assert (found["externalId"], found["batches"]) == ("image_0001.jpg", ["Night"])
    assert found["asset"] == "https://example.org/image_0001.jpg"
    assert found["metadata"] == {"width": 640, "height": 480}
    assert (task["stage"], task["stageId"], task["totalDuration"]) == ("Complete", "Complete", 4_000)
    assert task["updatedBy"] == "alice@example.org"
    assert task["tools"][0] == {
        "schemaId": "c" * 24, "objectId": "one", "title": "Car", "page": 3,
        "bounding-box": {"x": 6, "y": 20, "width": 4, "height": 5},
        "classifications": [{"schemaId": "d" * 24, "tool": "radio", "title": "Colour", "columnField": True,
                             "answer": "Blue", "classifications": []}],
        "metadata": {"createdAt": 1_700_000_000_000, "createdBy": "alice@example.org"},
    }  # fmt: skip
    assert task["relations"][0]["title"] == "Tows"
    (step,) = task["stageHistory"]
    assert (step["stage"], step["completedBy"], step["duration"]) == ("Label", "alice@example.org", 4_000)
    assert [tool["title"] for tool in step["tools"]] == ["Car", "Bus"]


def test_people_s_answers_are_exported_in_the_words_of_their_options(alice, labeled):
    (found,) = items(by_user(alice), labeled, stage='["Complete"]')
    answers = {one["title"]: one["answer"] for one in found["task"]["classifications"]}
    assert answers == {"Weather": ["Rain", "Fog"], "Place": ["Road / Kerb"]}


def test_a_rotated_box_has_its_corners_around_its_centre(alice, labeled):
    (found,) = items(by_user(alice), labeled, stage='["Complete"]')
    box = found["task"]["tools"][1]["rotated-bounding-box"]
    assert [[round(x, 6), round(y, 6)] for x, y in box["corners"]] == [[3, -1], [3, 3], [1, 3], [1, -1]]
    assert (box["x"], box["y"], box["rotation"]) == (0, 0, 90)


def test_an_asset_has_all_that_older_clients_read(alice, labeled):
    task = Task.objects.get(status="Completed")
    Issue.objects.create(project=labeled, task=task, content="Too small", created_by=alice)
    (found,) = older_items(by_user(alice), labeled)
    (done,) = found["tasks"]
    assert (found["status"], found["labelDuration(ms)"]) == ("Completed", 4_000)
    assert (done["completedBy"], done["updatedBy"]) == ("alice", "alice")
    assert done["review"]["status"] == "Todo"
    assert done["review"]["completedBy"] == "alice"
    assert done["issues"][0]["content"] == "Too small"
    assert done["objects"][0]["metadata"] == {"createdAt": "2023-11-14T22:13:20.000Z", "createdBy": "alice"}
    assert done["objects"][0]["title"] == "Car"
    assert done["completedAt"] == found["labeledAt"] is not None


def test_metadata_and_history_can_be_left_out(alice, labeled):
    query = {"stage": '["Complete"]', "includeMetadata": "false", "includeHistory": "False"}
    (found,) = items(by_user(alice), labeled, **query)
    assert "metadata" not in found
    assert "stageHistory" not in found["task"]


def test_history_that_was_begun_anew_is_not_told(alice, labeled):
    task = Task.objects.get(status="Completed")
    TaskStep.objects.create(task=task, stage="Complete", to_stage="Label", starts_anew=True)
    (found,) = items(by_user(alice), labeled, stage='["Complete"]')
    assert found["task"]["stageHistory"] == []


def test_where_people_did_nothing_the_pre_labels_are_exported(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(2, makers.box("b" * 24)))
    (tool,) = items(by_user(alice), project)[1]["task"]["tools"]
    assert tool["title"] == "Bus"
    assert tool["metadata"]["createdBy"] == "import"
    received = Import.objects.get(session=session).received_at
    assert tool["metadata"]["createdAt"] == int(received.timestamp() * 1000)
    task = Task.objects.get(asset__number=2)
    assert tool["objectId"] == v2.data(f"task/{task.uid}")["task"]["answer"]["tools"][0]["objectId"]


def test_what_was_undone_is_not_exported(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(2))
    Import.objects.filter(session=session).update(state=Import.State.UNDONE)
    assert [one["task"]["tools"] for one in items(by_user(alice), project)] == [[]] * 5


def test_a_pdf_is_exported_in_the_form_of_exports(alice, labeled):
    flat = {"x1": 1, "y1": 2, "x2": 3, "y2": 4, "width": 100, "height": 200, "pageNumber": 7, "text": "hereby"}
    complete(labeled, 2, {"tools": [{"schemaId": "f" * 24, "pdf": flat}]})
    found = items(by_user(alice), labeled, stage='["Complete"]')[1]["task"]["tools"][0]["pdf"]
    assert found["position"]["pageNumber"] == 7
    assert found["position"]["boundingRect"]["x2"] == 3
    assert found["content"] == {"text": "hereby"}


def test_our_own_files_are_addressed_so_that_anybody_can_fetch_them(alice, project):
    v2 = by_user(alice)
    address = v2.data("getUploadUrl", {"name": "x.png", "project": project.uid})["uploadUrl"]
    v2.client.put(address, b"\x89PNG\r\n\x1a\n")
    v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": address, "externalId": "ours"}]})
    found = next(one for one in items(v2, project) if one["externalId"] == "ours")
    assert found["asset"].startswith("http://testserver/files/")
    assert b"".join(Client().get(found["asset"]).streaming_content).startswith(b"\x89PNG")


def test_somebody_of_another_organization_is_not_named(alice, charlie, labeled):
    complete(labeled, 2, {"tools": [{"schemaId": "c" * 24, "metadata": {"createdBy": charlie.uid}}]})
    assert "charlie" not in json.dumps(items(by_user(alice), labeled))


# --- filters ---


def numbers(found):
    return [int(one["externalId"][6:10]) for one in found]


def test_batches_by_id_or_name_any_of_them(alice, project):
    night, rain = makers.make_batch(project, "Night", [1, 2]), makers.make_batch(project, "Rain", [2, 3])
    v2 = by_user(alice)
    assert numbers(items(v2, project, batches=json.dumps([night.uid]))) == [1, 2]
    assert numbers(items(v2, project, batches=json.dumps([night.uid, "Rain"]))) == [1, 2, 3]
    complete(project, 2)
    complete(project, 4)
    query = {name: value for name, value in OLDER.items() if name != "batches"}
    found = exported(v2, {"project": project.uid, **query, "tag": json.dumps([rain.uid])})
    assert numbers(json.loads(found)) == [2]


def test_the_flag_that_older_clients_call_batches_is_no_batch(alice, project):
    complete(project, 1)
    assert numbers(older_items(by_user(alice), project)) == [1]


@pytest.mark.parametrize("word", ["bob@example.org", "BOB@example.org", "bob"])
def test_assignees(alice, bob, project, word):
    Task.objects.filter(asset__number=3).update(assignee=bob)
    v2 = by_user(alice)
    assert numbers(items(v2, project, assignee=json.dumps([word]))) == [3]
    assert numbers(items(v2, project, assignee=json.dumps([bob.uid]))) == [3]


def test_a_stage_of_the_project_s_own_by_id_or_name(alice, project):
    stages = [{"id": "rev1", "name": "Second look", "type": "Review"}]
    Project.objects.filter(pk=project.pk).update(stages=stages)
    Task.objects.filter(asset__number=4).update(stage="rev1")
    v2 = by_user(alice)
    (found,) = items(v2, project, stage='["rev1"]')
    assert (found["task"]["stage"], found["task"]["stageId"]) == ("Second look", "rev1")
    assert numbers(items(v2, project, stage='["Second look", "Complete"]')) == [4]


@pytest.mark.parametrize(
    "query",
    [
        {"updatedAt[gt]": "2026-01-02T00:00:00+00:00", "updatedAt[lt]": "2026-01-04T00:00:00"},
        {"updatedAt": '{"$gt": "2026-01-02T00:00:00.000000Z", "$lt": "2026-01-04T00:00:00.000000Z"}'},
        {"updatedAt[gte]": "2026-01-02T12:00:00Z", "updatedAt[lte]": "2026-01-03T23:00:00.000Z"},
        {"updatedAt[$gt]": "2026-01-02T02:00:00+02:00", "updatedAt[$lt]": "2026-01-04"},
        {"completedAt[gt]": "2026-01-02T00:00:00 00:00", "completedAt[lt]": "2026-01-04T00:00:00"},
    ],
)
def test_times_in_every_spelling(alice, project, query):
    for number in range(1, 6):
        at = f"2026-01-0{number}T12:00:00Z"
        TaskStep.objects.filter(task=complete(project, number)).update(at=at)
        Task.objects.filter(asset__number=number).update(updated_at=at)
    assert numbers(items(by_user(alice), project, **query)) == [2, 3]


def test_task_types_other_than_default_have_no_tasks(alice, project):
    assert items(by_user(alice), project, taskTypes='["consensus"]') == []


# --- issues ---


def test_issues_with_their_comments(alice, bob, project):
    task = Task.objects.get(asset__number=2)
    issue = Issue.objects.create(
        project=project, task=task, content="Wrong class", position="[1,2]", page=4, created_by=bob,
        extra={"errorCodes": ["E1"]},
    )  # fmt: skip
    IssueComment.objects.create(issue=issue, content="Right", created_by=alice)
    (found,) = items(by_user(alice), project, type="issue")
    assert found["_id"] == issue.uid
    assert found["asset"]["externalId"] == "image_0002.jpg"
    assert (found["labelTask"], found["stage"], found["status"]) == (task.uid, "Label", "Open")
    assert (found["page"], found["errorCode"], found["position"]) == (4, "E1", "[1,2]")
    assert found["createdBy"] == "bob@example.org"
    assert found["comments"] == [{"createdBy": "alice@example.org", "content": "Right"}]


def test_issues_by_when_they_were_made(alice, project):
    for number in (1, 2):
        task = Task.objects.get(asset__number=number)
        Issue.objects.create(project=project, task=task, content=str(number), created_at=f"2026-01-0{number}T00:00:00Z")
    found = items(by_user(alice), project, type="issue", createdAt='{"$gt": "2026-01-01T12:00:00Z"}')
    assert [one["content"] for one in found] == ["2"]


# --- who may ---


def test_a_stranger_gets_404_and_a_viewer_an_export(bob, charlie, project):
    assert by_user(charlie).get("export", {"project": project.uid, **NEWER})[0] == 404
    assert len(items(by_user(bob), project)) == 5


def test_a_session_s_key_sees_its_scope_only_and_has_read_it(alice, project, plugin):
    uids = list(project.assets.filter(number__in=[2, 4]).values_list("uid", flat=True))
    v2, session = by_session(alice, project, plugin, scope={"assets": uids})
    Issue.objects.create(project=project, task=Task.objects.get(asset__number=1), content="Elsewhere")
    assert numbers(items(v2, project)) == [2, 4]
    assert items(v2, project, type="issue") == []
    session.refresh_from_db()
    assert session.assets_read == 2
    assert session.events.filter(sentence__contains="2 items").exists()


def test_a_session_s_key_exports_no_other_project(alice, organization, project, plugin):
    other = makers.make_project(alice, organization, name="Other")
    v2, _ = by_session(alice, project, plugin)
    assert v2.get("export", {"project": other.uid, **NEWER})[0] == 404


def test_an_export_is_in_the_audit_trail(alice, project, organization):
    items(by_user(alice), project)
    assert organization.audit_events.filter(verb="project.exported", actor=alice).count() == 1


def test_when_every_place_is_taken_it_is_said_at_once_and_nothing_is_begun(alice, project, monkeypatch):
    monkeypatch.setattr(v2_exports, "_places", threading.BoundedSemaphore(1))
    v2 = by_user(alice)
    with v2_exports._a_place():
        status, answer = v2.get("export", {"project": project.uid, **NEWER})
        assert (status, answer["status"]) == (503, "fail")
        assert "ask again in a minute" in answer["message"]
        assert not Export.objects.exists()
    for _ in range(2):
        assert items(v2, project)
