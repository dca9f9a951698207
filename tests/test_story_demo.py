"""The demo as its README tells it: one command connects the Shape finder, and its boxes fit."""

import json
from collections import Counter

import pytest

from examples.draw_shapes import FOLDER

from .scripts import VERSIONS, Script, ango_environment
from .server import ROOT

pytestmark = pytest.mark.story


@pytest.fixture
def demo(new_server):
    return new_server(demo=1)


@pytest.fixture
def finder(demo, tmp_path):
    """Starts the Shape finder with a version of the client, as `examples/connect` does."""
    started = []

    def start(version):
        credentials = dict(line.split("=", 1) for line in demo.manage("demo_credentials").split())
        environment = {"PLUGINHOST_URL": demo.url, "OPENBLAS_NUM_THREADS": "1", **credentials}
        path, output = ROOT / "examples" / "shape_finder.py", tmp_path / f"finder-{version}.out"
        started.append(Script(ango_environment(version), path, environment, output))
        return started[-1]

    yield start
    for script in started:
        script.stop()


def test_the_finder_labels_all_24_images_with_both_clients(demo, finder):
    (project,) = (one["id"] for one in demo.api("GET", "/api/v1/projects")["items"])
    plugins = {one["name"]: one for one in demo.api("GET", "/api/v1/plugins")["items"]}
    for version in VERSIONS:
        script = finder(version)
        session = demo.wait_state(demo.run(project, plugins["Shape finder"]), within=120)
        script.stop()
        assert (session["state"], session["counts"]["accepted"]) == ("succeeded", 24), script.said()
        assert session["progress"] == {"done": 24, "total": 24}
    tasks = demo.api("GET", f"/v2/project/{project}/tasks?limit=100&includeAnswer=true")["data"]["tasks"]
    drawn = json.loads((FOLDER / "truth.json").read_text())
    names = {tool["schemaId"]: tool["title"] for tool in tools_of(demo, project)}
    assert len(tasks) == 24
    for task in tasks:
        found = Counter(names[one["schemaId"]] for one in task["answer"]["tools"])
        assert found == Counter(shape["class"] for shape in drawn[task["asset"]["externalId"]])


def tools_of(server, project):
    return server.api("GET", f"/v2/project/{project}")["data"]["project"]["categorySchema"]["tools"]


def test_serving_says_the_one_command(demo):
    assert f"examples/connect {demo.url}" in demo.said()
