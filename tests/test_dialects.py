"""Every published client comes through what happens to a server and to a callback."""

import pytest

from .clients import CLIENTS, EVERY_VERSION
from .restarts import (
    SILENT,
    TALKING,
    assert_never_noticed,
    assert_nothing_lost,
    newest_connection,
    wait_back,
    wait_more_lines,
)
from .server import served

pytestmark = [pytest.mark.story, pytest.mark.dialect]


@pytest.fixture(params=EVERY_VERSION)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A server of these tests' own, since it is going to be killed."""
    with served(tmp_path_factory.mktemp("alone"), sweep_seconds=1, grace_seconds=20) as started:
        yield started


@pytest.fixture
def go(tmp_path):
    """The file that every body waits for."""
    return tmp_path / "go"


@pytest.fixture
def begun(alone, script, version, go, tmp_path):
    """A run with this body on its way: (plugin, project, the session's number)."""

    def begin(body):
        plugin = alone.new_plugin(name=f"Runner {version}")
        project = alone.new_project(plugin, assets=1)
        script(alone, version, plugin, body.format(go=str(go), kept=str(tmp_path / "kept")))
        number = alone.run(project, plugin)
        alone.wait_state(number, "running")
        return plugin, project, number

    return begin


def test_a_run_does_not_notice_that_the_server_is_killed_and_the_next_one_works(alone, begun, go):
    plugin, project, number = begun(SILENT)
    for _ in range(2):
        before = newest_connection(alone)
        alone.kill_child()
        alone.wait_ready()
        wait_back(alone, [number], before)
    go.touch()
    assert_never_noticed(alone.wait_state(number))
    assert_never_noticed(alone.wait_state(alone.run(project, plugin)))


def test_a_hand_over_loses_no_line(alone, begun, go, tmp_path):
    """At work it does not notice; idle, it comes to who serves now."""
    plugin, project, number = begun(TALKING)
    wait_more_lines(alone, [number])
    before = newest_connection(alone)
    alone.hand_over()
    wait_more_lines(alone, [number])
    go.touch()
    assert alone.wait_state(number)["state"] == "succeeded"
    assert_nothing_lost(alone.log_of(number), tmp_path / "kept")
    wait_back(alone, [number], before)
    assert alone.wait_state(alone.run(project, plugin))["state"] == "succeeded"


def test_after_an_exception_the_next_run_works(server, script, version):
    plugin = server.new_plugin(name="Bad and good", idle_timeout_s=3)
    project = server.new_project(plugin, assets=1)
    script(server, version, plugin, "return 1 / json.loads(data['configJSON'])['by']")
    assert server.wait_state(server.run(project, plugin, config={"by": 0}))["state"] in {"failed", "timed_out"}
    assert server.wait_state(server.run(project, plugin, config={"by": 1}))["message"] == "1.0"


def test_it_connects_in_its_way(server, script, version):
    plugin = server.new_plugin(name="Connected")
    script(server, version, plugin)
    server.wait_online(plugin)
    begins_with = {"websocket": "WebSocket", "polling": "long polling"}
    kept = server.rows("SELECT transport FROM pluginhost_connection ORDER BY id DESC LIMIT 1")[0][0]
    assert begins_with[kept] == CLIENTS[version].begins_with
