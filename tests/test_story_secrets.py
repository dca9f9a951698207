"""Secrets: wrong ones, rotated ones, and scripts that speak for another plugin's session."""

import pytest

from .peer import peer_of
from .scripts import VERSIONS
from .waiting import until

pytestmark = pytest.mark.story
WRONG = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wrong_secret_is_listed_once_and_makes_no_storm(server, script, version):
    plugin = server.new_plugin(name="Guarded")
    project = server.new_project(plugin, assets=1)
    wrong = script(server, version, plugin, secret=WRONG)
    until(lambda: server.connections(plugin), "the refused script to be listed")
    (listed,) = server.connections(plugin)
    assert "secret" in listed["reason"].lower()
    status = server.api("GET", f"/api/v1/plugins/{plugin['id']}")["status"]
    assert (status["online"], status["connections"]) == (False, 0)
    number = server.run(project, plugin)
    script(server, version, plugin, "return 'let in'")
    assert server.wait_state(number)["message"] == "let in"
    assert wrong.is_alive()
    assert wrong.said().count("Connected") == 1


def test_many_wrong_heartbeats_are_one_row_with_a_count(server):
    plugin = server.new_plugin(name="Guessed")
    with peer_of(server) as peer:
        for _ in range(5):
            peer.heartbeat(plugin, WRONG)
        until(lambda: _refusals(server, plugin) == [5], "five refusals in one row")
        assert peer.is_open


def test_it_turns_green_when_the_secret_is_right(server):
    """The same socket, quarantined for a wrong secret, is let in by its next heartbeat with the right one."""
    plugin = server.new_plugin(name="Mended")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin, WRONG) as peer:
        until(lambda: server.connections(plugin), "the refused script to be listed")
        peer.heartbeat(plugin)
        server.wait_online(plugin)
        session = peer.wait_order()["session"]
        peer.emit("response", {"response": "green", "session": session})
        assert server.wait_state(number)["message"] == "green"


def test_the_old_secret_stays_good_for_a_while(server, script):
    plugin = server.new_plugin(name="Rotated")
    project = server.new_project(plugin, assets=1)
    script(server, "1.1.6", plugin, "return 'old'")
    server.wait_online(plugin)
    server.api("POST", f"/api/v1/plugins/{plugin['id']}/rotate-secret", {"keep_old_for_s": 3600})
    assert server.wait_state(server.run(project, plugin))["message"] == "old"
    with peer_of(server, plugin):
        server.wait_online(plugin, connections=2)


@pytest.mark.long
def test_a_secret_rotated_at_once_while_connected(server, script):
    """Scripts with the old one get nothing from now on, and stay; one with the new secret goes on with the queue."""
    plugin = server.new_plugin(name="Renewed")
    project = server.new_project(plugin, assets=1)
    old = [script(server, version, plugin, "return 'old'") for version in VERSIONS]
    server.wait_online(plugin, connections=2)
    rotated = server.api("POST", f"/api/v1/plugins/{plugin['id']}/rotate-secret", {"keep_old_for_s": 0})
    until(lambda: not _online(server, plugin), "the old secret to be put out of service", within=90)
    number = server.run(project, plugin)
    script(server, "1.4.10", plugin, "return 'new'", secret=rotated["secret"])
    assert server.wait_state(number)["message"] == "new"
    assert all(one.is_alive() for one in old)


def test_a_script_that_speaks_for_another_plugins_session_is_refused_and_noted(server):
    owner, thief = server.new_plugin(name="Owner"), server.new_plugin(name="Thief")
    project = server.new_project(owner, assets=1)
    number = server.run(project, owner)
    with peer_of(server, owner) as honest, peer_of(server, thief) as other:
        session = honest.wait_order()["session"]
        other.log(session, "forged line")
        other.emit("response", {"response": "forged", "session": session})
        until(lambda: _noted(server, thief) == 2, "both events to be noted")
        assert server.session(number)["state"] == "running"
        honest.log(session, "mine")
        honest.emit("response", {"response": "true", "session": session})
        assert server.wait_state(number)["message"] == "true"
        assert server.messages_of(number) == ["mine"]
        assert other.is_open


def test_before_its_heartbeat_a_script_is_nobody(server):
    plugin = server.new_plugin(name="Silent")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as honest, peer_of(server) as nobody:
        session = honest.wait_order()["session"]
        nobody.log(session, "from nowhere")
        nobody.emit("response", {"response": "from nowhere", "session": session})
        honest.emit("response", {"response": "true", "session": session})
        assert server.wait_state(number)["message"] == "true"
        assert server.messages_of(number) == []


def _online(server, plugin):
    return server.api("GET", f"/api/v1/plugins/{plugin['id']}")["status"]["online"]


def _refusals(server, plugin):
    query = "SELECT c.refusals FROM pluginhost_connection c JOIN pluginhost_plugin p ON p.id = c.plugin_id"
    return [count for (count,) in server.rows(query + " WHERE p.uid = ?", plugin["id"])]


def _noted(server, plugin):
    query = "SELECT sum(c.noted) FROM pluginhost_connection c JOIN pluginhost_plugin p ON p.id = c.plugin_id"
    return server.rows(query + " WHERE p.uid = ?", plugin["id"])[0][0]
