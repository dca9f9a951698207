"""Exports on a real server: large ones are built by its worker while the call waits and everybody else is answered."""

from __future__ import annotations

import json
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest

from pluginhost.v2.exports import MOST_AT_ONCE

pytestmark = pytest.mark.story
QUERY = "includeMetadata=true&includeHistory=true&format=ndjson"


def export(server, project, query=QUERY):
    """As the clients do it: one GET with a key, then urllib without one."""
    answer = server.request("GET", f"/v2/export?project={project}&{query}")
    assert answer.status_code == 200, answer.text
    path, _ = urllib.request.urlretrieve(answer.json()["data"]["exportPath"])
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0])


@pytest.fixture(scope="module")
def project(server):
    return server.new_project(assets=20, name="Exported")


def test_it_works(server, project):
    lines = export(server, project).splitlines()
    assert [json.loads(line)["externalId"] for line in lines] == [f"image_{n:05}.jpg" for n in range(1, 21)]


def test_a_large_one_is_built_by_the_server_s_worker_while_the_call_waits(new_server):
    server = new_server(export_background_items=5)
    project = server.new_project(assets=20)
    assert len(export(server, project).splitlines()) == 20
    assert server.rows("SELECT state, items, attempts FROM pluginhost_export") == [("ready", 20, 1)]


BUSY = """
from datetime import timedelta
from django.utils import timezone
from pluginhost.models import Export, Project
Export.objects.create(
    project=Project.objects.get(uid="{project}"), shape="tasks", state="building",
    building_at=timezone.now() + timedelta(hours=1),
)
"""
IDLE = "from pluginhost.models import Export; Export.objects.filter(asked_by=None).delete()"


def test_many_that_wait_keep_nobody_else_waiting(new_server):
    """As many wait as may, since the only builder is busy elsewhere: one more is told so, all others are answered."""
    server = new_server(export_background_items=0, export_builders=1)
    project = server.new_project(assets=5)
    server.manage("shell", "-c", BUSY.format(project=project))
    with ThreadPoolExecutor(MOST_AT_ONCE + 1) as callers:
        path = f"/v2/export?project={project}&{QUERY}"
        calls = [callers.submit(server.request, "GET", path) for _ in range(MOST_AT_ONCE + 1)]
        try:
            refused = next(as_completed(calls, timeout=120))
            for other in (f"/v2/project/{project}/assets", "/api/v1/projects", "/healthz", "/readyz"):
                assert server.request("GET", other).ok
            assert [call for call in calls if call.done()] == [refused]
        finally:
            server.manage("shell", "-c", IDLE)
    assert refused.result().status_code == 503
    assert "64 exports are waited for here" in refused.result().json()["message"]
    assert {call.result().status_code for call in calls if call is not refused} == {200}
