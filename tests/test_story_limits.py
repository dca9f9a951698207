"""Silence, limits, and scripts that go away: every run ends, and no live one is declared dead."""

import pytest

from .peer import peer_of
from .scripts import VERSIONS
from .server import served
from .waiting import until

pytestmark = pytest.mark.story
impatience = pytest.mark.xdist_group("impatient")
SILENT = "threading.Event().wait({seconds})\nreturn 'I was only thinking'"


@pytest.mark.long
def test_ninety_seconds_of_silence_are_no_crime(server, script):
    """Both generations at once, with the limits and pings as they are by default."""
    numbers = []
    for version in VERSIONS:
        plugin = server.new_plugin(name=f"Silent {version}")
        project = server.new_project(plugin, assets=1)
        script(server, version, plugin, SILENT.format(seconds=90))
        server.wait_online(plugin)
        numbers.append(server.run(project, plugin))
    for number in numbers:
        session = server.wait_state(number, within=150)
        assert (session["state"], session["message"]) == ("succeeded", "I was only thinking")


def test_the_idle_limit_ends_a_silent_run(server, script):
    plugin = server.new_plugin(name="Mute", idle_timeout_s=2)
    project = server.new_project(plugin, assets=1)
    script(server, "1.4.10", plugin, SILENT.format(seconds=600))
    session = server.wait_state(server.run(project, plugin))
    assert session["state"] == "timed_out"
    assert "sign of life" in session["reason"]


def test_the_hard_limit_ends_a_talking_run(server, script):
    plugin = server.new_plugin(name="Talker", timeout_s=3)
    project = server.new_project(plugin, assets=1)
    body = "while True:\n    logger.info('still here')\n    threading.Event().wait(0.2)"
    script(server, "1.4.10", plugin, body)
    session = server.wait_state(server.run(project, plugin))
    assert session["state"] == "timed_out"
    assert session["log_lines"] > 5


def test_a_response_after_the_end_came_late_and_changes_nothing(server, script, tmp_path):
    go = tmp_path / "go"
    plugin = server.new_plugin(name="Late", idle_timeout_s=2)
    project = server.new_project(plugin, assets=1)
    wait = f"while not os.path.exists({str(go)!r}):\n    threading.Event().wait(0.05)\nreturn 'sorry'"
    script(server, "1.4.10", plugin, wait)
    first = server.run(project, plugin)
    server.wait_state(first, "timed_out")
    go.touch()
    session = server.wait_state(server.run(project, plugin), "succeeded")
    assert session["message"] == "sorry"
    late = server.session(first)
    assert late["state"] == "timed_out"
    responses = "SELECT came_late FROM pluginhost_response WHERE session_id = ?"
    assert server.rows(responses, first) == [(1,)]


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A server that gives up soon, and takes no large messages."""
    limits = {"grace_seconds": 2, "sweep_seconds": 1, "adoption_seconds": 1, "message_limit": 2**20}
    with served(tmp_path_factory.mktemp("impatient"), **limits) as started:
        yield started


@impatience
@pytest.mark.parametrize("version", VERSIONS)
def test_a_script_that_goes_away_is_lost_and_then_crashed(impatient, script, version):
    plugin = impatient.new_plugin(name="Gone")
    project = impatient.new_project(plugin, assets=1)
    gone = script(impatient, version, plugin, "logger.info('here')\nthreading.Event().wait(600)")
    number = impatient.run(project, plugin)
    until(lambda: impatient.session(number)["log_lines"] == 1, "its first line")
    gone.stop()
    impatient.wait_state(number, "lost", "crashed")
    session = impatient.wait_state(number)
    assert session["state"] == "crashed"
    assert session["reason"]
    assert impatient.messages_of(number) == ["here"]


@impatience
def test_a_crashed_run_comes_back_when_its_script_speaks_again(impatient):
    plugin = impatient.new_plugin(name="Back")
    project = impatient.new_project(plugin, assets=1)
    number = impatient.run(project, plugin)
    with peer_of(impatient, plugin) as peer:
        session = peer.wait_order()["session"]
    impatient.wait_state(number, "crashed")
    with peer_of(impatient, plugin) as peer:
        peer.log(session, "I am back")
        peer.emit("response", {"response": "done after all", "session": session})
        assert impatient.wait_state(number, "succeeded")["message"] == "done after all"


@impatience
def test_a_response_over_the_limit_ends_its_session_with_the_reason(impatient):
    plugin = impatient.new_plugin(name="Large")
    project = impatient.new_project(plugin, assets=1)
    number = impatient.run(project, plugin)
    with peer_of(impatient, plugin) as peer:
        session = peer.wait_order()["session"]
        peer.emit("response", {"response": "x" * (2**20 + 1000), "session": session})
        ended = impatient.wait_state(number)
    assert ended["state"] == "failed"
    assert "larger than" in (ended["error"] or "") + (ended["reason"] or "")
