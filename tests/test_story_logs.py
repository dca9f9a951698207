"""Log lines: every one is stored, once, in the order in which it was said."""

import pytest

from .peer import PollingPeer, peer_of
from .scripts import VERSIONS
from .visitor import Visitor
from .waiting import until

pytestmark = pytest.mark.story


@pytest.mark.parametrize("version", VERSIONS)
def test_twenty_thousand_lines_are_stored_and_shown_in_order(server, script, version):
    plugin = server.new_plugin(name="Chatter")
    project = server.new_project(plugin, assets=1)
    script(server, version, plugin, "for n in range(1, 20001): logger.info(f'line {n}')\nreturn 'said it all'")
    session = server.wait_state(server.run(project, plugin), within=120)
    assert (session["state"], session["message"], session["log_lines"]) == ("succeeded", "said it all", 20_000)
    lines = server.log_of(session["id"])
    assert [line["number"] for line in lines] == list(range(1, 20_001))
    assert [line["message"] for line in lines] == [f"line {n}" for n in range(1, 20_001)]
    shown = Visitor(server).sign_in().page(f"/sessions/{session['id']}/log/?format=text").splitlines()
    assert len(shown) == 20_000
    assert shown[-1].endswith("line 20000")


@pytest.mark.parametrize("version", VERSIONS)
def test_levels_extras_and_odd_texts_are_kept(server, script, version):
    plugin = server.new_plugin(name="Levels")
    project = server.new_project(plugin, assets=1)
    body = """
    logger.debug('small')
    logger.warning('ü 漢字 \\x00 <b>')
    logger.error('bad', asset='image_1')
    logger.info('two\\nlines')
    return 'ok'
    """
    script(server, version, plugin, body)
    session = server.wait_state(server.run(project, plugin))
    lines = server.log_of(session["id"])
    assert [line["level"] for line in lines] == ["DEBUG", "WARNING", "ERROR", "INFO"]
    assert lines[1]["message"].startswith("ü 漢字 ")
    assert lines[1]["message"].endswith("<b>")
    assert lines[2]["extra"] == {"asset": "image_1"}
    assert lines[3]["message"] == "two\nlines"


def test_a_burst_of_200_lines_over_long_polling_only(server):
    plugin = server.new_plugin(name="Poller")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    peer = PollingPeer(server)
    peer.post(peer.event("heartbeat", {"id": plugin["id"], "secret": plugin["secret"]}))
    order = peer.wait_for("42/plugin,")
    assert '"plugin"' in order
    session = server.session(number)["session"]
    said = [f"line {n}" for n in range(1, 201)]
    peer.post(*(peer.event("log", {"level": "INFO", "session": session, "msg": line}) for line in said))
    peer.post(peer.event("response", {"response": "ok", "session": session}))
    assert server.wait_state(number)["state"] == "succeeded"
    assert server.messages_of(number) == said
    peer.close()


def test_a_line_that_is_too_long_is_cut_and_says_so(server):
    plugin = server.new_plugin(name="Long")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as peer:
        session = peer.wait_order()["session"]
        peer.log(session, "x" * 100_000)
        peer.emit("response", {"response": "ok", "session": session})
        server.wait_state(number)
    (line,) = server.messages_of(number)
    assert len(line) < 34_000
    assert line.startswith("x" * 30_000)
    assert "cut" in line


def test_lines_can_be_read_while_they_come(server):
    plugin = server.new_plugin(name="Watched")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as peer:
        session = peer.wait_order()["session"]
        for count in range(1, 4):
            peer.log(session, f"line {count}")
            until(lambda count=count: server.session(number)["log_lines"] == count, f"{count} lines", within=3)
        peer.emit("response", {"response": None, "session": session})
        server.wait_state(number)


def test_a_line_after_the_end_came_late(server):
    plugin = server.new_plugin(name="Afterwards")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as peer:
        session = peer.wait_order()["session"]
        peer.emit("response", {"response": "ok", "session": session})
        server.wait_state(number)
        peer.log(session, "one more thing")
        until(lambda: server.messages_of(number) == ["one more thing"], "the late line")
    late = "SELECT came_late FROM pluginhost_logline WHERE session_id = ?"
    assert server.rows(late, number) == [(1,)]
    assert server.session(number)["state"] == "succeeded"
