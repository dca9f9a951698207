"""The schema lists the calls, and nothing that can be sent to one of them is an error of ours."""

import json
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from pluginhost.models import Import

from . import makers
from .api import Caller

CALLS = {
    "/me": {"get"},
    "/plugins": {"get", "post"},
    "/plugins/{plugin_id}": {"get", "patch", "delete"},
    "/plugins/{plugin_id}/secret": {"get"},
    "/plugins/{plugin_id}/rotate-secret": {"post"},
    "/plugins/{plugin_id}/quarantine": {"post"},
    "/plugins/{plugin_id}/release": {"post"},
    "/plugins/{plugin_id}/connections": {"get"},
    "/plugins/{plugin_id}/connections/{connection_id}/disconnect": {"post"},
    "/plugins/{plugin_id}/connections/{connection_id}/drain": {"post"},
    "/plugins/{plugin_id}/connections/{connection_id}/fill": {"post"},
    "/plugins/{plugin_id}/script": {"get", "patch", "delete"},
    "/plugins/{plugin_id}/script/output": {"get"},
    "/plugins/{plugin_id}/script/starts": {"get"},
    "/plugins/{plugin_id}/script/versions": {"get", "post"},
    "/plugins/{plugin_id}/script/versions/{number}/use": {"post"},
    "/plugins/{plugin_id}/script/{verb}": {"post"},
    "/projects": {"get", "post"},
    "/projects/{project_id}": {"get", "patch", "delete"},
    "/projects/{project_id}/imports/check": {"post"},
    "/projects/{project_id}/plugins": {"get"},
    "/projects/{project_id}/plugins/{plugin_id}": {"put", "delete"},
    "/projects/{project_id}/plugins/{plugin_id}/sessions": {"post"},
    "/sessions": {"get"},
    "/sessions/{session_id}": {"get", "patch"},
    "/sessions/{session_id}/cancel": {"post"},
    "/sessions/{session_id}/rerun": {"post"},
    "/sessions/{session_id}/log": {"get"},
    "/sessions/{session_id}/imports": {"get"},
    "/imports/{import_id}": {"get"},
    "/imports/{import_id}/items": {"get"},
    **{f"/imports/{{import_id}}/{verb}": {"post"} for verb in ("apply", "discard", "undo", "redo")},
    **{f"/sessions/{{session_id}}/{verb}": {"post"} for verb in ("apply", "discard", "undo", "redo", "accept")},
}


@pytest.fixture
def schema(db):
    return Client().get("/api/v1/openapi.json").json()


def test_the_schema_needs_no_key_and_lists_every_call(schema):
    assert schema["openapi"].startswith("3.1")
    listed = {path.removeprefix("/api/v1"): set(methods) for path, methods in schema["paths"].items()}
    assert listed == CALLS


def test_every_reference_in_the_schema_leads_somewhere(schema):
    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                yield from references(part)

    found = set(references(schema))
    assert found
    for reference in found:
        place = schema
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]


def test_every_call_has_a_name_of_its_own_a_summary_and_a_key(schema):
    calls = [call for methods in schema["paths"].values() for call in methods.values()]
    assert len({call["operationId"] for call in calls}) == len(calls)
    assert all(call["summary"] and call["security"] for call in calls)
    assert {scheme["type"] for scheme in schema["components"]["securitySchemes"].values()} == {"http", "apiKey"}


def test_the_page_that_shows_it_has_nothing_from_elsewhere(db):
    page = Client().get("/api/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "http://" not in text
    assert "https://" not in text
    assert "style=" not in text


# --- nothing that is sent is our error ---

ODD_TEXT = some.one_of(
    some.text(max_size=12),
    some.sampled_from(
        [
            "",
            "0",
            "-1",
            "1" * 18,
            "9" * 30,
            "9" * 5000,
            "1e9",
            "NaN",
            "\0",
            "\ud800",
            "true",
            "null",
            "%",
            "..",
            "'",
            '"',
        ]
    ),
)
ODD_JSON = some.recursive(
    some.one_of(
        some.none(), some.booleans(), some.integers(), some.floats(allow_nan=False), some.text(max_size=8),
        some.sampled_from([10**400, -1, 2**63, 2**31, "\0", "\ud800", "c" * 24]),
    ),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3),
        some.dictionaries(
            some.sampled_from(["all", "first", "Car", "a", "filter", "of", "from_session"]), inner, max_size=2
        ),
    ),
    max_leaves=6,
)  # fmt: skip
FIELDS = some.dictionaries(
    some.sampled_from([
        "name", "description", "type", "class_names", "default_config", "config_schema", "concurrency", "timeout_s",
        "organization", "keep_old_for_s", "class_mapping", "config", "scope", "existing", "review_first",
        "idempotency_key",
    ]),
    ODD_JSON,
    max_size=3,
)  # fmt: skip
BODIES = some.one_of(FIELDS, ODD_JSON)
PARAMETERS = ["cursor", "limit", "project", "plugin", "state", "started_by", "q", "after", "level", "format", "outcome"]


@pytest.fixture
def caller(alice, project, plugin):
    """With one of everything, by the names of the parameters."""
    session = makers.make_session(alice, project, plugin)
    imported = Import.objects.create(project=project, session=session, state="applied", applied_seq=1,
                                     applied_at=timezone.now())  # fmt: skip
    caller = Caller(alice)
    caller.ids = {
        "plugin_id": plugin.uid, "project_id": project.uid, "session_id": session.pk, "import_id": imported.pk,
        "connection_id": makers.make_connection(plugin).pk, "number": 1, "verb": "stop",
    }  # fmt: skip
    return caller


def _quoted(text):
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _fine(answer):
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400 and answer.content:
        assert json.loads(answer.content)["message"]


QUIET = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUIET
@given(path=some.sampled_from(sorted(CALLS)), odd=some.lists(ODD_TEXT, min_size=2, max_size=2))
def test_odd_ids_are_no_error_of_ours(caller, path, odd):
    names = ("plugin_id", "project_id", "session_id", "import_id", "connection_id", "number", "verb")
    for name, value in zip(names, (odd * 4)[: len(names)], strict=True):
        path = path.replace(f"{{{name}}}", _quoted(value))
    for method in ("GET", "POST", "PUT", "DELETE"):
        if path != "/plugins" or method == "GET":
            _fine(caller.call(method, path))


@QUIET
@given(
    path=some.sampled_from(sorted(path for path, methods in CALLS.items() if "get" in methods)),
    query=some.dictionaries(some.sampled_from(PARAMETERS), ODD_TEXT, max_size=3),
)
def test_odd_queries_are_no_error_of_ours(caller, path, query):
    written = "&".join(f"{name}={_quoted(value)}" for name, value in query.items())
    if "format=text" not in written and "format=jsonl" not in written:
        _fine(caller.get(f"{path.format(**caller.ids)}?{written}"))


@QUIET
@given(
    call=some.sampled_from(
        sorted((path, method) for path, methods in CALLS.items() for method in methods - {"get", "delete"})
    ),
    body=BODIES,
)
def test_odd_bodies_are_no_error_of_ours(caller, call, body):
    path, method = call
    _fine(caller.call(method.upper(), path.format(**caller.ids), body))
