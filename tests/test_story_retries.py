"""A session whose script is gone is run again by itself, through the doors of a real server."""

import pytest

from .scripts import VERSIONS
from .waiting import until

pytestmark = pytest.mark.story


@pytest.fixture
def server(new_server):
    return new_server(grace_seconds=1, retry_seconds=1, sweep_seconds=1)


@pytest.mark.parametrize("version", VERSIONS)
def test_its_next_run_is_done_by_the_script_that_comes_after(server, script, version):
    plugin = server.new_plugin(name=f"Falls {version}", retries=2)
    project = server.new_project(plugin, assets=2)
    first = script(server, version, plugin, "logger.info('at work')\nthreading.Event().wait(600)")
    number = server.run(project, plugin, config={"level": 3}, scope={"first": 1})
    until(lambda: server.session(number)["log_lines"] == 1, "the callback to begin")
    first.stop()
    crashed = server.wait_state(number)
    assert crashed["state"] == "crashed"
    again = until(lambda: server.session(number)["reruns"], "its next run")[0]
    script(server, version, plugin, "return 'done at last'")
    ended = server.wait_state(again)
    assert (ended["state"], ended["message"], ended["is_retry"]) == ("succeeded", "done at last", True)
    assert (ended["rerun_of"], ended["inputs"]["config"], ended["inputs"]["asset_count"]) == (number, {"level": 3}, 1)
    assert server.session(number)["retry_at"] is None


def test_calling_it_off(server, script):
    plugin = server.new_plugin(name="Called off", retries=1)
    project = server.new_project(plugin, assets=1)
    gone = script(server, "1.4.10", plugin, "logger.info('at work')\nthreading.Event().wait(600)")
    number = server.run(project, plugin)
    until(lambda: server.session(number)["log_lines"] == 1, "the callback to begin")
    gone.stop()
    server.wait_state(number)
    again = until(lambda: server.session(number)["reruns"], "its next run")[0]
    server.api("POST", f"/api/v1/sessions/{again}/cancel")
    assert server.session(again)["state"] == "cancelled"
    assert server.request("POST", f"/api/v1/sessions/{number}/cancel").status_code == 409
