"""What plugin authors read with the real SDKs: projects, assets, tasks. What they return is what their code needs."""

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


@pytest.fixture(scope="module")
def project(server):
    """25 assets; the first three in the batch «Night», the first also in «Rain», and pre-labeled."""
    uid = server.new_project(assets=25)
    server.api("POST", f"/v2/batches/{uid}", {"batches": [{"name": "Night"}, {"name": "Rain"}]})
    assets = server.api("GET", f"/v2/project/{uid}/assets?limit=3")["data"]["assets"]
    ids = [asset["_id"] for asset in assets]
    server.api("POST", "/v2/assignBatches", {"projectId": uid, "assets": ids, "batches": ["Night"]})
    server.api("POST", "/v2/assignBatches", {"projectId": uid, "assets": ids[:1], "batches": ["Rain"]})
    schema = server.api("GET", f"/v2/project/{uid}")["data"]["project"]["categorySchema"]["tools"][0]["schemaId"]
    box = {"schemaId": schema, "bounding-box": {"x": 1, "y": 2, "width": 3, "height": 4}}
    items = [{"externalId": "image_00001.jpg", "objects": [box]}]
    server.api("POST", "/v2/import/labels", {"project": uid, "jsonContent": items})
    return uid


# --- projects ---


def test_a_project_has_what_both_generations_read(sdk, project):
    answer = sdk("answer = sdk.get_project(project)", project=project)
    assert answer["status"] == "success"
    found = answer["data"]["project"]
    assert (found["_id"], found["name"], found["type"]) == (project, "Streets", "ango")
    assert [tool["title"] for tool in found["categorySchema"]["tools"]] == ["Car", "Bus"]
    assert [batch["name"] for batch in found["batches"]] == [batch["name"] for batch in found["tags"]]
    assert {stage["type"] for stage in found["stages"]} >= {"Label", "Complete"}


def test_batches_are_found_by_name(sdk, project):
    batches = sdk("answer = sdk.get_batches(project)", project=project)
    assert {batch["name"] for batch in batches} == {"Night", "Rain"}
    assert all(len(batch["_id"]) == 24 for batch in batches)


def test_a_project_that_is_not_there_is_told_as_the_client_expects(older, newer):
    nothing = "0" * 24
    assert "Invalid Project Id!" in older.refusal("answer = sdk.get_batches(project)", project=nothing)
    assert "There is no such project" in newer.refusal("answer = sdk.get_batches(project)", project=nothing)


def test_projects_are_listed_in_pages_to_the_last(sdk, server, project):
    for number in range(3):
        server.new_project(assets=0, name=f"Page {number}")
    body = """
    found, page = [], 0
    while True:
        page += 1
        data = sdk.list_projects(page=page, limit=2)["data"]
        found += data["projects"]
        if data["total"] - len(found) <= 0:
            break
    answer = [one["_id"] for one in found]
    """
    found = sdk(body)
    assert project in found
    assert len(found) == len(set(found)) >= 4


# --- assets ---


def test_ten_assets_are_a_page_unless_more_are_asked_for(sdk, project):
    data = sdk("answer = sdk.get_assets(project)", project=project)["data"]
    assert (len(data["assets"]), data["total"]) == (10, 25)
    more = sdk("answer = sdk.get_assets(project, page=1, limit=1000)", project=project)["data"]
    assert [asset["externalId"] for asset in more["assets"]] == [f"image_{number:05}.jpg" for number in range(1, 26)]


def test_the_published_loop_over_all_assets_ends_with_all_of_them(sdk, project):
    body = """
    collected, page, total = [], 1, 1
    while total - len(collected) > 0:
        data = sdk.get_assets(project, page=page, limit=7)["data"]
        total = data["total"]
        collected += data["assets"]
        page += 1
    answer = [asset["externalId"] for asset in collected]
    """
    assert len(set(sdk(body, project=project))) == 25


def test_an_asset_has_its_address_and_its_task(sdk, project):
    asset = sdk("answer = sdk.get_assets(project, limit=1)", project=project)["data"]["assets"][0]
    assert asset["data"] == "https://example.org/00001.jpg"
    assert asset["labelTasks"][0]["stageHistory"] == []
    task = sdk("answer = sdk.get_task(task)", task=asset["labelTasks"][0]["_id"])["data"]["task"]
    assert task["asset"] == {key: asset[key] for key in ("_id", "externalId", "data")}


FILTERS = {
    "by id": ('{"_id": assets[4]["_id"]}', ["image_00005.jpg"]),
    "by external id": ('{"externalId": "image_00007.jpg"}', ["image_00007.jpg"]),
    "pre-labeled": ('{"isPreLabeled": True}', ["image_00001.jpg"]),
    "in a batch": ('{"batches": [batches["Night"]]}', ["image_00001.jpg", "image_00002.jpg", "image_00003.jpg"]),
    "in both batches": ('{"batches": [batches["Night"], batches["Rain"]]}', ["image_00001.jpg"]),
}


@pytest.mark.parametrize(("filters", "expected"), FILTERS.values(), ids=FILTERS)
def test_assets_are_filtered(newer, project, filters, expected):
    body = f"""
    assets = sdk.get_assets(project, limit=100)["data"]["assets"]
    batches = {{batch["name"]: batch["_id"] for batch in sdk.get_batches(project)}}
    answer = sdk.get_assets(project, limit=100, filters={filters})["data"]
    """
    found = newer(body, project=project)
    assert [asset["externalId"] for asset in found["assets"]] == expected
    assert found["total"] == len(expected)


# --- tasks ---


def test_the_published_loop_over_all_tasks_ends_with_all_of_them(sdk, project):
    body = """
    collected, page, total = [], 1, 1
    while total - len(collected) > 0:
        data = sdk.get_tasks(project, page=page, limit=9)["data"]
        total = data["total"]
        collected += data["tasks"]
        page += 1
    answer = [task["_id"] for task in collected]
    """
    assert len(set(sdk(body, project=project))) == 25


def test_older_clients_filter_by_status_and_batch_name(older, project):
    body = """
    answer = [
        sdk.get_tasks(project, status="Completed")["data"]["total"],
        sdk.get_tasks(project, status="TODO", batches=["Night"])["data"]["total"],
        sdk.get_tasks(project, batches=["Night", "Rain"])["data"]["total"],
    ]
    """
    assert older(body, project=project) == [0, 3, 1]


def test_newer_clients_still_filter_in_the_deprecated_way(newer, project):
    body = """
    import warnings
    warnings.simplefilter("ignore")
    ids = [batch["_id"] for batch in sdk.get_batches(project) if batch["name"] == "Rain"]
    stages = {stage["type"]: stage["id"] for stage in sdk.get_project(project)["data"]["project"]["stages"]}
    answer = [
        sdk.get_tasks(project, batches=["Night"])["data"]["total"],
        sdk.get_tasks(project, batches=ids)["data"]["total"],
        sdk.get_tasks(project, status="TODO")["data"]["total"],
        sdk.get_tasks(project, stage=stages["Label"])["data"]["total"],
        sdk.get_tasks(project, stage=stages["Complete"])["data"]["total"],
    ]
    """
    assert newer(body, project=project) == [3, 1, 25, 25, 0]


TASK_FILTERS = {
    "an external id": ('external_id="image_00004.jpg"', 1),
    "external ids": ('external_id=StringFilter(in_list=["image_00004.jpg", "image_00005.jpg"])', 2),
    "all but one": ('external_id=StringFilter(ne="image_00004.jpg")', 24),
    "a pattern": ('external_id=StringFilter(regex="_0001[0-9]")', 10),
    "any of two batches": ('batches=["Night", "Rain"]', 3),
    "no batch": ("batches=StringFilter(exists=False)", 22),
    "the completed": ('stage="Complete"', 0),
    "the stage of labeling": ('stage=["Label", "Complete"]', 25),
    "no one's": ("assignee=StringFilter(exists=False)", 25),
    "without open issues": ("open_issues_count=0", 25),
    "with some": ("open_issues_count=NumberRange(gte=1)", 0),
    "first in line": ("priority=NumberRange(gt=0)", 0),
    "made today": ("created_at=DateRange(gte=datetime.datetime(2000, 1, 1))", 25),
    "made long ago": ("created_at=DateRange(lt=datetime.datetime(2000, 1, 1))", 0),
    "of the usual kind": ("task_type=TaskType.DEFAULT, is_skipped=False, is_draft=False", 25),
    "ready": ("status=TaskStatus.READY", 25),
    "accepted": ("review_status=ReviewStatus.ACCEPTED", 0),
    "several at once": ('batches=["Night"], external_id=StringFilter(regex="3")', 1),
}


@pytest.mark.parametrize(("chosen", "expected"), TASK_FILTERS.values(), ids=TASK_FILTERS)
def test_tasks_are_filtered(newer, project, chosen, expected):
    body = f"""
    from imerit_ango.models.enums import ReviewStatus, TaskStatus, TaskType
    from imerit_ango.models.task_filter import DateRange, NumberRange, StringFilter, TaskFilter
    answer = sdk.get_tasks(project, limit=100, task_filter=TaskFilter({chosen}))["data"]
    """
    found = newer(body, project=project)
    assert (found["total"], len(found["tasks"])) == (expected, expected)


def test_fields_are_chosen_and_tasks_sorted(newer, project):
    body = """
    answer = [
        sdk.get_tasks(project, limit=3, fields="stage,priority", sort="createdAt")["data"]["tasks"],
        sdk.get_tasks(project, limit=3, sort="-createdAt")["data"]["tasks"],
    ]
    """
    first, last = newer(body, project=project)
    assert all(set(task) == {"_id", "project", "asset", "stage", "priority"} for task in first)
    assert [task["asset"]["externalId"] for task in first] == [f"image_0000{number}.jpg" for number in (1, 2, 3)]
    assert [task["externalId"] for task in last] == [f"image_000{number}.jpg" for number in (25, 24, 23)]


def test_an_answer_always_has_its_three_lists(sdk, project):
    body = "answer = sdk.get_tasks(project, limit=100)['data']['tasks']"
    tasks = {task["externalId"]: task for task in sdk(body, project=project)}
    for task in tasks.values():
        assert set(task["answer"]) == {"tools", "classifications", "relations"}
    assert len(tasks["image_00001.jpg"]["answer"]["tools"]) == 1
    labeled = sdk("answer = sdk.get_task(task)['data']['task']", task=tasks["image_00001.jpg"]["_id"])
    assert labeled["answer"]["tools"][0]["bounding-box"] == {"x": 1, "y": 2, "width": 3, "height": 4}
