"""The frame of every page in a real browser: keys, filters, dialogs, theme, and regions that renew themselves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .peer import peer_of

pytestmark = [pytest.mark.story, pytest.mark.browser]


def test_a_filter_applies_while_somebody_types(server, page):
    wanted, other = server.new_plugin(name="Lighthouse"), server.new_plugin(name="Tower")
    page.goto("/plugins/")
    page.keyboard.press("/")
    page.keyboard.type("lightho")
    expect(page.locator("#plugins")).not_to_contain_text("Tower")
    expect(page.locator("#plugins")).to_contain_text("Lighthouse")
    expect(page).to_have_url(re.compile(r"/plugins/\?q=lightho$"))
    expect(page.locator("[name=q]:focus")).to_have_count(1)
    assert wanted["id"] != other["id"]


def test_a_region_that_renews_itself_keeps_the_focus(server, page):
    plugin = server.new_plugin(name="Focus")
    page.goto("/plugins/?q=Focus")
    link = page.get_by_role("link", name="Focus")
    link.focus()
    with peer_of(server, plugin):
        expect(page.locator("#plugins")).to_contain_text("1 online")
        expect(link).to_be_focused()
    expect(page.locator("#plugins")).to_contain_text("Offline since")
    expect(link).to_be_focused()


def test_a_look_that_finds_nothing_new_touches_nothing(server, page):
    plugin = server.new_plugin(name="Still")
    with page.expect_response(lambda answer: "x-live" in answer.request.headers):
        page.goto("/plugins/?q=Still")
        page.evaluate("document.getElementById('plugins').isTheSame = true")
    with page.expect_response(lambda answer: "x-live" in answer.request.headers):
        server.api("PATCH", f"/api/v1/plugins/{plugin['id']}", {"description": "Not shown in the list."})
    assert page.evaluate("document.getElementById('plugins').isTheSame")


def test_rows_can_be_walked_and_opened_by_keys(server, page):
    server.new_plugin(name="Walk A")
    server.new_plugin(name="Walk B")
    page.goto("/plugins/?q=Walk")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Walk A")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Walk A")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(f"{server.url}/")


def test_a_dialog_gives_the_focus_back(server, page):
    plugin = server.new_plugin(name="Dialog")
    page.goto(f"/plugins/{plugin['id']}/development/")
    button = page.get_by_role("button", name="Rotate…")
    button.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_a_plugin_cannot_be_deleted_by_a_click_alone(server, page):
    plugin = server.new_plugin(name="Deleted")
    page.goto(f"/plugins/{plugin['id']}/settings/")
    page.get_by_role("button", name="Delete…").click()
    button = page.get_by_role("button", name="Delete the plugin")
    expect(button).to_be_disabled()
    page.get_by_label("to confirm").fill("Deleted")
    button.click()
    page.wait_for_url("**/plugins/")
    expect(page.get_by_role("status").filter(has_text="was deleted")).to_be_visible()


def test_the_theme_is_remembered(server, page):
    page.goto("/plugins/")
    page.get_by_role("button", name="Switch between light and dark").click()
    chosen = page.evaluate("document.documentElement.dataset.theme")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == chosen


def test_times_are_shown_in_the_chosen_zone(server, browser, page):
    plugin = server.new_plugin(name="Zone")
    with peer_of(server, plugin):
        page.goto(f"/plugins/{plugin['id']}/connections/")
        expect(page.locator("time").first).to_have_attribute("title", re.compile(r" UTC$"))
        switch = page.locator("[data-zone-switch]")
        expect(switch).to_have_text("Times in UTC")
        switch.click()
        expect(switch).to_have_text(re.compile(r"Times in UTC[+−]\d"))
        page.reload()
        expect(switch).to_have_text(re.compile(r"Times in UTC[+−]\d"))


def test_on_a_phone_nothing_hangs_over_the_edge(server, page):
    plugin = server.new_plugin(name="A plugin with a name that is rather long for a telephone")
    page.set_viewport_size({"width": 390, "height": 844})
    for place in ("", "new/", *(f"{plugin['id']}/{tab}/" for tab in ("development", "connections", "settings"))):
        page.goto(f"/plugins/{place}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
    page.get_by_label("Menu").click()
    page.get_by_role("navigation", name="Main, small screens").get_by_role("link", name="Projects").click()
    page.wait_for_url("**/projects/")
