"""The line between page and server is cut and comes back: nothing is missing, and nobody reloads."""

import pytest
from playwright.sync_api import expect

from .server import served
from .steered import Steered
from .waiting import until

pytestmark = [pytest.mark.story, pytest.mark.browser, pytest.mark.xdist_group("line")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of this module's own, since its child is going to be killed."""
    with served(tmp_path_factory.mktemp("line")) as started:
        yield started


@pytest.fixture
def watched(server, script, page, tmp_path):
    """A page that shows a running session of a real script: (plugin, what the script is told by)."""
    plugin = server.new_plugin(name="Cut")
    project = server.new_project(plugin, assets=1)
    steered = Steered(tmp_path)
    script(server, "1.4.10", plugin, steered.body)
    number = server.run(project, plugin)
    server.wait_state(number, "running")
    steered.log("before")
    page.goto(f"/sessions/{number}/")
    expect(page.get_by_role("log")).to_contain_text("before")
    expect(page.locator("#connection")).to_contain_text("Live")
    page.evaluate("window.isTheSamePage = true")
    yield plugin, steered
    assert page.evaluate("window.isTheSamePage")
    steered.close()


def wait_back(server, after):
    """Until the script has connected again, as a newer connection than `after`."""
    newer = "SELECT count(*) FROM pluginhost_connection WHERE state = 'open' AND id > ?"
    until(lambda: server.rows(newer, after) == [(1,)], "the script to be back")


def test_the_serving_process_dies_and_is_replaced(server, page, watched):
    _, steered = watched
    newest = server.rows("SELECT max(id) FROM pluginhost_connection")[0][0]
    server.kill_child()
    server.wait_ready()
    wait_back(server, newest)
    steered.log("after the kill")
    expect(page.get_by_role("log")).to_contain_text("after the kill", timeout=30_000)
    expect(page.locator("#connection")).to_contain_text("Live", timeout=30_000)
    steered.answer("made it")
    expect(page.get_by_text("made it")).to_be_visible(timeout=30_000)


def test_the_browser_is_offline_for_a_while(page, watched):
    _, steered = watched
    page.context.set_offline(True)
    steered.log(*(f"unseen {count}" for count in range(1, 301)))
    page.context.set_offline(False)
    expect(page.get_by_role("log")).to_contain_text("unseen 300", timeout=30_000)
    page.get_by_role("log").press("Home")
    expect(page.get_by_role("log")).to_contain_text("unseen 1")
    steered.answer("made it")
    expect(page.get_by_text("made it")).to_be_visible(timeout=30_000)
