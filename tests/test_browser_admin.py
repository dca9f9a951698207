"""The administration and the API's page in a real browser, under the site's strict policy for scripts and styles."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.story, pytest.mark.browser]


def test_a_member_is_found_while_typing_and_added(server, page):
    page.goto("/admin/pluginhost/user/add/")
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password", exact=False).fill("a long enough word")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()

    page.goto("/admin/pluginhost/member/add/")
    choose(page, "organization", "My organization")
    choose(page, "user", "dora")
    page.get_by_label("Role").select_option("runner")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("dora (runner)").first).to_be_visible()


def choose(page, field, word):
    """Type into one of the fields that ask the server while one types."""
    page.locator(f".field-{field} .select2-selection").click()
    page.locator(".select2-search__field").fill(word)
    page.locator(".select2-results__option", has_text=word).click()


def test_a_session_is_cancelled_from_the_list(server, page):
    plugin = server.new_plugin(name="Idle")
    number = server.run(server.new_project(plugin), plugin)
    page.goto(f"/admin/pluginhost/session/?q={number}")
    row = page.get_by_role("row").filter(has_text=f"#{number}")
    row.get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Cancel the selected sessions")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text(f"Asked to stop: #{number}.")).to_be_visible()
    expect(row).to_contain_text("Cancelled")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_follows_the_system(page, theme):
    page.emulate_media(color_scheme=theme)
    page.goto("/admin/")
    paper = {"light": "rgb(245, 244, 239)", "dark": "rgb(14, 17, 22)"}[theme]
    expect(page.locator("body")).to_have_css("background-color", paper)


def test_the_apis_page_tries_a_call(server, page):
    page.goto("/api/docs")
    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").first.fill(server.key)
    page.locator(".auth-container").first.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").first.click()
    call = page.locator(".opblock", has_text="Whose key this is")
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table")).to_contain_text('"username": "admin"')
