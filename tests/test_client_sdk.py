"""Our own SDK against a real server: every call of the table in docs/clients.md, by the names of the public one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pytest

from pluginhost.client.models.annotate import AnnotationPayload, Answer
from pluginhost.client.models.enums import ExportFormats, ReviewStatus
from pluginhost.client.models.export_options import ExportOptions, TimeFilter
from pluginhost.client.models.label_category import (
    Classification,
    ClassificationCategory,
    LabelOption,
    Tool,
    ToolCategory,
)
from pluginhost.client.models.task_filter import DateRange, NumberRange, StringFilter, TaskFilter
from pluginhost.client.sdk import SDK, Refused

from .server import ROOT

pytestmark = pytest.mark.story


@pytest.fixture
def sdk(server):
    return SDK(server.key, host=server.url)


@pytest.fixture
def project(server):
    return server.new_project(assets=3)


def box(schema_id):
    return {"schemaId": schema_id, "bounding-box": {"x": np.float64(1), "y": 2, "width": np.int64(30), "height": 40}}


def schema_of(sdk, project):
    return sdk.get_project(project)["data"]["project"]["categorySchema"]["tools"][0]["schemaId"]


def task_of(sdk, project):
    return sdk.get_tasks(project)["data"]["tasks"][0]["_id"]


def stages_of(sdk, project):
    return {stage["type"]: stage["id"] for stage in sdk.get_project(project)["data"]["project"]["stages"]}


def test_it_has_every_call_that_works_here():
    page = (ROOT / "docs" / "clients.md").read_text()
    table = page.split("## Calls of the SDK")[1]
    names = {name for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert len(names) > 25
    only_older = {"set_asset_priority"}
    assert {name for name in names - only_older if not hasattr(SDK, name)} == set()


def test_projects_are_made_found_and_listed(sdk):
    uid = sdk.create_project("From the SDK", "a description")["data"]["project"]["_id"]
    assert sdk.get_project(uid)["data"]["project"]["name"] == "From the SDK"
    assert sdk.list_projects(limit=1)["data"]["total"] >= 1


def test_labeling_tools_are_set(sdk, project):
    radio = ClassificationCategory(Classification.Radio, title="Weather", options=[LabelOption("Rain")])
    sdk.create_label_set(project, tools=[ToolCategory(Tool.BoundingBox, title="Tree")], classifications=[radio])
    schema = sdk.get_project(project)["data"]["project"]["categorySchema"]
    assert [tool["title"] for tool in schema["tools"]] == ["Tree"]
    assert schema["classifications"][0]["options"][0]["value"] == "Rain"


def test_batches_are_made_and_assigned(sdk, project):
    made = sdk.create_batch(project, "first")["data"]["project"]
    sdk.create_batches(project, ["first", "second"])
    assert sdk.create_batches(project, ["first"]) == []
    names = {batch["name"]: batch["_id"] for batch in sdk.get_batches(project)}
    assert set(names) == {"first", "second"}
    assert names["first"] == made["_id"]
    asset = next(sdk.all_assets(project))["_id"]
    sdk.assign_batches(project, [asset], [names["first"]])
    assert sdk.get_assets(project, filters={"batches": [names["first"]]})["data"]["total"] == 1


def test_assets_are_found_page_by_page_and_one_by_one(sdk, project):
    every = list(sdk.all_assets(project, limit=2))
    assert [asset["externalId"] for asset in every] == [f"image_{number:05}.jpg" for number in (1, 2, 3)]
    assert sdk.get_assets(project, asset_id=every[1]["_id"])["data"]["assets"][0]["_id"] == every[1]["_id"]
    assert sdk.get_assets(project, external_id="image_00003.jpg")["data"]["total"] == 1


def test_assets_are_added_uploaded_and_deleted(sdk, project, tmp_path):
    sdk.create_batch(project, "new")
    cloud = {"data": "https://example.org/x.jpg", "externalId": "x", "batches": ["new"]}
    sdk.upload_files_cloud(project, [cloud])
    path = tmp_path / "häuser.png"
    path.write_bytes(b"not really a picture")
    sdk.upload_files(project, [{"data": str(path), "externalId": "uploaded"}], batches=["new"])
    found = {asset["externalId"]: asset for asset in sdk.all_assets(project)}
    assert set(found) >= {"x", "uploaded"}
    assert sdk.session.get(found["uploaded"]["data"]).content == b"not really a picture"
    sdk.create_attachment(project, [{"externalId": "x", "attachments": [{"type": "TEXT", "value": "Look."}]}])
    sdk.delete_assets(project, [found["x"]["_id"]])
    assert "x" not in {asset["externalId"] for asset in sdk.all_assets(project)}


def test_a_batch_that_is_not_there_is_said_before_anything_is_sent(sdk, project):
    with pytest.raises(ValueError, match="no batch 'nowhere'"):
        sdk.upload_files_cloud(project, [{"data": "https://example.org/x.jpg"}], batches=["nowhere"])


def test_pre_labels_are_imported_with_numpy_numbers(sdk, project):
    item = {"externalId": "image_00001.jpg", "objects": [box(schema_of(sdk, project))]}
    assert sdk.import_labels(project, [item])["data"]["accepted"] == 1


def test_tasks_are_found_by_every_condition(sdk, project):
    now = datetime.now(UTC)
    conditions = TaskFilter(
        external_id=StringFilter(regex="0000[12]"), created_at=DateRange(lte=now), priority=NumberRange(gte=0)
    )
    found = sdk.get_tasks(project, task_filter=conditions, include_answer=True, sort="-createdAt")["data"]
    assert found["total"] == 2
    assert sdk.get_tasks(project, fields="_id,stage")["data"]["total"] == 3
    assert sdk.get_task(found["tasks"][0]["_id"])["data"]["task"]["_id"] == found["tasks"][0]["_id"]
    with pytest.raises(TypeError, match="no colour"):
        TaskFilter(colour="red")


def test_a_task_is_annotated_beside_what_is_there(sdk, project):
    task, schema = task_of(sdk, project), schema_of(sdk, project)
    assert sdk.annotate_task(task, AnnotationPayload(Answer(objects=[{**box(schema), "objectId": "one"}])))
    assert sdk.annotate_task(task, {"objects": [{**box(schema), "objectId": "two"}]})
    tools = sdk.get_task(task, include_answer=True)["data"]["task"]["answer"]["tools"]
    assert len(tools) == 2
    assert sdk.annotate_task(task, {"objects": [box(schema)]}, overwrite=True)
    assert len(sdk.get_task(task, include_answer=True)["data"]["task"]["answer"]["tools"]) == 1


def test_tasks_are_worked_on(sdk, server, project):
    task, stages = task_of(sdk, project), stages_of(sdk, project)
    sdk.update_tasks_priority(project, 5, {"taskIds": [task]})
    sdk.set_task_status(task, "Completed")
    sdk.requeue_tasks(project, stages["Label"], {"taskIds": [task]})
    assert sdk.get_task_history(task_id=task)["status"] == "success"
    with pytest.raises(ValueError, match="task_id"):
        sdk.get_task_history()


def test_issues_are_opened_answered_and_closed(sdk, project):
    task = task_of(sdk, project)
    issue = sdk.create_issue(task, "Look here", position=[1, 2])["data"]["issue"]["_id"]
    sdk.add_comment_to_issue(issue, "I do")
    sdk.update_issue(issue, status="Closed")
    assert len(sdk.get_issues(project, task_id=task)["data"]["issues"]) == 1
    sdk.delete_issue(project, issue)
    assert sdk.get_issues(project)["data"]["issues"] == []


def test_an_export_is_read_in_every_form(sdk, project, tmp_path):
    everything = {"stage": None, "created_at": TimeFilter(from_date=datetime(2020, 1, 1))}
    options = ExportOptions(stage=["Label"], created_at=everything["created_at"])
    assert len(sdk.export(project, options)) == 3
    lines, count = sdk.export(project, ExportOptions(stage=["Label"], export_format=ExportFormats.NDJSON))
    assert (count, len(list(lines))) == (3, 3)
    assert sdk.export(project, options, str(tmp_path / "all.zip")) is None
    assert (tmp_path / "all.zip").stat().st_size > 100


def test_a_refusal_tells_status_and_reason(sdk, server):
    with pytest.raises(Refused) as refused:
        sdk.get_project("0" * 24)
    assert refused.value.status == 404
    assert refused.value.message
    with pytest.raises(Refused) as refused:
        SDK("ak_nonsense", host=server.url).list_projects()
    assert refused.value.status == 401


def test_a_server_that_is_killed_meanwhile_is_asked_again(new_server):
    server = new_server()
    sdk = SDK(server.key, host=server.url)
    for _ in range(3):
        server.kill_child()
        assert sdk.list_projects()["status"] == "success"


def test_stages_are_set(sdk, project):
    stages = sdk.get_project(project)["data"]["project"]["stages"]
    assert sdk.update_workflow_stages(project, stages)["status"] == "success"


def test_a_task_is_reviewed(sdk, project):
    assert sdk.review_task(task_of(sdk, project), ReviewStatus.ACCEPTED)["status"] == "success"


def test_a_notification_is_sent(sdk):
    answer = sdk.send_notification(["admin"], "Done", title="From the SDK")
    assert answer["status"] == "success"
