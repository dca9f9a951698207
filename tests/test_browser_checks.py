"""Checking an import in a real browser: pasted or from a file, and each reason shown at its place."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.story, pytest.mark.browser]
GOOD = {"title": "Car", "bounding-box": {"x": 1, "y": 2, "width": 3, "height": 4}}
FLAT = {"title": "Car", "bounding-box": {"x": 1, "y": 2, "width": 0, "height": 4}}


def item(number, *objects):
    return {"externalId": f"image_{number:05}.jpg", "objects": list(objects) or [GOOD]}


@pytest.fixture
def checking(server, page):
    """The page on which imports to a new project are checked."""
    project = server.new_project(assets=3)
    page.goto(f"/projects/{project}/imports/")
    page.get_by_role("link", name="Check an import").click()
    page.wait_for_load_state()
    return page


def check(page):
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_load_state()


def selected(page):
    area = page.get_by_label("Import JSON")
    return area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_reason_is_shown_where_it_stands_in_the_json(checking, indent):
    items = [item(1), *(item(2) for _ in range(40)), item(3, GOOD, FLAT), item(9)]
    checking.get_by_label("Import JSON").fill(json.dumps({"project": "x", "jsonContent": items}, indent=indent))
    check(checking)
    expect(checking.get_by_text("2 items of 43 would be rejected.")).to_be_visible()
    checking.get_by_role("button", name="[41].objects[1].bounding-box.width").click()
    area = checking.get_by_label("Import JSON")
    expect(area).to_be_focused()
    assert selected(checking) == "0"
    assert area.evaluate("area => area.scrollTop + area.scrollLeft") > 100
    checking.get_by_role("button", name="[42].externalId").click()
    assert selected(checking) == '"image_00009.jpg"'


def test_a_chosen_file_is_put_where_it_can_be_read(checking, tmp_path):
    path = tmp_path / "items.json"
    path.write_text(json.dumps([item(1), item(2)]))
    checking.get_by_label("Or a file").set_input_files(path)
    expect(checking.get_by_label("Import JSON")).to_have_value(path.read_text())
    check(checking)
    expect(checking.get_by_text("All 2 items would be taken:")).to_be_visible()


def test_what_is_no_json_is_said_to_be_none_and_kept(checking):
    checking.get_by_label("Import JSON").fill('[{"externalId": }]')
    check(checking)
    expect(checking.get_by_role("alert")).to_contain_text("not JSON at character 16")
    expect(checking.get_by_label("Import JSON")).to_have_value('[{"externalId": }]')


def test_too_large_a_file_is_refused_before_it_is_sent(checking, tmp_path):
    path = tmp_path / "large.json"
    path.write_text(" " * (11 * 2**20))
    checking.get_by_label("Or a file").set_input_files(path)
    expect(checking.get_by_role("alert")).to_have_text(
        "large.json has 11.0 MB. A check takes 10 MB: check a part of it."
    )
    expect(checking.get_by_label("Or a file")).to_have_value("")
    path.write_text(json.dumps([item(1)]))
    checking.get_by_label("Or a file").set_input_files(path)
    expect(checking.get_by_role("alert")).to_have_count(0)


def test_too_long_a_text_is_refused_before_it_is_sent(checking):
    """With a limit that a browser can be given quickly."""
    checking.locator("[data-check]").evaluate("form => { form.dataset.mostBytes = 150_000; }")
    checking.get_by_label("Import JSON").fill("[" + "1," * 80_000 + "1]")
    checking.get_by_role("button", name="Check", exact=True).click()
    expect(checking.get_by_role("alert")).to_contain_text("What you pasted has 0.2 MB.")
