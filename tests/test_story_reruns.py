"""With real clients that know nothing of it: only what was left is run again, and a try goes on with the rest."""

import pytest

from .clients import VERSIONS
from .scripts import sample_of

pytestmark = pytest.mark.story


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sample_that_reads_one_page_of_ten_gets_the_others_by_running_again_what_was_not_reached(
    server, script, version
):
    plugin = server.new_plugin(name=f"One page {version}")
    project = server.new_project(plugin, assets=14)
    script(server, version, plugin, source=sample_of(version, server.url, plugin))
    server.wait_online(plugin)
    first = server.wait_state(server.run(project, plugin))
    assert (first["state"], first["counts"]["not_reached"]) == ("partial", 4)

    scope = {"from_session": first["id"], "outcomes": ["rejected", "not_reached"]}
    again = server.api("POST", f"/api/v1/sessions/{first['id']}/rerun", {"scope": scope})
    second = server.wait_state(again["id"])
    assert (second["state"], second["read"]) == ("succeeded", {"assets": 4, "of": 4})
    assert second["counts"]["accepted"] == 4
    assert server.session(first["id"])["reruns"] == [second["id"]]
    assert labeled(server, project) == 14


def test_a_try_shows_nothing_on_assets_and_goes_on_with_the_rest(server, script):
    plugin = server.new_plugin(name="Tried")
    project = server.new_project(plugin, assets=8)
    script(server, "1.4.10", plugin, source=sample_of("1.4.10", server.url, plugin))
    server.wait_online(plugin)
    tried = server.wait_state(server.run(project, plugin, scope={"first": 3}, review_first=True))
    assert (tried["state"], tried["counts"]["accepted"]) == ("succeeded", 3)
    assert labeled(server, project) == 0

    rest = {"scope": {"rest_of": tried["id"]}, "review_first": False}
    again = server.api("POST", f"/api/v1/sessions/{tried['id']}/rerun", rest)
    assert server.wait_state(again["id"])["read"] == {"assets": 5, "of": 5}
    assert labeled(server, project) == 5
    server.api("POST", f"/api/v1/sessions/{tried['id']}/apply")
    assert labeled(server, project) == 8


def labeled(server, project):
    tasks = server.api("GET", f"/v2/project/{project}/tasks?limit=100")["data"]["tasks"]
    return sum(task["isPreLabeled"] for task in tasks)
