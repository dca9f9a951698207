"""The server goes away and comes back; scripts and their runs do not notice, or end with a reason."""

import time

import pytest

from .scripts import VERSIONS
from .waiting import until

pytestmark = pytest.mark.story

SILENT = """
while not os.path.exists({go!r}):
    threading.Event().wait(0.05)
return 'never noticed'
"""
# It writes down each line that the client took, so that nothing that was said can be lost unseen.
TALKING = """
number = 0
with open({kept!r}, 'a') as kept:
    while not os.path.exists({go!r}):
        number += 1
        logger.info(f'line {{number}}')
        print(f'line {{number}}', file=kept, flush=True)
        threading.Event().wait(0.02)
return 'said it all'
"""
# The same, by an author who knows that the line may be down: he says it again.
CAREFUL = """
def say(text):
    try:
        logger.info(text)
    except Exception:
        return False
    return True

number = 0
while not os.path.exists({go!r}):
    number += 1
    while not say(f'line {{number}}'):
        threading.Event().wait(0.02)
    threading.Event().wait(0.02)
return str(number)
"""


@pytest.fixture
def alone(new_server):
    """A server of this test's own, since it is going to be killed."""
    return new_server(sweep_seconds=1, grace_seconds=20)


@pytest.fixture
def begun(alone, script, tmp_path):
    """Starts a plugin's run with this body, and gives (plugin, number of the running session)."""

    def begin(version, body, **fields):
        plugin = alone.new_plugin(name=f"Runner {version}", **fields)
        project = alone.new_project(plugin, assets=1)
        names = {"go": str(tmp_path / "go"), "kept": str(tmp_path / "kept")}
        script(alone, version, plugin, body.format(**names))
        number = alone.run(project, plugin)
        alone.wait_state(number, "running")
        return plugin, number

    return begin


@pytest.mark.parametrize("version", VERSIONS)
def test_two_kills_of_the_serving_child(alone, begun, tmp_path, version):
    silent_plugin, silent = begun(version, SILENT)
    _, talking = begun(version, TALKING, idle_timeout_s=15)
    for kill in (1, 2):
        lines = alone.session(talking)["log_lines"]
        if kill == 1:
            until(lambda lines=lines: alone.session(talking)["log_lines"] > lines, "more lines")
        alone.kill_child()
        alone.wait_ready()
        alone.wait_online(silent_plugin)
    (tmp_path / "go").touch()
    assert_never_noticed(alone.wait_state(silent))
    ended = alone.wait_state(talking, within=60)
    assert ended["state"] in {"succeeded", "crashed"}
    assert ended["state"] == "succeeded" or ended["reason"]
    assert_in_order(alone.log_of(talking))


def assert_never_noticed(session):
    assert (session["state"], session["message"]) == ("succeeded", "never noticed")


def assert_in_order(lines):
    """Numbered without a gap, each said once and after the one before; what the dead child had not stored is lost."""
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    said = [int(line["message"].removeprefix("line ")) for line in lines]
    assert said == sorted(set(said))


def test_a_killed_child_is_replaced_within_a_moment(alone):
    for _ in range(3):
        alone.kill_child()
        began = time.monotonic()
        alone.wait_ready()
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("version", VERSIONS)
def test_a_hand_over_loses_no_line(alone, begun, tmp_path, version):
    silent_plugin, silent = begun(version, SILENT)
    careful_plugin, careful = begun(version, CAREFUL)
    for _ in range(2):
        lines = alone.session(careful)["log_lines"]
        until(lambda lines=lines: alone.session(careful)["log_lines"] > lines + 10, "ten more lines")
        alone.hand_over()
        alone.wait_online(silent_plugin)
        alone.wait_online(careful_plugin)
    (tmp_path / "go").touch()
    assert_never_noticed(alone.wait_state(silent))
    ended = alone.wait_state(careful)
    assert ended["state"] == "succeeded"
    said = [line["message"] for line in alone.log_of(careful)]
    assert said == [f"line {number}" for number in range(1, int(ended["message"]) + 1)]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_talking_script_said_before_a_hand_over_is_kept(alone, begun, tmp_path, version):
    """An author who does not expect the gap: his run goes on, or ends with the reason, and no line is lost."""
    _, talking = begun(version, TALKING, idle_timeout_s=10)
    until(lambda: alone.session(talking)["log_lines"] > 20, "twenty lines")
    alone.hand_over()
    (tmp_path / "go").touch()
    ended = alone.wait_state(talking, within=60)
    assert ended["state"] in {"succeeded", "crashed"}
    kept = (tmp_path / "kept").read_text().splitlines()
    assert [line["message"] for line in alone.log_of(talking)][: len(kept)] == kept


def test_queued_work_survives_a_kill(alone, script):
    plugin = alone.new_plugin(name="Later")
    project = alone.new_project(plugin, assets=1)
    number = alone.run(project, plugin)
    alone.kill_child()
    alone.wait_ready()
    script(alone, "1.4.10", plugin, "return 'still wanted'")
    assert alone.wait_state(number)["message"] == "still wanted"


def test_sigterm_stores_what_was_received_and_ends_in_time(new_server, script):
    server = new_server()
    plugin = server.new_plugin(name="Last words")
    project = server.new_project(plugin, assets=1)
    body = "for n in range(1, 501): logger.info(f'line {n}')\nthreading.Event().wait(600)"
    script(server, "1.4.10", plugin, body)
    number = server.run(project, plugin)
    until(lambda: server.session(number)["log_lines"] >= 1, "the first line")
    until(lambda: server.session(number)["log_lines"] >= 500, "all lines")
    assert server.stop(within=8) == 0
    rows = server.rows("SELECT number FROM pluginhost_logline WHERE session_id = ? ORDER BY number", number)
    assert rows == [(count,) for count in range(1, 501)]
    server.start()
    assert server.session(number)["log_lines"] == 500
