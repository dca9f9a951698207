"""The server goes away and comes back; scripts and their runs do not notice, or end with a reason."""

import os
import signal
import time

import pytest

from .restarts import (
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


def test_hand_overs_break_no_line_of_a_script_at_work(alone, begun, go, tmp_path):
    """Not even of an author who does not expect that his log may raise; once idle, they come to who serves now."""
    silent, talking = begun(SILENT), begun(TALKING)
    before = newest_connection(alone)
    for _ in range(2):
        wait_more_lines(alone, talking)
        alone.hand_over()
    wait_more_lines(alone, talking)
    assert newest_connection(alone) == before
    assert len(alone.webs()) == 2, "the one that holds the scripts, and the one that serves"
    go.touch()
    for number in silent:
        assert_never_noticed(alone.wait_state(number))
    for number, version in zip(talking, VERSIONS, strict=True):
        assert alone.wait_state(number)["message"] == "said it all"
        assert_nothing_lost(alone.log_of(number), tmp_path / f"kept-{version}")
    wait_back(alone, silent + talking, before)
    until(lambda: alone.webs() == [alone.child()], "the old process to be gone")


def test_an_idle_script_goes_over_at_once(alone, script):
    plugin = alone.new_plugin(name="Idle")
    script(alone, "1.4.10", plugin, "return 'served by the next'")
    project = alone.new_project(plugin, assets=1)
    assert alone.wait_state(alone.run(project, plugin))["state"] == "succeeded"
    alone.hand_over()
    assert alone.wait_state(alone.run(project, plugin))["message"] == "served by the next"


def test_the_process_that_stays_is_killed(alone, begun, go):
    silent = begun(SILENT)
    before = newest_connection(alone)
    alone.hand_over()
    os.kill(alone.webs()[0], signal.SIGKILL)
    wait_back(alone, silent, before)
    go.touch()
    for number in silent:
        assert_never_noticed(alone.wait_state(number))


def test_the_server_ends_while_a_process_stays(alone, begun, tmp_path):
    talking = begun(TALKING)
    alone.hand_over()
    wait_more_lines(alone, talking)
    assert alone.stop(within=8) == 0
    alone.start()
    for number, version in zip(talking, VERSIONS, strict=True):
        assert_nothing_lost(alone.log_of(number), tmp_path / f"kept-{version}")


def test_no_more_than_three_processes_stay(alone, script, go):
    """With the fourth the oldest lets its script go, whose silent run goes on elsewhere."""
    numbers = []
    for number in range(4):
        plugin = alone.new_plugin(name=f"Runner {number}")
        script(alone, "1.4.10", plugin, SILENT.format(go=str(go)))
        numbers.append(alone.run(alone.new_project(plugin, assets=1), plugin))
        alone.wait_state(numbers[-1], "running")
        before = newest_connection(alone)
        alone.hand_over()
    wait_back(alone, numbers[:1], before)
    assert len(alone.webs()) == 4
    go.touch()
    for number in numbers:
        assert_never_noticed(alone.wait_state(number))


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
