"""The review in a real browser: a script's results wait, the numbers follow what is chosen, and what is taken lands."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .peer import peer_of

pytestmark = [pytest.mark.story, pytest.mark.browser]
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><path d="M0 0h200v100H0z"/></svg>'


@pytest.fixture
def pictures(page):
    page.context.route("https://example.org/**", lambda route: route.fulfill(body=SQUARE, content_type="image/svg+xml"))


def tools_of(server, project):
    tools = server.api("GET", f"/v2/project/{project}")["data"]["project"]["categorySchema"]["tools"]
    return {tool["title"]: tool["schemaId"] for tool in tools}


def box(schema_id, confidence):
    return {
        "schemaId": schema_id,
        "bounding-box": {"x": 20, "y": 10, "width": 50, "height": 40},
        "confidence": confidence,
    }


@pytest.fixture
def reviewed(server):
    """A session asked for with a review, whose script has sent two cars and a doubtful bus on two of three assets."""
    plugin = server.new_plugin(name="Looked at")
    project = server.new_project(plugin, assets=3)
    number = server.run(project, plugin, review_first=True)
    tools = tools_of(server, project)
    with peer_of(server, plugin) as peer:
        key = peer.wait_order()["apiKey"]
        items = [
            {"externalId": "image_00001.jpg", "objects": [box(tools["Car"], 0.9), box(tools["Bus"], 0.2)]},
            {"externalId": "image_00002.jpg", "objects": [box(tools["Car"], 0.6)]},
        ]
        server.api("POST", "/v2/import/labels", {"project": project, "jsonContent": items}, key=key)
        yield project, number


def test_the_numbers_follow_the_choice_and_what_is_taken_lands(server, page, pictures, reviewed):
    project, number = reviewed
    page.goto(f"/sessions/{number}/review/")
    take = page.locator("#review-actions button")
    expect(take).to_have_text(re.compile("Accept all 3 objects"))

    page.get_by_label("Least confidence").fill("0.5")
    expect(take).to_have_text(re.compile("Accept 2 objects on 2 assets"))
    expect(page.locator(".over g .low")).to_have_count(1)
    expect(page).to_have_url(re.compile("least=0.5"))

    page.get_by_label("Reject image_00002.jpg").check()
    expect(take).to_have_text(re.compile("Accept 1 object on 1 asset"))
    page.get_by_role("link", name=re.compile("^Rejected 1$")).click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(take).to_have_text(re.compile("Accept 1 object on 1 asset"))

    take.click()
    expect(page).to_have_url(re.compile(f"/sessions/{number}/results/"))
    expect(page.get_by_text("1 object on 1 asset")).to_be_visible()
    assert server.api("GET", f"/api/v1/projects/{project}")["counts"]["pre_labeled"] == 1


def test_a_class_is_left_out(page, pictures, reviewed):
    page.goto(f"/sessions/{reviewed[1]}/review/")
    page.get_by_role("checkbox", name="Car").uncheck()
    take = page.locator("#review-actions button")
    expect(take).to_have_text(re.compile("Accept 1 object on 1 asset"))
    page.get_by_role("checkbox", name="Car").check()
    expect(take).to_have_text(re.compile("Accept all 3 objects"))


def test_what_landed_is_undone_and_redone_with_what_it_touches_said_first(server, page, pictures, reviewed):
    project, number = reviewed
    page.goto(f"/sessions/{number}/review/")
    page.locator("#review-actions button").click()
    expect(page).to_have_url(re.compile("/results/"))
    page.get_by_role("link", name=re.compile("^Undo 1 import")).click()
    expect(page.get_by_text("3 objects on 2 assets are taken back")).to_be_visible()
    page.get_by_role("button", name="Undo 3 objects").click()
    expect(page).to_have_url(re.compile("/results/"))
    assert server.api("GET", f"/api/v1/projects/{project}")["counts"]["pre_labeled"] == 0
    page.get_by_role("link", name=re.compile("^Redo 1 import")).click()
    page.get_by_role("button", name="Redo 3 objects").click()
    expect(page).to_have_url(re.compile("/results/"))
    assert server.api("GET", f"/api/v1/projects/{project}")["counts"]["pre_labeled"] == 2


def test_ticked_assets_are_run_again(server, page, pictures, reviewed):
    _, number = reviewed
    server.api("POST", f"/api/v1/sessions/{number}/cancel", {})
    server.wait_state(number)
    page.goto(f"/sessions/{number}/results/")
    page.get_by_label("Select image_00002.jpg").check()
    page.get_by_role("button", name="Rerun 1").click()
    expect(page).to_have_url(re.compile(r"/sessions/\d+/$"))
    expect(page.get_by_text(re.compile(f"on 1 asset of #{number}"))).to_be_visible()


def test_much_is_shown_before_it_is_counted_and_the_numbers_come_by_themselves(server, page, pictures):
    plugin = server.new_plugin(name="Much")
    project = server.new_project(plugin, assets=5_001)
    number = server.run(project, plugin, review_first=True)
    car = tools_of(server, project)["Car"]
    with peer_of(server, plugin) as peer:
        key = peer.wait_order()["apiKey"]
        items = [{"externalId": f"image_{n:05}.jpg", "objects": [box(car, n / 5_001)]} for n in range(1, 5_002)]
        server.api("POST", "/v2/import/labels", {"project": project, "jsonContent": items}, key=key)
        without_script = page.request.get(f"/sessions/{number}/review/").text()
        assert "image_00001.jpg" in without_script
        assert "Counting what is staged" in without_script
        page.goto(f"/sessions/{number}/review/")
        expect(page.locator("#review-actions button")).to_have_text(re.compile("Accept all 5,001 objects"))
        page.get_by_label("Least confidence").fill("0.5")
        expect(page.locator("#review-actions button")).to_have_text(re.compile("Accept 2,501 objects on 2,501 assets"))


def test_what_somebody_else_took_leaves_the_page(server, page, pictures, reviewed):
    _, number = reviewed
    page.goto(f"/sessions/{number}/review/")
    expect(page.locator("#review-actions button")).to_be_visible()
    server.api("POST", f"/api/v1/sessions/{number}/apply", {})
    expect(page.get_by_text("Nothing waits for review")).to_be_visible()


def test_the_button_that_takes_it_says_that_it_is_on_its_way(page, pictures, reviewed):
    _, number = reviewed
    page.goto(f"/sessions/{number}/review/")
    take = page.locator("#review-actions button")
    expect(take).to_be_visible()
    page.evaluate("document.addEventListener('submit', (event) => event.preventDefault())")  # after the page's own
    take.click()
    expect(take).to_have_attribute("aria-busy", "true")
