"""Exports through the real SDKs, in all the forms that they ask for."""

import json
import zipfile

import pytest

from .clients import VERSIONS
from .sdk import Sdk

pytestmark = pytest.mark.story
OLDER, NEWER = VERSIONS
OPTIONS = """
from imerit_ango.models.enums import ExportFormats, ExportTypes
from imerit_ango.models.export_options import ExportOptions, TimeFilter
"""


@pytest.fixture
def newer(server):
    return Sdk(server, NEWER)


@pytest.fixture
def older(server):
    return Sdk(server, OLDER)


@pytest.fixture(scope="module")
def project(server):
    """Three tasks with a box each; the first two are completed, the first is in the batch «Night»."""
    uid = server.new_project(assets=3)
    found = server.api("GET", f"/v2/project/{uid}")["data"]["project"]
    box = {"schemaId": found["categorySchema"]["tools"][0]["schemaId"]}
    box["bounding-box"] = {"x": 1, "y": 2, "width": 3, "height": 4}
    items = [{"externalId": f"image_0000{n}.jpg", "objects": [box]} for n in (1, 2, 3)]
    server.api("POST", "/v2/import/labels", {"project": uid, "jsonContent": items})
    server.api("POST", f"/v2/batches/{uid}", {"name": "Night"})
    tasks = server.api("GET", f"/v2/project/{uid}/tasks?sort=createdAt")["data"]["tasks"]
    for task in tasks[:2]:
        server.api("POST", f"/v2/task/{task['_id']}/status", {"status": "Completed"})
    body = {"projectId": uid, "assets": [tasks[0]["asset"]["_id"]], "batches": ["Night"]}
    server.api("POST", "/v2/assignBatches", body)
    return uid


def test_the_older_get_one_item_per_completed_asset(older, project):
    items = older("answer = sdk.export(project)", project=project)
    found = {item["externalId"]: item for item in items}
    assert set(found) == {"image_00001.jpg", "image_00002.jpg"}
    first = found["image_00001.jpg"]
    assert (first["asset"], first["batches"]) == ("https://example.org/00001.jpg", ["Night"])
    (drawn,) = first["tasks"][0]["objects"]
    assert (drawn["title"], drawn["bounding-box"]) == ("Car", {"x": 1, "y": 2, "width": 3, "height": 4})
    assert first["tasks"][0]["status"] == "Completed"


def test_the_older_choose_batches_and_times(older, project):
    body = """
    night = [batch["_id"] for batch in sdk.get_batches(project)]
    long_ago = [datetime.datetime(2000, 1, 1), datetime.datetime(2001, 1, 1)]
    answer = [len(sdk.export(project, batches=night)), len(sdk.export(project, completed_at=long_ago))]
    """
    assert older(body, project=project) == [1, 0]


def test_the_newer_get_the_completed_tasks(newer, project):
    items = newer("answer = sdk.export(project)", project=project)
    assert sorted(item["externalId"] for item in items) == ["image_00001.jpg", "image_00002.jpg"]
    for item in items:
        assert item["task"]["stage"] == "Complete"
        (drawn,) = item["task"]["tools"]
        assert (drawn["title"], drawn["bounding-box"]["width"]) == ("Car", 3)


def test_the_newer_get_all_tasks_where_they_ask_for_no_stage(newer, project):
    body = OPTIONS + "answer = sdk.export(project, ExportOptions(stage=[]))"
    assert len(newer(body, project=project)) == 3


def test_lines_come_as_an_iterator_and_their_number(newer, project):
    body = OPTIONS + (
        "lines, count = sdk.export(project, ExportOptions(stage=[], export_format=ExportFormats.NDJSON))\n"
        "answer = [count, [line['externalId'] for line in lines]]"
    )
    count, names = newer(body, project=project)
    assert count == len(names) == len(set(names)) == 3


def test_batches_and_times_choose_tasks(newer, project):
    body = OPTIONS + (
        "night = [batch['_id'] for batch in sdk.get_batches(project)]\n"
        "old = TimeFilter(to_date=datetime.datetime(2001, 1, 1))\n"
        "new = TimeFilter(from_date=datetime.datetime(2001, 1, 1))\n"
        "answer = [len(sdk.export(project, ExportOptions(**chosen))) for chosen in"
        " ({'batches': night}, {'updated_at': old}, {'updated_at': new}, {'created_at': old})]"
    )
    assert newer(body, project=project) == [1, 0, 2, 0]


def test_a_zip_is_kept_although_it_is_fetched_twice(newer, project, tmp_path):
    kept = tmp_path / "export.zip"
    assert newer("answer = sdk.export(project, zip_file_path=path)", project=project, path=str(kept)) is None
    with zipfile.ZipFile(kept) as opened:
        items = json.loads(opened.read(opened.namelist()[0]))
    assert len(items) == 2


def test_nothing_to_export_is_an_empty_list(older, newer, server):
    empty = server.new_project(assets=0)
    assert older("answer = sdk.export(project)", project=empty) == []
    body = OPTIONS + (
        "lines, count = sdk.export(project, ExportOptions(export_format=ExportFormats.NDJSON))\n"
        "answer = [count, list(lines), sdk.export(project)]"
    )
    assert newer(body, project=empty) == [0, [], []]


def test_issues_are_exported(newer, project):
    body = OPTIONS + (
        "task = sdk.get_tasks(project, sort='createdAt')['data']['tasks'][0]['_id']\n"
        "sdk.create_issue(task, 'Too wide', position=[1, 2])\n"
        "answer = sdk.export(project, ExportOptions(export_type=ExportTypes.ISSUE))"
    )
    (issue,) = newer(body, project=project)
    assert (issue["content"], issue["asset"]["externalId"]) == ("Too wide", "image_00001.jpg")
