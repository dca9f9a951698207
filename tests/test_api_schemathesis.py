"""Requests that are made from the API's own schema, right ones and wrong ones: none of them is an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from schemathesis import GenerationMode

from dashboard.api.app import api
from pluginhost.models import Import

from . import makers

HOST = "http://testserver"
schema = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/v1/"))
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in schema.get_all_operations())}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
bounded = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,  # the same requests each time
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def ids(alice, project, plugin) -> dict[str, Any]:
    """One of everything, by the names of the parameters."""
    session = makers.make_session(alice, project, plugin)
    imported = Import.objects.create(
        project=project, session=session, state="applied", applied_seq=1, applied_at=timezone.now()
    )
    return {
        "plugin_id": plugin.uid, "project_id": project.uid, "session_id": session.pk, "import_id": imported.pk,
        "connection_id": makers.make_connection(plugin).pk, "number": 1, "verb": "stop",
    }  # fmt: skip


@pytest.fixture
def key(alice) -> dict[str, str]:
    return {"Authorization": f"Bearer {makers.make_api_key(alice)}"}


def send(case: Any, key: dict[str, str]) -> Any:
    """The case as it would go over the wire."""
    sent = requests.Request(**case.as_transport_kwargs(base_url=HOST)).prepare()
    kind = sent.headers.pop("Content-Type", "application/octet-stream")
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    client = Client(raise_request_exception=False)
    return client.generic(str(sent.method), sent.path_url, body, content_type=kind, headers=dict(sent.headers) | key)


def test_every_operation_is_tried():
    assert len(OPERATIONS) == sum(len(methods) for methods in api.get_openapi_schema()["paths"].values())


@pytest.mark.parametrize("mode", MODES, ids=["right", "wrong"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_nothing_that_fits_the_schema_or_does_not_is_an_error_of_ours(label, mode, ids, key):
    @bounded
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), is_there=some.booleans())
    def try_it(case: Any, is_there: bool) -> None:
        if is_there:
            case.path_parameters = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
        with transaction.atomic():
            answer = send(case, key)
            transaction.set_rollback(True)  # so that what one request deletes is there for the next
        assert answer.status_code < 500, (case.as_curl_command(), answer.content)
        if answer.status_code >= 400:
            assert answer.json()["message"]

    try_it()
