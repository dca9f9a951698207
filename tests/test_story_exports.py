"""Exports on a real server: large ones are built by its worker while the call waits and everybody else is answered."""

from __future__ import annotations

import json
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

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


def test_many_that_wait_keep_nobody_else_waiting(new_server):
    """Each waiting call has a thread of its own; with so many of them a pool of threads would be used up."""
    server = new_server(export_background_items=0, export_builders=1)
    project = server.new_project(assets=50)
    with ThreadPoolExecutor(48) as callers:
        exports = [callers.submit(export, server, project) for _ in range(48)]
        while not all(one.done() for one in exports):
            assert server.request("GET", f"/v2/project/{project}/assets").ok
    assert {len(one.result().splitlines()) for one in exports} == {50}
    assert server.rows("SELECT COUNT(DISTINCT file_id) FROM pluginhost_export") == [(48,)]
