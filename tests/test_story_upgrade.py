"""Long polling that goes over to a WebSocket, as clients up to 1.0 do: from then on that is its connection."""

import pytest
from websockets.exceptions import ConnectionClosed

from .peer import PROBE, UPGRADE, PollingPeer
from .server import served

pytestmark = [pytest.mark.story, pytest.mark.xdist_group("upgrades")]

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server that takes little from those it does not know, and not much from the others."""
    limits = {"anonymous_message_limit": 4096, "message_limit": MEGABYTE, "anonymous_seconds": 4}
    with served(tmp_path_factory.mktemp("small"), **limits) as started:
        yield started


@pytest.fixture
def plugin(small):
    return small.new_plugin(name="Poller")


@pytest.fixture
def run(small, plugin):
    """Asks for a run of the plugin: the session's number, its id on the wire."""
    project = small.new_project(plugin, assets=1)

    def ask():
        number = small.run(project, plugin)
        return number, small.session(number)["session"]

    return ask


@pytest.fixture
def polling(small, run):
    peer = PollingPeer(small)
    yield peer
    peer.close()


def heartbeat(polling, plugin):
    return polling.event("heartbeat", {"id": plugin["id"], "secret": plugin["secret"]})


@pytest.fixture
def order(polling, plugin, run):
    """One that the peer has got by polling."""
    polling.post(heartbeat(polling, plugin))
    asked = run()
    polling.wait_for("42/plugin,")
    return asked


def response(polling, session, size):
    return polling.event("response", {"response": "x" * size, "session": session})


def test_it_may_say_as_much_as_others(small, polling, order):
    number, session = order
    with polling.go_over(PROBE, UPGRADE) as line:
        line.send(response(polling, session, MEGABYTE // 2))
        ended = small.wait_state(number)
    assert (ended["state"], len(ended["message"])) == ("succeeded", MEGABYTE // 2)


def test_a_heartbeat_after_going_over_counts_as_much(small, polling, plugin, run):
    with polling.go_over(PROBE, UPGRADE) as line:
        line.send(heartbeat(polling, plugin))
        number, session = run()
        while not line.recv(20).startswith("42/plugin,"):
            pass
        line.send(response(polling, session, MEGABYTE // 2))
        assert small.wait_state(number)["state"] == "succeeded"


def test_what_is_over_the_limit_ends_its_session_with_the_reason(small, polling, order):
    number, session = order
    with polling.go_over(PROBE, UPGRADE) as line:
        line.send(response(polling, session, MEGABYTE + 1000))
        ended = small.wait_state(number)
    assert ended["state"] == "failed"
    assert "larger than" in (ended["error"] or "") + (ended["reason"] or "")


@pytest.mark.parametrize("packets", [(), (PROBE,)], ids=["silent", "half"])
def test_one_that_never_completes_it_is_cut_off_and_goes_on_polling(small, polling, order, run, packets):
    number, session = order
    with polling.go_over(*packets) as line, pytest.raises(ConnectionClosed):
        line.recv(30)
    polling.post(response(polling, session, 10))
    assert small.wait_state(number)["state"] == "succeeded"
    _, second = run()
    assert second in polling.wait_for("42/plugin,")


def test_one_that_says_nothing_is_forgotten_and_may_come_again(small):
    peer = PollingPeer(small)
    peer.wait_until_forgotten()
    PollingPeer(small).close()
    peer.close()
