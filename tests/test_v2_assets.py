"""`/v2` assets: pages with exact totals, filters, both dialects, and adding."""

import json
import random

import pytest

from pluginhost.actions import files
from pluginhost.models import Asset, Batch, Project, Session, StoredFile, Task
from pluginhost.protocol.numbers import NumberSet

from . import makers
from .v2 import by_session, by_user, item, send


def numbers(data):
    return [int(asset["externalId"][6:10]) for asset in data["assets"]]


def test_it_works(alice, project):
    batch = makers.make_batch(project, "Day", [1])
    data = by_user(alice).data(f"project/{project.uid}/assets")
    assert data["total"] == 5
    first = data["assets"][0]
    assert first["externalId"] == "image_0001.jpg"
    assert first["data"] == "https://example.org/image_0001.jpg"
    assert first["project"] == project.uid
    assert first["batches"] == first["tags"] == [batch.uid]
    assert first["metadata"] == {"width": 640, "height": 480}
    assert (first["dataset"], first["attachments"], first["isPreLabeled"]) == ([], [], False)
    assert first["createdAt"].endswith("Z")
    task = Task.objects.get(asset__uid=first["_id"])
    assert first["labelTasks"] == [
        {"_id": task.uid, "status": "TODO", "stage": "Label", "stageId": "Label", "stageHistory": []}
    ]


def test_ten_a_page_unless_asked_otherwise(alice, organization):
    project = makers.make_project(alice, organization, assets=25)
    v2 = by_user(alice)
    path = f"project/{project.uid}/assets"
    assert numbers(v2.data(path)) == list(range(1, 11))
    assert numbers(v2.data(path, {"page": 3})) == list(range(21, 26))
    assert numbers(v2.data(path, {"page": 4})) == []
    assert numbers(v2.data(path, {"page": 2, "limit": 7})) == list(range(8, 15))
    assert v2.data(path, {"page": 9})["total"] == 25


@pytest.mark.parametrize("limit", ["1000", "100000", "9" * 40])
def test_a_page_has_at_most_a_thousand(alice, organization, limit):
    project = makers.make_project(alice, organization, assets=1003)
    data = by_user(alice).data(f"project/{project.uid}/assets", {"limit": limit})
    assert (len(data["assets"]), data["total"]) == (1000, 1003)


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "-3"}, {"limit": ""}, {"page": "None"}, {"nonsense": "1"}])
def test_odd_queries_are_read_leniently(alice, project, query):
    assert by_user(alice).data(f"project/{project.uid}/assets", query)["total"] == 5


@pytest.mark.parametrize(
    "query",
    [
        {"page": "x"},
        {"limit": "1.5"},
        {"batches": "[1"},
        {"filters": "{"},
        {"filters": "[1]"},
        {"filters": "[" * 9999},
        {"filters": '{"isPreLabeled": "?"}'},
        {"filters": '{"externalId": {"$gt": [1.5]}}'},
    ],
)
def test_malformed_queries_are_400(alice, project, query):
    status, answer = by_user(alice).get(f"project/{project.uid}/assets", query)
    assert (status, answer["status"]) == (400, "fail")


def test_a_page_takes_the_same_queries_whatever_its_size(alice, organization, django_assert_num_queries):
    project = makers.make_project(alice, organization, assets=300)
    v2 = by_user(alice)
    send(v2, project, *(item(number) for number in range(1, 200)))
    makers.make_batch(project, "All", range(1, 301))
    for limit in (1, 300):
        with django_assert_num_queries(6):
            v2.data(f"project/{project.uid}/assets", {"limit": limit})


def test_filters_narrow_and_the_total_follows(alice, project):
    v2 = by_user(alice)
    day, night = makers.make_batch(project, "Day", [1, 2, 3]), makers.make_batch(project, "Night", [3, 4])
    send(v2, project, item(2), item(5))
    path = f"project/{project.uid}/assets"
    uid = Asset.objects.get(project=project, number=4).uid

    def found(**filters):
        data = v2.data(path, {"filters": json.dumps(filters)})
        assert data["total"] == len(data["assets"])
        return numbers(data)

    assert found() == [1, 2, 3, 4, 5]
    assert found(_id=uid) == [4]
    assert found(externalId="image_0003.jpg") == [3]
    assert found(externalId=["image_0003.jpg", "image_0001.jpg"]) == [1, 3]
    assert found(isPreLabeled=True) == found(isPreLabeled="true") == [2, 5]
    assert found(isPreLabeled=False) == [1, 3, 4]
    assert found(batches=[day.uid]) == [1, 2, 3]
    assert found(batches=[day.uid, night.uid]) == found(batches=["Day", "Night"]) == [3]
    assert found(batches=[day.uid], isPreLabeled=True) == [2]
    assert found(unknown=3) == [1, 2, 3, 4, 5]
    assert numbers(v2.data(path, {"_id": uid})) == [4]
    assert numbers(v2.data(path, {"externalId": "image_0003.jpg"})) == [3]


def test_an_asset_says_whether_it_is_pre_labeled(alice, project):
    v2 = by_user(alice)
    send(v2, project, item(2))
    assert [one["isPreLabeled"] for one in v2.data(f"project/{project.uid}/assets")["assets"]] == [
        False, True, False, False, False,
    ]  # fmt: skip


# --- with a session's key ---


def test_a_session_key_sees_its_scope_alone(alice, organization, plugin):
    project = makers.make_project(alice, organization, assets=30)
    makers.make_batch(project, "Odd", range(1, 31, 2))
    odd = Batch.objects.get()
    v2, _ = by_session(alice, project, plugin, scope={"batches": [odd.uid]})
    path = f"project/{project.uid}/assets"
    data = v2.data(path)
    assert (numbers(data), data["total"]) == (list(range(1, 20, 2)), 15)
    assert numbers(v2.data(path, {"page": 2})) == list(range(21, 31, 2))
    filtered = v2.data(path, {"filters": json.dumps({"externalId": ["image_0002.jpg", "image_0003.jpg"]})})
    assert (numbers(filtered), filtered["total"]) == ([3], 1)


def test_what_a_session_read_is_written_down(alice, organization, plugin):
    project = makers.make_project(alice, organization, assets=30)
    v2, session = by_session(alice, project, plugin)
    path = f"project/{project.uid}/assets"
    for query in ({}, {"page": 2, "limit": 12}, {"page": 2}):
        v2.data(path, query)
    session.refresh_from_db()
    assert (session.assets_read, session.page_size) == (24, 12)
    assert NumberSet.from_bytes(bytes(session.reads.numbers_stored)) == NumberSet.up_to(24)


def test_a_random_scope_is_read_page_by_page_as_it_stands(alice, organization, plugin):
    project = makers.make_project(alice, organization, assets=60)
    chosen = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]
    batch = makers.make_batch(project, "Primes", chosen)
    makers.make_batch(project, "Low", range(1, 30))
    v2, session = by_session(alice, project, plugin, scope={"batches": [batch.uid]})
    send(v2, project, item(3), item(31))
    pages = [v2.data(f"project/{project.uid}/assets", {"page": page, "limit": 6}) for page in (1, 2, 3, 4)]
    assert [number for page in pages for number in numbers(page)] == chosen
    assert [len(page["assets"]) for page in pages] == [6, 6, 5, 0]
    assets = [asset for page in pages for asset in page["assets"]]
    assert [number for number, asset in zip(chosen, assets, strict=True) if asset["isPreLabeled"]] == [3, 31]
    assert [len(asset["batches"]) for asset in assets] == [2] * 10 + [1] * 7
    session.refresh_from_db()
    assert session.assets_read == len(chosen)


def test_a_page_that_was_read_before_changes_nothing(alice, project, plugin, django_assert_max_num_queries):
    v2, session = by_session(alice, project, plugin)
    path = f"project/{project.uid}/assets"
    v2.data(path)
    before = Session.objects.values().get(pk=session.pk) | {"last_sign_at": None, "longest_silence_s": None}
    with django_assert_max_num_queries(10) as asked:
        v2.data(path)
    after = Session.objects.values().get(pk=session.pk) | {"last_sign_at": None, "longest_silence_s": None}
    assert after == before
    assert not [query["sql"] for query in asked.captured_queries if 'UPDATE "pluginhost_sessionreads"' in query["sql"]]


# --- adding ---


def test_assets_are_added_with_their_tasks(alice, project):
    given = {
        "data": "https://example.org/cats/tom.jpg?size=1",
        "externalId": "tom",
        "metadata": {"width": 8, "height": 9},
        "contextData": {"camera": "left"},
        "attachments": [{"type": "TEXT", "value": "a note"}],
    }
    v2 = by_user(alice)
    data = v2.posted(f"project/{project.uid}/cloud", {"assets": [given, {"data": "just a text"}], "uploadLocal": None})
    assert data["assets"] == "2 / 2 assets are uploaded."
    assert (data["assetsCreated"], data["tasksCreated"]) == (2, 2)
    listed = v2.data(f"project/{project.uid}/assets", {"limit": 100})
    assert listed["total"] == 7
    tom = listed["assets"][5]
    assert {name: tom[name] for name in given} == given
    assert Asset.objects.get(uid=tom["_id"]).number == 6
    assert Task.objects.filter(project=project, status="TODO").count() == 7


def test_an_asset_without_external_id_is_named_after_its_file(alice, project):
    v2 = by_user(alice)
    v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": "https://x.org/a/b%20c.png?z"}, {"data": "text"}]})
    names = list(Asset.objects.filter(number__gt=5).values_list("external_id", flat=True))
    assert names[0] == "b c.png"
    assert names[1].startswith("text-")


def test_the_longest_external_id_is_kept_and_found(alice, project):
    """Of characters that no index makes smaller; a file's name is cut to it, at the end of a character."""
    name = "".join(random.Random(1).choices([chr(code) for code in range(0x4E00, 0x9FFF)], k=1000))
    v2 = by_user(alice)
    items = [{"data": "x", "externalId": name[:800]}, {"data": f"https://x.org/{name}"}]
    v2.posted(f"project/{project.uid}/cloud", {"assets": items})
    found = v2.data(f"project/{project.uid}/assets", {"externalId": name[:800]})["assets"]
    assert [asset["externalId"] for asset in found] == [name[:800]] * 2


@pytest.mark.parametrize("name", ["batches", "tags", "tag"])
def test_batches_come_by_query_and_by_item_as_names_or_ids(alice, project, name):
    day, night = makers.make_batch(project, "Day", []), makers.make_batch(project, "Night", [])
    dusk = makers.make_batch(project, "Dusk & Dawn", [])
    items = [
        {"data": "1", "batches": ["Night"]},
        {"data": "2", "tags": [night.uid], "batches": ["Night", dusk.uid]},
        {"data": "3"},
    ]
    v2 = by_user(alice)
    query = "%5B%22" + day.uid + "%22%5D"
    v2.posted(f"project/{project.uid}/cloud?{name}={query}", {"assets": items})
    listed = v2.data(f"project/{project.uid}/assets", {"limit": 100})["assets"][5:]
    assert [set(one["batches"]) for one in listed] == [{day.uid, night.uid}, {day.uid, night.uid, dusk.uid}, {day.uid}]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("x", "assets"),
        (["x"], "assets[0]"),
        ([{}], "assets[0].data"),
        ([{"data": "x"}, {"data": 5}], "assets[1].data"),
        ([{"data": "x", "metadata": "y"}], "assets[0].metadata"),
        ([{"data": "x", "contextData": {"a": "b" * 300_000}}], "assets[0].contextData"),
        ([{"data": "x", "externalId": {}}], "assets[0].externalId"),
        ([{"data": "x", "externalId": "x" * 1001}], "assets[0].externalId"),
        ([{"data": "x", "externalId": "字" * 801}], "assets[0].externalId"),
        ([{"data": "x", "attachments": [{"type": "HTML"}]}], "assets[0].attachments[0].type"),
        ([{"data": "x", "batches": ["nowhere"]}], "assets[0].batches"),
        ([{"data": "x", "batches": [5]}], "assets[0].batches"),
        ([{"data": "x", "dataset": [1]}], "assets[0].dataset[0]"),
    ],
)
def test_a_wrong_item_is_named_and_nothing_is_added(alice, project, given, path):
    status, answer = by_user(alice).post(f"project/{project.uid}/cloud", {"assets": given})
    assert status == 400
    assert answer["errors"][0]["path"] == path
    assert Asset.objects.count() == 5


def test_texts_that_cannot_be_stored_are_replaced(alice, project):
    given = {"data": "a\0b", "externalId": "\ud800", "contextData": {"k\0": ["\udfff"]}}
    by_user(alice).posted(f"project/{project.uid}/cloud", {"assets": [given]})
    made = Asset.objects.get(number=6)
    assert (made.data, made.external_id, made.context_data) == ("a�b", "�", {"k�": ["�"]})


def test_numbers_of_any_size_come_back_as_they_were(alice, project):
    given = {"data": "x", "contextData": {"many": 2**70, "share": 0.1, "text": "ä"}}
    v2 = by_user(alice)
    v2.posted(f"project/{project.uid}/cloud", {"assets": [given]})
    assert v2.data(f"project/{project.uid}/assets")["assets"][5]["contextData"] == given["contextData"]


def test_numbers_have_no_gaps(alice, organization):
    project = makers.make_project(alice, organization)
    v2 = by_user(alice)
    for count in (1200, 3):
        v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": "x"}] * count})
    assert list(Asset.objects.values_list("number", flat=True)) == list(range(1, 1204))
    head = Project.objects.get(pk=project.pk).head
    assert (head.last_number, head.assets) == (1203, 1203)


def test_classifications_given_with_an_asset_are_its_pre_labels(alice, organization):
    project = makers.make_project(alice, organization)
    v2 = by_user(alice)
    v2.posted(
        f"project/{project.uid}",
        {"categorySchema": {"classifications": [{"tool": "radio", "title": "Weather", "schemaId": "w"}]}},
    )
    items = [
        {"data": "1", "classifications": [{"schemaId": "w", "answer": "Sun"}]},
        {"data": "2", "classifications": [{"schemaId": "unknown", "answer": "Sun"}]},
        {"data": "3"},
    ]
    data = v2.posted(f"project/{project.uid}/cloud", {"assets": items})
    assert (data["preLabelsCount"], data["validPreLabelsCount"]) == (2, 1)


def test_what_a_session_adds_joins_its_scope(alice, project, plugin):
    v2, session = by_session(alice, project, plugin, scope={"first": 2})
    before = session.scope
    v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": "new", "externalId": "new"}]})
    found = Session.objects.get(pk=session.pk)
    assert list(found.scope.numbers) == [1, 2, 6]
    assert list(before.numbers) == [1, 2]
    assert v2.data(f"project/{project.uid}/assets")["total"] == 3
    assert send(v2, project, {"externalId": "new", "objects": [makers.box()]})["accepted"] == 1


# --- our own files ---


def upload(v2, project, content=b"\x89PNG\r\n\x1a\n", query=""):
    url = v2.data(f"getUploadUrl?name=cat.png{query}")["uploadUrl"]
    assert v2.client.put(url, content).status_code == 200
    return url


def test_an_uploaded_file_is_handed_out_with_a_fresh_signed_address(alice, project):
    v2 = by_user(alice)
    url = upload(v2, project)
    v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": url.split("?")[0], "externalId": "cat"}]})
    made = Asset.objects.get(number=6)
    assert made.data == "/files/" + StoredFile.objects.get().key
    given = v2.data(f"project/{project.uid}/assets")["assets"][5]["data"]
    assert given.startswith("http://testserver/files/")
    assert b"".join(v2.client.get(given).streaming_content) == b"\x89PNG\r\n\x1a\n"
    assert send(v2, project, {"data": given, "objects": [makers.box()]})["accepted"] == 1
    assert StoredFile.objects.get().project == project


def test_a_file_that_was_never_put_is_refused(alice, project):
    v2 = by_user(alice)
    url = v2.data("getUploadUrl?name=cat.png")["uploadUrl"]
    status, answer = v2.post(f"project/{project.uid}/cloud", {"assets": [{"data": url.split("?")[0]}]})
    assert status == 400
    assert "was not uploaded" in answer["message"]


def test_a_file_of_another_project_is_refused(alice, organization, project):
    other = makers.make_project(alice, organization, name="Other")
    v2 = by_user(alice)
    url = upload(v2, other, query=f"&project={other.uid}&type=assets")
    for data in (url, url.split("?")[0], "/files/" + StoredFile.objects.get().key):
        assert v2.post(f"project/{project.uid}/cloud", {"assets": [{"data": data}]})[0] == 400


def test_a_file_that_somebody_else_uploaded_without_a_project_is_refused(alice, organization, project):
    other = makers.make_user("otto")
    makers.organizations.set_member(organization, other, "manager")
    stored = files.reserve(makers.principal(other), None, "x.png")
    StoredFile.objects.update(size=1)
    status, _ = by_user(alice).post(f"project/{project.uid}/cloud", {"assets": [{"data": f"/files/{stored.key}"}]})
    assert status == 400


@pytest.mark.parametrize("chosen", [[], [3], [2, 5], [1, 2], [5, 4, 3], [1, 3, 4]])
def test_any_choice_of_assets_is_a_page(alice, project, plugin, chosen):
    """Neighbours are asked for by their ends, others one by one."""
    uids = [Asset.objects.get(number=number).uid for number in chosen]
    found = by_user(alice).data(f"project/{project.uid}/assets", {"filters": json.dumps({"_id": uids or ["0" * 24]})})
    assert (numbers(found), found["total"]) == (sorted(chosen), len(chosen))
