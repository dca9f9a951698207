"""The line between page and server is cut and comes back: nothing is missing, and nobody reloads."""

import pytest
from playwright.sync_api import expect

from .peer import peer_of
from .server import served

pytestmark = [pytest.mark.story, pytest.mark.browser, pytest.mark.xdist_group("line")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of this module's own, since its child is going to be killed."""
    with served(tmp_path_factory.mktemp("line")) as started:
        yield started


@pytest.fixture
def watched(server, page):
    """A page that shows a running session: (plugin, its session on the wire)."""
    plugin = server.new_plugin(name="Cut")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as peer:
        session = peer.wait_order()["session"]
        peer.log(session, "before")
        page.goto(f"/sessions/{number}/")
        expect(page.get_by_role("log")).to_contain_text("before")
        expect(page.locator("#connection")).to_contain_text("Live")
        page.evaluate("window.isTheSamePage = true")
        yield plugin, peer, session
    assert page.evaluate("window.isTheSamePage")


def test_the_serving_process_dies_and_is_replaced(server, page, watched):
    plugin, _, session = watched
    server.kill_child()
    server.wait_ready()
    with peer_of(server, plugin) as back:
        back.log(session, "after the kill")
        expect(page.get_by_role("log")).to_contain_text("after the kill", timeout=30_000)
        expect(page.locator("#connection")).to_contain_text("Live", timeout=30_000)
        back.emit("response", {"response": "made it", "session": session})
        expect(page.get_by_text("made it")).to_be_visible(timeout=30_000)


def test_the_browser_is_offline_for_a_while(page, watched):
    _, peer, session = watched
    page.context.set_offline(True)
    for count in range(1, 301):
        peer.log(session, f"unseen {count}")
    page.context.set_offline(False)
    expect(page.get_by_role("log")).to_contain_text("unseen 300", timeout=30_000)
    page.get_by_role("log").press("Home")
    expect(page.get_by_role("log")).to_contain_text("unseen 1")
    peer.emit("response", {"response": "made it", "session": session})
    expect(page.get_by_text("made it")).to_be_visible(timeout=30_000)
