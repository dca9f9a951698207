"""The project's pages in a real browser: the run dialog counts and maps, pictures zoom, labels come by themselves."""

import re

import pytest
from playwright.sync_api import expect

from .peer import peer_of
from .waiting import until

pytestmark = [pytest.mark.story, pytest.mark.browser]
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><path d="M0 0h200v100H0z"/></svg>'
PLACE = "rect => { const box = rect.getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; }"


@pytest.fixture
def pictures(page):
    """Every picture of example.org is 200 × 100 pixels."""
    page.context.route("https://example.org/**", lambda route: route.fulfill(body=SQUARE, content_type="image/svg+xml"))


def tool_of(server, project, title):
    tools = server.api("GET", f"/v2/project/{project}")["data"]["project"]["categorySchema"]["tools"]
    return next(tool["schemaId"] for tool in tools if tool["title"] == title)


def import_box(server, project, key=None):
    box = {"x": 20, "y": 10, "width": 50, "height": 40}
    objects = [{"schemaId": tool_of(server, project, "Car"), "bounding-box": box}]
    given = [{"externalId": "image_00001.jpg", "objects": objects}]
    server.api("POST", "/v2/import/labels", {"project": project, "jsonContent": given}, key=key)


def test_the_run_dialog_counts_maps_and_mends(server, page, pictures):
    plugin = server.new_plugin(name="Dialog", class_names=["car", "tram"], default_config={"conf": 0.5})
    project = server.new_project(plugin, assets=3)
    page.goto(f"/projects/{project}/plugins/{plugin['id']}/run/")
    go = page.locator("#run-go")
    expect(go).to_have_text(re.compile("Queue run on 3 assets"))
    expect(page.get_by_text("No script is online")).to_be_visible()
    with peer_of(server, plugin):
        expect(go).to_have_text(re.compile("^\\s*Run on 3 assets"))  # by itself

    page.get_by_label("Only the first").check()
    page.locator("#id_first").fill("2")
    expect(go).to_contain_text("2 assets")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("0 of 2 mapped. car, tram are left out.")).to_be_visible()
    page.get_by_role("button", name="Auto-map by name").click()
    expect(page.get_by_text("1 of 2 mapped. tram is left out.")).to_be_visible()

    page.get_by_label("Config JSON").fill('{"conf": }')
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Line 1, column 10")
    expect(page.locator("#id_first")).to_have_value("2")
    page.get_by_role("button", name="Reset to default").click()
    go.click()
    expect(page).to_have_url(re.compile(r"/sessions/\d+/$"))


def test_coming_back_to_the_dialog_asks_for_another_run(server, page, pictures):
    plugin = server.new_plugin(name="Twice")
    project = server.new_project(plugin, assets=1)
    page.goto(f"/projects/{project}/plugins/{plugin['id']}/run/")
    page.locator("#run-go").dblclick()
    expect(page).to_have_url(re.compile(r"/sessions/\d+/$"))
    first = page.url
    page.go_back()
    page.locator("#run-go").click()
    expect(page).to_have_url(re.compile(r"/sessions/\d+/$"))
    assert page.url != first
    assert server.api("GET", f"/api/v1/sessions?project={project}")["total"] == 2


def test_escape_leaves_the_run_dialog(server, page, pictures):
    plugin = server.new_plugin(name="Left alone")
    project = server.new_project(plugin, assets=1)
    page.goto(f"/projects/{project}/plugins/{plugin['id']}/run/")
    expect(page.locator("dialog:modal#run")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/plugins/$"))


def test_labels_appear_over_a_picture_that_is_not_loaded_again(server, page, pictures):
    project = server.new_project(assets=1)
    page.goto(f"/projects/{project}/")
    expect(page.get_by_text("no labels")).to_be_visible()
    page.locator(".tile img").evaluate("image => { image.dataset.same = 'yes'; }")
    import_box(server, project)
    expect(page.get_by_text("1 box")).to_be_visible()
    expect(page.locator("svg.over")).to_have_attribute("viewBox", "0 0 200 100")  # as the browser found it
    expect(page.locator("svg.over rect")).to_have_attribute("x", "20")
    expect(page.locator(".tile img")).to_have_attribute("data-same", "yes")


def test_boxes_lie_where_they_were_found_and_lines_keep_their_width(server, page, pictures):
    project = server.new_project(assets=2)
    import_box(server, project)
    page.goto(f"/projects/{project}/assets/1/")
    page.get_by_role("button", name="1:1").click()
    expect(page.locator("[data-zoom-word]")).to_have_text("100 %")
    stage = page.locator("[data-stage]").bounding_box()
    assert (stage["width"], stage["height"]) == (200, 100)
    for _ in range(4):
        page.keyboard.press("+")
    scale = page.locator("[data-stage]").bounding_box()["width"] / 200
    assert scale == pytest.approx(1.25**4, rel=0.01)
    at, box = page.locator("[data-stage]").bounding_box(), page.locator("svg.over rect")
    expected = [at["x"] + 20 * scale, at["y"] + 10 * scale, 50 * scale, 40 * scale]
    until(
        lambda: box.evaluate(PLACE) == pytest.approx(expected, abs=3), lambda: f"{box.evaluate(PLACE)} to be {expected}"
    )
    assert box.evaluate("rect => getComputedStyle(rect).vectorEffect") == "non-scaling-stroke"
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("/assets/2/$"))


def test_a_picture_that_does_not_load_says_so(server, page):
    page.context.route("https://example.org/**", lambda route: route.abort())
    project = server.new_project(assets=1)
    page.goto(f"/projects/{project}/")
    expect(page.get_by_text("The picture did not load")).to_be_visible()


def test_assets_are_found_while_one_types(server, page, pictures):
    project = server.new_project(assets=12)
    page.goto(f"/projects/{project}/")
    page.keyboard.press("/")
    page.keyboard.type("00012")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=00012$"))
    expect(page.get_by_label("Filter by external ID")).to_be_focused()
