"""The run dialog and a session's ways to run again, in a real browser: what is counted is what is run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .steered import Steered

pytestmark = [pytest.mark.story, pytest.mark.browser]


@pytest.fixture
def place(server):
    """A plugin without a script in a project of twelve assets: (the dialog's address, both ids)."""
    plugin = server.new_plugin(name="Chooser")
    project = server.new_project(plugin, assets=12)
    return f"/projects/{project}/plugins/{plugin['id']}/run/", project, plugin


def scope_of(page, server):
    """Of the session whose page is open."""
    expect(page).to_have_url(re.compile(r"/sessions/\d+/$"))
    session = server.session(int(page.url.rstrip("/").rpartition("/")[2]))
    return session["inputs"]


def test_a_filter_is_counted_as_it_is_typed(server, page, place):
    page.goto(place[0])
    go = page.locator("#run-go")
    expect(go).to_have_text(re.compile("Queue run on 12 assets"))
    page.get_by_label("Filter", exact=True).check()
    page.get_by_label("External ID contains").fill("image_0001")
    expect(go).to_have_text(re.compile("Queue run on 3 assets"))
    page.get_by_label("External ID contains").fill("nowhere")
    expect(go).to_have_text(re.compile("Queue run on 0 assets"))
    page.get_by_label("External ID contains").fill("IMAGE_00012")
    expect(go).to_have_text(re.compile("Queue run on 1 asset$"))
    page.get_by_label("External ID contains").press("Enter")  # runs it, and does not try it
    inputs = scope_of(page, server)
    assert (inputs["scope"], inputs["review_first"]) == ({"filter": {"external_id": "IMAGE_00012"}}, False)


def test_a_try_is_one_click(server, page, place):
    page.goto(place[0])
    page.get_by_role("button", name="Try on 3 assets").click()
    inputs = scope_of(page, server)
    assert (inputs["scope"], inputs["asset_count"], inputs["review_first"]) == ({"first": 3}, 3, True)


def test_what_was_left_is_run_again_and_a_try_goes_on(server, script, page, tmp_path):
    plugin = server.new_plugin(name="Leaver")
    project = server.new_project(plugin, assets=7)
    steered = Steered(tmp_path)
    script(server, "1.4.10", plugin, steered.body)
    number = server.run(project, plugin, scope={"first": 3})
    server.wait_state(number, "running")
    steered.answer("done")
    server.wait_state(number, "succeeded")
    steered.close()

    page.goto(f"/sessions/{number}/")
    expect(page.get_by_role("button", name="Go on with 4 assets")).to_be_visible()
    page.get_by_label("More ways to rerun").click()
    expect(page.get_by_role("button", name="Rerun 3 assets not accepted")).to_contain_text("3 not reached")
    page.get_by_role("link", name="Choose among them").click()

    go = page.locator("#run-go")
    expect(go).to_have_text(re.compile("on 3 assets"))
    page.get_by_label("Not reached").uncheck()
    expect(go).to_have_text(re.compile("on 0 assets"))
    page.get_by_label("The rest").check()
    expect(go).to_have_text(re.compile("on 4 assets"))
    go.click()
    inputs = scope_of(page, server)
    assert (inputs["scope"], inputs["asset_count"]) == ({"rest_of": number}, 4)
    expect(page.locator("#session-head")).to_contain_text(f"goes on from #{number}")
