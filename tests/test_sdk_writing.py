"""What plugin authors write with the real SDKs: batches, files, labeling tools, labels; and it is read back."""

import pytest
import requests

from .clients import VERSIONS
from .sdk import Sdk

pytestmark = pytest.mark.story
OLDER, NEWER = VERSIONS
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


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
def project(server):
    return server.new_project(assets=3)


def batches_of_assets(server, project):
    """External id -> names of its batches."""
    names = {
        one["_id"]: one["name"] for one in server.api("GET", f"/v2/project/{project}")["data"]["project"]["batches"]
    }
    assets = server.api("GET", f"/v2/project/{project}/assets?limit=100")["data"]["assets"]
    return {asset["externalId"]: sorted(names[uid] for uid in asset["batches"]) for asset in assets}


# --- projects and batches ---


def test_a_project_is_made_and_found_again(sdk):
    body = """
    made = sdk.create_project("Harbour", "Ships & cranes")["data"]["project"]
    answer = sdk.get_project(made["_id"])["data"]["project"]
    """
    found = sdk(body)
    assert (found["name"], found["description"]) == ("Harbour", "Ships & cranes")


def test_older_clients_get_the_list_of_batches_back(older, project):
    body = """
    sdk.create_batch(project, "Night")
    sdk.create_batch(project, "Night")
    answer = [batch["name"] for batch in sdk.create_batch(project, "Ünïcode & more")]
    """
    assert sorted(older(body, project=project)) == ["Night", "Ünïcode & more"]


def test_newer_clients_get_the_one_that_was_made(newer, project):
    body = """
    made = sdk.create_batch(project, "Night")["data"]["project"]
    again = sdk.create_batch(project, "Night")["data"]["project"]
    answer = [made, again, sdk.get_batches(project)]
    """
    made, again, known = newer(body, project=project)
    assert made["name"] == "Night"
    assert made["_id"] == again["_id"] == known[0]["_id"]
    assert len(known) == 1


def test_several_batches_are_made_and_those_that_are_there_skipped(newer, project):
    body = """
    first = sdk.create_batches(project, ["Night", "Rain"])
    second = sdk.create_batches(project, ["Rain", "Fog"])
    third = sdk.create_batches(project, ["Night", "Fog"])
    answer = [first["status"], second["status"], third, [batch["name"] for batch in sdk.get_batches(project)]]
    """
    assert newer(body, project=project) == ["success", "success", [], ["Fog", "Night", "Rain"]]


def test_assets_are_put_into_batches_by_name(sdk, server, project):
    body = """
    for name in ("Night", "Rain"):
        sdk.create_batch(project, name)
    ids = [asset["_id"] for asset in sdk.get_assets(project)["data"]["assets"]]
    sdk.assign_batches(project, ids[:2], ["Night"])
    answer = sdk.assign_batches(project, ids[1:], ["Rain"])["data"]["assets"]
    """
    assert sdk(body, project=project) == 2
    expected = {"image_00001.jpg": ["Night"], "image_00002.jpg": ["Night", "Rain"], "image_00003.jpg": ["Rain"]}
    assert batches_of_assets(server, project) == expected


# --- uploads ---


@pytest.fixture
def files(tmp_path):
    """Three real files, one of them a megabyte, one with an awkward name."""
    contents = {"dot.png": PNG, "noise.bin": bytes(range(256)) * 4096, "ü & blank #1.txt": "Grüße".encode()}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {str(tmp_path / name): content for name, content in contents.items()}


def test_files_are_uploaded_and_come_back_as_they_were(sdk, project, files):
    body = """
    sdk.create_batch(project, "New")
    given = [{"data": path, "externalId": f"file {number}"} for number, path in enumerate(paths)]
    done = sdk.upload_files(project, given, batches=["New"])
    assets = sdk.get_assets(project, limit=100)["data"]["assets"]
    answer = [done["status"], {asset["externalId"]: asset["data"] for asset in assets if asset["batches"]}]
    """
    status, addresses = sdk(body, project=project, paths=list(files))
    assert status == "success"
    assert list(addresses) == ["file 0", "file 1", "file 2"]
    for address, content in zip(addresses.values(), files.values(), strict=True):
        assert requests.get(address, timeout=20).content == content


def test_a_path_alone_is_uploaded_too(sdk, project, files):
    body = """
    before = sdk.get_assets(project)["data"]["total"]
    sdk.upload_files(project, paths)
    answer = [before, sdk.get_assets(project)["data"]["total"]]
    """
    assert sdk(body, project=project, paths=list(files)) == [3, 6]


def test_context_and_metadata_come_with_a_file(newer, project, files):
    body = """
    more = {"contextData": {"camera": 2}, "metadata": {"width": 1, "height": 1}}
    sdk.upload_files(project, [{"data": paths[0], "externalId": "dot", **more}], priority=5)
    answer = sdk.get_assets(project, filters={"externalId": "dot"})["data"]["assets"][0]
    """
    asset = newer(body, project=project, paths=list(files))
    assert asset["contextData"] == {"camera": 2}
    assert (asset["metadata"]["width"], asset["metadata"]["height"]) == (1, 1)


def test_addresses_become_assets_in_their_batches(sdk, server, project):
    body = """
    for name in ("Night", "Rain"):
        sdk.create_batch(project, name)
    assets = [
        {"data": "https://example.org/a.png", "externalId": "a"},
        {"data": "https://example.org/b.png", "externalId": "b", "batches": ["Rain"],
         "attachments": [{"type": "TEXT", "value": "Look at the crane."}]},
    ]
    answer = sdk.upload_files_cloud(project, assets, batches=["Night"])
    """
    assert sdk(body, project=project)["status"] == "success"
    placed = batches_of_assets(server, project)
    assert (placed["a"], placed["b"]) == (["Night"], ["Night", "Rain"])


def test_how_many_were_made_is_told_to_the_newer(newer, project):
    body = """
    assets = [{"data": f"https://example.org/{n}.png", "externalId": str(n)} for n in range(50)]
    answer = sdk.upload_files_cloud(project, assets)["data"]
    """
    data = newer(body, project=project)
    assert (data["assetsCreated"], data["tasksCreated"], data["preLabelsCount"]) == (50, 50, 0)


def test_one_bad_asset_is_named(sdk, project):
    body = """
    answer = sdk.upload_files_cloud(project, [{"data": "https://example.org/a.png"}, {"externalId": "without data"}])
    """
    answer = sdk(body, project=project)
    assert answer["status"] != "success"
    assert "assets[1]" in answer["message"]


def test_attachments_are_added_to_assets(sdk, project):
    body = """
    added = sdk.create_attachment(project, [
        {"externalId": "image_00002.jpg", "attachments": [{"type": "IMAGE", "value": "https://example.org/map.png"}]},
    ])
    answer = [added["status"], sdk.get_assets(project)["data"]["assets"][1]["attachments"]]
    """
    status, attachments = sdk(body, project=project)
    assert status == "success"
    assert [(one["type"], one["value"]) for one in attachments] == [("IMAGE", "https://example.org/map.png")]


def test_assets_are_deleted(newer, project):
    body = """
    ids = [asset["_id"] for asset in sdk.get_assets(project)["data"]["assets"]]
    done = sdk.delete_assets(project, ids[:2])
    left = sdk.get_assets(project)["data"]
    answer = [done["status"], [asset["externalId"] for asset in left["assets"]], left["total"]]
    """
    assert newer(body, project=project) == ["success", ["image_00003.jpg"], 1]


# --- labeling tools and labels ---

LABEL_SET = """
from {module}.models.label_category import (
    Classification, ClassificationCategory, LabelOption, Relation, RelationCategory, Tool, ToolCategory)
colour = ClassificationCategory(
    Classification.Radio, title="Colour", required=True, options=[LabelOption("red"), LabelOption("blue")])
plate = ClassificationCategory(Classification.Text, title="Plate")
tools = [
    ToolCategory(Tool.BoundingBox, title="Lorry", color="#123456", classifications=[colour], schemaId="lorry"),
    ToolCategory(Tool.Polygon, title="Lake"),
]
weather = ClassificationCategory(
    Classification.Checkbox, title="Weather", options=[LabelOption("rain"), LabelOption("fog")])
relations = [RelationCategory(Relation.Single, title="pulls")]
done = sdk.create_label_set(project, tools=tools, classifications=[weather, plate], relations=relations)
answer = [done["status"], sdk.get_project(project)["data"]["project"]["categorySchema"]]
"""


def test_a_label_set_is_read_back_as_it_was_given(sdk, project):
    module = "ango" if sdk.version == OLDER else "imerit_ango"
    status, schema = sdk(LABEL_SET.format(module=module), project=project)
    assert status == "success"
    lorry, lake = schema["tools"]
    assert (lorry["tool"], lorry["title"], lorry["schemaId"]) == ("bounding-box", "Lorry", "lorry")
    assert lorry["color"] == "#123456" or sdk.version == OLDER, "the older SDK draws lots for the colour"
    (colour,) = lorry["classifications"]
    assert (colour["tool"], colour["title"], colour["required"]) == ("radio", "Colour", True)
    assert [option["value"] for option in colour["options"]] == ["red", "blue"]
    assert (lake["tool"], lake["title"]) == ("polygon", "Lake")
    assert [(one["tool"], one["title"]) for one in schema["classifications"]] == [
        ("checkbox", "Weather"),
        ("text", "Plate"),
    ]
    assert [(one["tool"], one["title"]) for one in schema["relations"]] == [("one-to-one", "pulls")]


def test_a_raw_label_set_is_taken_as_well(newer, project):
    body = """
    raw = {"tools": [{"tool": "point", "title": "Nose", "schemaId": "nose"}], "classifications": [], "relations": []}
    sdk.create_label_set(project, raw_category_schema=raw)
    answer = sdk.get_project(project)["data"]["project"]["categorySchema"]["tools"]
    """
    assert [(tool["title"], tool["schemaId"]) for tool in newer(body, project=project)] == [("Nose", "nose")]


def test_labels_are_imported_and_stand_on_the_task(sdk, project):
    body = """
    schema = sdk.get_project(project)["data"]["project"]["categorySchema"]["tools"][0]["schemaId"]
    box = {"schemaId": schema, "bounding-box": {"x": 1, "y": 2, "width": 3, "height": 4}}
    labels = [{"externalId": f"image_0000{n}.jpg", "objects": [box]} for n in (1, 2)]
    labels.append({"externalId": "image_00003.jpg", "objects": [{**box, "schemaId": "nobody knows"}]})
    done = sdk.import_labels(project, labels)
    tasks = sdk.get_tasks(project)["data"]["tasks"]
    answer = [done["status"], done["data"]["project"], {t["externalId"]: len(t["answer"]["tools"]) for t in tasks}]
    """
    status, said, tools = sdk(body, project=project)
    assert status == "success"
    assert said.startswith("2 / 3 ")
    assert tools == {"image_00001.jpg": 1, "image_00002.jpg": 1, "image_00003.jpg": 0}


def test_labels_that_are_no_list_are_refused_with_words(older, newer, project):
    refused = older("answer = sdk.import_labels(project, {'externalId': 'image_00001.jpg'})", project=project)
    assert refused["status"] != "success"
    assert "jsonContent" in refused["message"]
    assert "jsonContent" in newer.refusal("answer = sdk.import_labels(project, {'externalId': 'x'})", project=project)
