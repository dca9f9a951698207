"""Every endpoint of `/v2` is asked in every wrong way, by one table: a new endpoint without a row in it fails here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from pluginhost import task_history
from pluginhost.actions import files
from pluginhost.models import Issue, Task, TaskStep
from pluginhost.v2.urls import urlpatterns

from . import makers
from .v2 import V2, by_session, by_user

ROUTES = {
    f"{method} {pattern.name}": pattern.name
    for pattern in urlpatterns
    if pattern.name
    for method in pattern.callback.methods  # type: ignore[attr-defined]
}

# --- what is wrong with a parameter of each kind; what no kind lists must be taken as well as can be ---

DEEP = "[" * 5_000 + "]" * 5_000
BAD = {
    "number": ["x", "1.5", "1e3", "0x10", "٣", "[1]", "--1", "½"],
    "flags": ["maybe", "2", "tru", '["x"]'],
    "flag": ["maybe", "2", "[]", "{}", "tru"],
    "object": ["{", "[1]", "1", '"x"', '{"a": NaN}', DEEP, "x"],
    "batches": ["[", '["nowhere"]', "nowhere", "[1]", "[null]", "[[]]", '{"a": 1}', '["\\ud800"]', DEEP],
    "stage": ["nowhere", '["nowhere"]', "[1]", "[", '["\\u0000"]', "[[]]"],
    "person": ["nobody@example.org", '["nobody"]', "[1]", "[", '["\\u0000"]', '["\\ud800"]', "[{}]"],
    "moment": ["yesterday", "1", "{", '{"$gt": 1}', '{"$near": "2026-01-01"}', '{"$gt": "2026-13-01"}', "[]"],
    "format": ["xml", "[]", "1"],
    "export type": ["both", "[]"],
    "task types": ['["rockets"]', "[1]", "["],
    "status": ["nowhere", "1"],
    "sort": ["rockets", "-rockets,priority"],
    "file type": ["rockets", "1"],
    "id": [],  # 404, see below
    "text": [],
    "fields": ["[", '["'],
}
LENIENT = {
    "number": ["", "-1", "0", "9" * 40, "None"],
    "flag": ["True", "FALSE", "1", "none"],
    "object": ["{}", "None"],
}
WITHOUT_EFFECT = b'{"assets": []}'
ALIASES = {"tags": "batches", "tag": "batches"}
"""What is wrong with a list of batches is told in today's word for it."""
PAGED = {"page": "number", "limit": "number"}
EXPORT = {
    "project": "id", "format": "format", "type": "export type", "stage": "stage", "batches": "batches",
    "tag": "batches", "assignee": "person", "updatedAt": "moment", "createdAt": "moment", "completedAt": "moment",
    "taskTypes": "task types", "includeMetadata": "flag", "includeHistory": "flag", "includeMask": "flag",
    "includeSegmentationPoints": "flag", "includeOnlyKeyFrames": "flag", "includeIdleBlurDurations": "flag",
    "sendEmail": "flag", "doNotNotify": "flag",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One endpoint: its parameters by kind, the fields of its body, and where else than in the path it names things.

    `path` is what `<uid>` stands for; `needs` is what a request must have to be refused for something else.
    """

    path: str = "project"
    query: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    needs: dict[str, str] = field(default_factory=dict)
    names: Sequence[dict[str, str]] = ()


TABLE = {
    "GET listProjects": Row(query=PAGED),
    "POST project": Row(
        fields=("name", "description", "organization", "type"), names=[{"organization": "organization"}]
    ),
    "GET project/<uid>": Row(),
    "POST project/<uid>": Row(
        fields=("name", "description", "categorySchema", "stages", "benchmarkEnabled", "benchmarkRatio")
    ),
    "GET project/<uid>/assets": Row(
        query={
            **PAGED,
            "filters": "object",
            "isPreLabeled": "flag",
            "batches": "batches",
            "_id": "text",
            "externalId": "text",
            "tags": "batches",
        }
    ),
    "DELETE project/<uid>/assets": Row(fields=("assets", "project"), names=[{"assets": "[asset]"}]),
    "POST project/<uid>/cloud": Row(
        query={"batches": "batches", "tags": "batches"}, fields=("assets", "priority", "uploadLocal")
    ),
    "GET project/<uid>/tasks": Row(
        query={
            **PAGED,
            "filter": "object",
            "filters": "object",
            "status": "status",
            "stage": "stage",
            "batches": "batches",
            "tag": "batches",
            "sort": "sort",
            "fields": "fields",
            "includeAnswer": "flag",
            "isPreLabeled": "flags",
            "externalId": "text",
            "assignee": "text",
        }
    ),
    "POST project/<uid>/requeueTasks": Row(fields=("toStageId", "filters", "options")),
    "POST project/<uid>/updatePriority": Row(fields=("filters", "priority")),
    "POST priority/<uid>": Row(fields=("priority", "externalId", "assetId")),
    "POST task/assign": Row(
        fields=("task", "user", "username", "project", "tasks", "stage"),
        names=[{"task": "task"}, {"project": "project", "tasks": "[task]"}],
    ),
    "GET task/<uid>": Row("task", query={"includeAnswer": "flag"}),
    "POST annotate/<uid>": Row(
        "task",
        query={"nextStage": "flag", "isPlugin": "flag"},
        fields=("answer", "label", "duration", "brushDataUrl", "medicalBrushDataUrl"),
    ),
    "POST task/<uid>/status": Row("task", fields=("status",)),
    "GET task/<uid>/history": Row("task"),
    "GET taskHistory/<uid>": Row("step"),
    "POST review/<uid>": Row("task", fields=("reviewStatus", "pctDetails")),
    "GET issues": Row(
        query={
            **PAGED,
            "project": "id",
            "stage": "stage",
            "status": "status",
            "asset": "text",
            "labelTask": "text",
            "createdBy": "text",
        },
        needs={"project": "project"},
        names=[{"project": "project"}],
    ),
    "POST issues": Row(
        fields=("content", "labelTask", "position", "objectId", "page", "pageEnd", "errorCodes", "contentMentions"),
        names=[{"labelTask": "task"}],
    ),
    "POST issues/<uid>": Row("issue", fields=("content", "status", "position", "page")),
    "DELETE issues/<uid>": Row("issue", query={"project": "text"}),
    "POST issues/<uid>/comment": Row("issue", fields=("content", "contentMentions")),
    "POST notifications": Row(
        fields=("receivers", "message", "title", "clickableLink", "organization"),
        names=[{"organization": "organization"}],
    ),
    "POST batches/<uid>": Row(fields=("name", "batches", "tags")),
    "POST assignBatches": Row(
        fields=("assets", "batches", "tags", "projectId"), names=[{"assets": "[asset]", "projectId": "project"}]
    ),
    "POST attachments": Row(fields=("project", "attachments"), names=[{"project": "project"}]),
    "GET getUploadUrl": Row(
        query={"name": "text", "project": "id", "type": "file type"},
        needs={"name": "x.png"},
        names=[{"project": "project"}],
    ),
    "GET getSignedUrl": Row(
        query={"name": "text", "project": "id", "type": "text"},
        needs={"name": "file"},
        names=[{"project": "project", "name": "file"}],
    ),
    "GET export": Row(query=EXPORT, needs={"project": "project"}, names=[{"project": "project"}]),
    "GET exportV3": Row(query=EXPORT, needs={"project": "project"}, names=[{"project": "project"}]),
    "POST import/labels": Row(fields=("project", "jsonContent", "labels"), names=[{"project": "project"}]),
    "PUT session/response": Row(),  # its body is the answer itself: tests/test_v2_session_response.py
}


class World:
    """Somebody's project with one of everything, by the words of the table."""

    def __init__(self, owner: Any, organization: Any, project: Any) -> None:
        asset = project.assets.get(number=1)
        task = Task.objects.get(asset=asset)
        stored = files.reserve(makers.principal(owner), project, "x.png")
        self.ids = {
            "organization": organization.uid,
            "project": project.uid,
            "asset": asset.uid,
            "task": task.uid,
            "step": task_history.id_of(TaskStep.objects.create(task=task, stage="Label", to_stage="Complete")),
            "issue": Issue.objects.create(project=project, task=task, content="x", created_by=owner).uid,
            "file": f"http://testserver/files/{stored.key}",
        }

    def of(self, word: str) -> Any:
        """`project` is an id, `[asset]` a list of one, anything else itself."""
        return [self.ids[word[1:-1]]] if word.startswith("[") else self.ids.get(word, word)

    def path(self, call: str) -> str:
        return ROUTES[call].replace("<uid>", self.ids[TABLE[call].path])

    def needs(self, call: str) -> dict[str, Any]:
        return {name: self.of(word) for name, word in TABLE[call].needs.items()}


@pytest.fixture
def world(alice, organization, project):
    return World(alice, organization, project)


def ask(v2: V2, call: str, path: str, query: str = "", body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    """What the endpoint answers: JSON with a status, whatever it was asked."""
    method = call.split()[0]
    sent = b"" if body is None else body
    answer = Client(raise_request_exception=False).generic(
        method, f"/v2/{path}?{query}", sent, content_type="application/json", headers={"apikey": v2.key}
    )
    assert answer["Content-Type"] == "application/json", answer.content[:200]
    told = answer.json()
    assert answer.status_code < 500, (call, query[:200], sent[:200], told)
    is_taken = answer.status_code < 400 and "answer is null" not in told.get("message", "")
    assert told["status"] == ("success" if is_taken else "fail")
    assert is_taken or len(told["message"]) > 10
    return answer.status_code, told


def written(query: dict[str, Any]) -> str:
    return "&".join(f"{quote(name)}={quote(str(value))}" for name, value in query.items())


def test_every_endpoint_has_a_row():
    assert set(TABLE) == set(ROUTES)


PARAMETERS = [(call, name, kind) for call, row in TABLE.items() for name, kind in row.query.items()]


@pytest.mark.parametrize(("call", "name", "kind"), PARAMETERS, ids=[f"{call} {name}" for call, name, _ in PARAMETERS])
def test_a_parameter_of_the_wrong_type_or_range_is_refused_by_name(alice, world, call, name, kind):
    v2 = by_user(alice)
    for value in BAD[kind]:
        query = written(world.needs(call) | {name: value})
        status, told = ask(v2, call, world.path(call), query, WITHOUT_EFFECT)
        is_named = name in told["message"] or ALIASES.get(name, name) in told["message"]
        assert (status, is_named) == (400, True), (value, told)
    for value in LENIENT.get(kind, ()):
        status, told = ask(v2, call, world.path(call), written(world.needs(call) | {name: value}))
        if call in WITH_BODY and status == 400:  # without its body: that is wrong, and not this
            assert name not in told["message"], (value, told)
            continue
        assert status in (200, 404), (value, told)  # 404: nothing there to be deleted a second time


@pytest.mark.parametrize(("call", "name", "kind"), PARAMETERS, ids=[f"{call} {name}" for call, name, _ in PARAMETERS])
def test_a_parameter_in_a_wrong_encoding_is_no_error_of_ours(alice, world, call, name, kind):
    v2 = by_user(alice)
    for raw in ("%ff", "%00", "%ed%a0%80", "%zz", "%", "%25%", "a%00b", "+", "%F0%9F%98%80", "x" * 20_000):
        ask(v2, call, world.path(call), "&".join([written(world.needs(call)), f"{name}={raw}", f"{name}[$eq]={raw}"]))


@pytest.mark.parametrize("call", [call for call, row in TABLE.items() if row.query])
def test_a_query_that_is_no_query_is_no_error_of_ours(alice, world, call):
    v2 = by_user(alice)
    for query in ("&&&", "=", "=x", "%ff=1", "%00", "page[]=1&page[gt]=x", "?x"):
        ask(v2, call, world.path(call), query)
    assert ask(v2, call, world.path(call), "a=1&" * 13_000)[0] == 400


# --- bodies ---

NOT_OBJECTS = [
    b"", b"{", b"[1]", b"nul", b"1", b'"x"', b"\xff\xfe", b"\x00", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000,
    b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": 1' + b"0" * 5_000 + b"}", b'{"a": 1} x', b"{'a': 1}",
    "{}".encode("utf-16"), b'{"a": "\xed\xa0\x80"}',
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, 1e308, "", " ", "x", "\0", "a\ud800b", "x" * 100_000, [], [None], [[]], ["\0"],
    [{}], {}, {"\0": "\ud800"}, {"a": {"a": {"a": []}}}, {"$gt": 1}, [1] * 1_000, [10**400],
]  # fmt: skip
WITH_BODY = [call for call, row in TABLE.items() if row.fields]


@pytest.mark.parametrize("call", WITH_BODY)
def test_a_body_that_is_no_json_object_is_refused(alice, world, call):
    v2 = by_user(alice)
    for body in NOT_OBJECTS:
        status, _ = ask(v2, call, world.path(call), body=body)
        assert status == 400, body[:40]


@pytest.mark.parametrize("call", WITH_BODY)
def test_a_field_of_any_type_is_taken_or_refused_with_a_sentence(alice, world, call):
    v2 = by_user(alice)
    named = {name: world.of(word) for names in TABLE[call].names for name, word in names.items()}
    for name in TABLE[call].fields:
        for value in VALUES:
            body = json.dumps(named | {name: value}).encode()
            status, _ = ask(v2, call, world.path(call), body=body)
            assert status in (200, 400, 403, 404, 409), (name, value)


@pytest.mark.parametrize("call", WITH_BODY)
def test_of_a_field_that_stands_twice_one_counts(alice, world, call):
    (name, *_) = TABLE[call].fields
    body = f'{{"{name}": {{"a": 1}}, "{name}": null, "{name}": []}}'.encode()
    assert ask(by_user(alice), call, world.path(call), body=body)[0] in (200, 400, 404)


# --- what is somebody else's ---


def trespasses(call: str, victim: World, own: World) -> Iterator[tuple[str, str, bytes | None]]:
    """Requests that name one thing of the victim, and all else of one's own."""
    row, is_body = TABLE[call], bool(TABLE[call].fields)

    def request(path: str, values: dict[str, Any]) -> tuple[str, str, bytes | None]:
        return (path, "", json.dumps(values).encode()) if is_body else (path, written(values), None)

    for names in row.names or [{}]:
        needed = {name: own.of(word) for name, word in (row.needs | names).items()}
        if "<uid>" in ROUTES[call]:
            yield request(victim.path(call), needed)
        for name, word in names.items():
            yield request(own.path(call), needed | {name: victim.of(word)})


NAMING = [call for call, row in TABLE.items() if "<uid>" in ROUTES[call] or row.names]


@pytest.mark.parametrize("call", NAMING)
def test_what_is_another_organization_s_is_not_there(charlie, world, call):
    theirs = makers.make_organization(charlie)
    own = World(charlie, theirs, makers.make_project(charlie, theirs, assets=1))
    v2 = by_user(charlie)
    for path, query, body in trespasses(call, world, own):
        status, told = ask(v2, call, path, query, body)
        assert status == 404 or (status == 400 and "There is no" in told["message"]), told


@pytest.mark.parametrize("call", NAMING)
def test_what_is_another_project_s_is_not_there_for_a_session_s_key(alice, organization, plugin, world, call):
    project = makers.make_project(alice, organization, assets=1, name="Own")
    own = World(alice, organization, project)
    v2, _ = by_session(alice, project, plugin)
    for path, query, body in trespasses(call, world, own):
        status, told = ask(v2, call, path, query, body)
        assert status in (403, 404) or (status == 400 and "There is no" in told["message"]), told
        assert status != 403 or "session's key" in told["message"]


@pytest.mark.parametrize("call", [call for call in ROUTES if "<uid>" in ROUTES[call]])
@pytest.mark.parametrize("uid", ["x", "0" * 24, "%00", "%ff", "..", "1" * 5_000, "%ed%a0%80", "%F0%9F%98%80", "-1"])
def test_an_id_that_is_none_is_not_there(alice, organization, call, uid):
    assert ask(by_user(alice), call, ROUTES[call].replace("<uid>", uid), body=b"{}")[0] == 404


@pytest.mark.parametrize("call", ROUTES)
def test_without_a_key_nothing_is_told(world, call):
    status, _ = ask(V2(""), call, world.path(call), body=b"{" if TABLE[call].fields else None)
    assert status == 401
