"""The server goes away and comes back; scripts and their runs do not notice, or end with a reason."""

import time

import pytest

from .restarts import (
    CAREFUL,
    SILENT,
    TALKING,
    assert_in_order,
    assert_never_noticed,
    assert_nothing_lost,
    newest_connection,
    wait_back,
    wait_more_lines,
)
from .scripts import VERSIONS
from .waiting import until

pytestmark = pytest.mark.story


@pytest.fixture
def alone(new_server):
    """A server of this test's own, since it is going to be killed."""
    return new_server(sweep_seconds=1, grace_seconds=20)


@pytest.fixture
def go(tmp_path):
    """The file that every body waits for."""
    return tmp_path / "go"


@pytest.fixture
def begun(alone, script, tmp_path, go):
    """Starts a run of each generation's client with this body, and gives their sessions' numbers."""

    def begin(body, **fields):
        numbers = []
        for version in VERSIONS:
            plugin = alone.new_plugin(name=f"Runner {version}", **fields)
            project = alone.new_project(plugin, assets=1)
            script(alone, version, plugin, body.format(go=str(go), kept=str(tmp_path / f"kept-{version}")))
            numbers.append(alone.run(project, plugin))
        for number in numbers:
            alone.wait_state(number, "running")
        return numbers

    return begin


def test_two_kills_of_the_serving_child(alone, begun, go):
    silent = begun(SILENT)
    talking = begun(TALKING, idle_timeout_s=15)
    wait_more_lines(alone, talking)
    for _ in range(2):
        before = newest_connection(alone)
        alone.kill_child()
        alone.wait_ready()
        wait_back(alone, silent, before)
    go.touch()
    for number in silent:
        assert_never_noticed(alone.wait_state(number))
    for number in talking:
        ended = alone.wait_state(number)
        assert ended["state"] in {"succeeded", "crashed"}
        assert ended["state"] == "succeeded" or ended["reason"]
        assert_in_order(alone.log_of(number))


def test_a_hand_over_loses_no_line(alone, begun, go, tmp_path):
    silent = begun(SILENT)
    careful = begun(CAREFUL)
    for _ in range(2):
        wait_more_lines(alone, careful)
        before = newest_connection(alone)
        alone.hand_over()
        wait_back(alone, silent + careful, before)
    go.touch()
    for number in silent:
        assert_never_noticed(alone.wait_state(number))
    for number, version in zip(careful, VERSIONS, strict=True):
        assert alone.wait_state(number)["state"] == "succeeded"
        assert_nothing_lost(alone.log_of(number), tmp_path / f"kept-{version}")


def test_what_a_talking_script_said_before_a_hand_over_is_kept(alone, begun, go, tmp_path):
    """An author who does not expect the gap: his run goes on, or ends with the reason, and no line is lost."""
    talking = begun(TALKING, idle_timeout_s=10)
    wait_more_lines(alone, talking)
    alone.hand_over()
    go.touch()
    for number, version in zip(talking, VERSIONS, strict=True):
        ended = alone.wait_state(number)
        assert ended["state"] in {"succeeded", "crashed"}
        assert_nothing_lost(alone.log_of(number), tmp_path / f"kept-{version}")


def test_queued_work_survives_kills_and_each_child_is_replaced_within_a_moment(alone, script):
    plugin = alone.new_plugin(name="Later")
    project = alone.new_project(plugin, assets=1)
    number = alone.run(project, plugin)
    for _ in range(8):  # what falls over again and again is waited for, but never as long as scripts wait
        alone.kill_child()
        began = time.monotonic()
        alone.wait_ready()
        assert time.monotonic() - began < 5
    script(alone, "1.4.10", plugin, "return 'still wanted'")
    assert alone.wait_state(number)["message"] == "still wanted"


def test_sigterm_stores_what_was_received_and_ends_in_time(new_server, script):
    server = new_server()
    plugin = server.new_plugin(name="Last words")
    project = server.new_project(plugin, assets=1)
    body = "for n in range(1, 501): logger.info(f'line {n}')\nthreading.Event().wait(600)"
    script(server, "1.4.10", plugin, body)
    number = server.run(project, plugin)
    until(lambda: server.session(number)["log_lines"] >= 500, "all lines")
    assert server.stop(within=8) == 0
    rows = server.rows("SELECT number FROM pluginhost_logline WHERE session_id = ? ORDER BY number", number)
    assert rows == [(count,) for count in range(1, 501)]
    server.start()
    assert server.session(number)["log_lines"] == 500
