"""The whole story of one run, with real clients of both generations and the documented sample."""

import pytest

from .clients import EVERY_VERSION
from .scripts import sample_of
from .visitor import Visitor, text_of

pytestmark = [pytest.mark.story, pytest.mark.dialect]


@pytest.fixture(params=EVERY_VERSION)
def version(request):
    return request.param


@pytest.fixture
def told(server, script, version):
    """One run of the sample from the first click to its end: (plugin, project, session)."""
    plugin = server.new_plugin(name=f"Sample {version}")
    project = server.new_project(plugin, assets=12)
    script(server, version, plugin, source=sample_of(version, server.url, plugin))
    server.wait_online(plugin)
    number = server.run(project, plugin)
    return plugin, project, server.wait_state(number)


def test_the_sample_reads_one_page_and_labels_it(told):
    _, _, session = told
    assert session["counts"]["accepted"] == 10
    assert session["counts"]["objects"] == 20
    assert session["read"] == {"assets": 10, "of": 12}
    assert session["page_size"] == 10
    assert session["message"] == "10 assets were labeled."


def test_two_assets_were_not_reached_so_it_is_partial(told):
    _, _, session = told
    assert (session["state"], session["counts"]["not_reached"]) == ("partial", 2)


def test_its_lines_are_stored_in_order(server, told):
    _, _, session = told
    lines = server.log_of(session["id"])
    assert [line["number"] for line in lines] == list(range(1, 11))
    assert lines[0]["message"] == "[1/10] image_00001.jpg: 2 objects"
    assert session["progress"] == {"done": 10, "total": 10}


def test_the_pre_labels_stand_on_to_do_tasks(server, told):
    _, project, _ = told
    tasks = server.api("GET", f"/v2/project/{project}/tasks?limit=100&includeAnswer=true")["data"]["tasks"]
    assert len(tasks) == 12
    assert {task["status"] for task in tasks} == {"TODO"}
    labelled = [task for task in tasks if task["isPreLabeled"]]
    assert len(labelled) == 10
    tools = labelled[0]["answer"]["tools"]
    assert len(tools) == 2
    assert all(tool["bounding-box"]["width"] == 120 for tool in tools)


def test_the_page_tells_it_all(server, told):
    plugin, _, session = told
    visitor = Visitor(server).sign_in()
    said = text_of(visitor.page(f"/sessions/{session['id']}/"))
    for word in (plugin["name"], "10 assets were labeled.", "Partial"):
        assert word in said
    results = text_of(visitor.page(f"/sessions/{session['id']}/results/"))
    assert "10" in results


def test_the_project_lists_its_session_and_its_import(server, told):
    plugin, project, session = told
    visitor = Visitor(server).sign_in()
    said = text_of(visitor.page(f"/projects/{project}/sessions/"))
    assert plugin["name"] in said
    assert "10 assets were labeled." in said
    imports = server.api("GET", f"/api/v1/sessions/{session['id']}/imports")["items"]
    assert [(one["state"], one["accepted"], one["rejected"]) for one in imports] == [("applied", 10, 0)]
    assert f'href="/imports/{imports[0]["id"]}/"' in visitor.page(f"/projects/{project}/imports/")


def test_its_key_is_no_longer_good(server, script, version, tmp_path):
    plugin = server.new_plugin(name="Keeper")
    project = server.new_project(plugin)
    kept = tmp_path / "key"
    script(server, version, plugin, f"open({str(kept)!r}, 'w').write(data['apiKey'])\nreturn 'kept'")
    session = server.wait_state(server.run(project, plugin))
    answer = server.request("GET", f"/v2/project/{project}/assets", key=kept.read_text())
    assert answer.status_code == 401
    assert f"#{session['id']}" in answer.json()["message"]
