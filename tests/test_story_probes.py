"""Every client answers probes, and how long that took is kept; what else can be told of a client is told."""

import pytest

from .clients import EVERY_VERSION
from .cut_line import cut_line
from .peer import PollingPeer
from .server import served
from .waiting import until

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def curious(tmp_path_factory):
    """A server that asks each second."""
    with served(tmp_path_factory.mktemp("curious"), probe_seconds=1) as started:
        yield started


def facts_of(server, plugin):
    query = (
        "SELECT c.dialect, c.round_trip_ms, c.slowest_ms, c.reason FROM pluginhost_connection c"
        " JOIN pluginhost_plugin p ON p.id = c.plugin_id WHERE p.uid = ? AND c.state = 'open'"
    )
    return server.rows(query, plugin["id"])


def probed(server, plugin):
    """The connection's facts, once a probe has been answered."""
    return until(lambda: [row for row in facts_of(server, plugin) if row[1] is not None], "an answer to a probe")[0]


@pytest.mark.dialect
@pytest.mark.parametrize("version", EVERY_VERSION)
def test_a_client_answers_probes(curious, script, version):
    plugin = curious.new_plugin(name=f"Probed {version}")
    running = script(curious, version, plugin)
    dialect, round_trip, slowest, _ = probed(curious, plugin)
    assert 0 <= round_trip <= slowest
    assert dialect
    assert running.is_alive()
    project = curious.new_project(plugin, assets=1)
    assert curious.wait_state(curious.run(project, plugin))["message"] == "done"


def test_ours_says_itself_which_it_is(curious, own_script):
    plugin = curious.new_plugin(name="Probed, our own")
    own_script(curious, plugin)
    assert probed(curious, plugin)[0] == "pluginhost.client"


def test_a_published_client_shows_its_generation_by_what_it_does_not_answer(curious, script):
    seen = {}
    for version in ("1.1.6", "1.4.10"):
        plugin = curious.new_plugin(name=f"Silent {version}")
        project = curious.new_project(plugin, assets=1)
        script(curious, version, plugin, "return None")
        curious.wait_state(curious.run(project, plugin))
        seen[version] = until(lambda plugin=plugin: facts_of(curious, plugin), "its connection")[0][0]
    assert seen["1.1.6"].startswith("ango 1.1")
    assert seen["1.4.10"].endswith("ango from 1.3")


def test_long_polling_answers_too_and_shows_what_it_polls_with(curious):
    plugin = curious.new_plugin(name="Polling")
    peer = PollingPeer(curious)
    peer.post(peer.event("heartbeat", {"id": plugin["id"], "secret": plugin["secret"]}))
    assert peer.wait_for("42/plugin,0") == '42/plugin,0["probe"]'
    peer.post("43/plugin,0[]")
    dialect, round_trip, _, _ = probed(curious, plugin)
    assert dialect.startswith("ango up to 1.0 (python-requests/")
    assert round_trip > 0
    peer.close()


def test_a_script_that_can_only_poll_works_all_the_same(curious, own_script):
    """A proxy that lets no WebSocket through."""
    plugin = curious.new_plugin(name="Behind a proxy")
    project = curious.new_project(plugin, assets=1)
    with cut_line(curious, refuses=b"Upgrade: websocket") as line:
        own_script(curious, plugin, "logger.info('by polling')\nreturn 'done'", host=line.url)
        number = curious.run(project, plugin)
        assert curious.wait_state(number)["message"] == "done"
        assert curious.messages_of(number) == ["by polling"]
