"""Home, the palette, members, keys and the bell in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .peer import peer_of
from .visitor import PASSWORD, Visitor, make_people

pytestmark = [pytest.mark.story, pytest.mark.browser]


def steps_done(page):
    return page.locator("#checklist li.done b")


def sign_in_as(page, server, name: str) -> None:
    page.context.clear_cookies()
    cookies = Visitor(server).sign_in(name, PASSWORD).cookies
    page.context.add_cookies([{"name": key, "value": value, "url": server.url} for key, value in cookies.items()])


def test_the_checklist_ticks_itself(server, page):
    make_people(server, "newcomer")
    sign_in_as(page, server, "newcomer")
    key = server.create_key("newcomer")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("From a script to pre-labels")
    expect(steps_done(page)).to_have_count(0)

    project = server.api("POST", "/api/v1/projects", {"name": "First"}, key=key)
    expect(steps_done(page)).to_have_text(["Create a project"])
    plugin = server.api("POST", "/api/v1/plugins", {"name": "First plugin", "class_names": ["Car"]}, key=key)
    expect(steps_done(page)).to_contain_text(["Create a project", "Register a plugin"])
    server.api("PUT", f"/api/v1/projects/{project['id']}/plugins/{plugin['id']}", {}, key=key)
    expect(steps_done(page)).to_contain_text(["Enable it in the project"])
    with peer_of(server, plugin):
        expect(steps_done(page)).to_contain_text(["Start it and see it go green"])
    page.get_by_role("link", name="Add assets").click()
    expect(page).to_have_url(re.compile(rf"/projects/{project['id']}/"))


# --- the palette ---


def opened_palette(page):
    page.wait_for_load_state()  # keys are heard from here on
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Go to")
    expect(palette.get_by_role("combobox")).to_be_focused()
    return palette


def chosen(palette):
    return palette.get_by_role("option", selected=True)


def test_the_palette_goes_to_a_plugin_by_keys_alone(server, page):
    server.new_plugin(name="Harbour master")
    page.goto("/projects/")
    palette = opened_palette(page)
    page.keyboard.type("harbour m")
    expect(chosen(palette)).to_have_text(re.compile("Harbour master"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Harbour master")).to_be_visible()


def test_arrows_move_through_what_was_found(server, page):
    page.goto("/projects/")
    palette = opened_palette(page)
    page.keyboard.type("api")
    expect(chosen(palette)).to_have_text(re.compile("API keys"))
    page.keyboard.press("Control+a")
    page.keyboard.type("pl")
    options = palette.get_by_role("option")
    expect(options).not_to_have_count(1)  # what «api» found is gone
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    field = palette.get_by_role("combobox")
    expect(field).to_have_attribute("aria-activedescendant", options.last.get_attribute("id"))
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")


def test_the_palette_switches_the_theme_and_gives_the_focus_back(server, page):
    page.goto("/projects/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    palette = opened_palette(page)
    page.keyboard.type("light and dark")
    expect(chosen(palette)).to_have_text(re.compile("Switch between"))
    page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    button = page.get_by_role("button", name="Go to…")
    button.click()
    expect(palette).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_enter_means_what_was_typed_and_not_what_is_shown_still(server, page):
    server.new_plugin(name="Quick fingers")
    page.goto("/projects/")
    opened_palette(page)
    page.keyboard.type("quick fing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Quick fingers")).to_be_visible()


def test_nothing_found_is_said(server, page):
    page.goto("/projects/")
    palette = opened_palette(page)
    page.keyboard.type("zzzzzz")
    expect(palette.get_by_role("status")).to_have_text("Nothing has these letters.")
    expect(palette.get_by_role("option")).to_have_count(0)


def test_run_a_plugin_from_home(server, page):
    plugin = server.new_plugin(name="Runner up")
    server.new_project(plugin, assets=1, name="Palette project")
    page.goto("/projects/")
    palette = opened_palette(page)
    page.keyboard.type("run runner")
    expect(chosen(palette)).to_have_text(re.compile("Run Runner up in Palette project"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/plugins/[0-9a-f]{24}/run/"))


# --- members, keys ---


def test_an_account_is_made_and_its_password_changed_at_once(server, page, browser):
    page.goto("/organizations/")
    page.get_by_label("Name to sign in with").fill("ines")
    page.get_by_role("button", name="Make the account").click()
    page.get_by_role("button", name="Copy the password").click()
    expect(page.get_by_text("Password copied.")).to_be_visible()
    password = page.evaluate("navigator.clipboard.readText()")
    assert page.locator("#made-password").inner_text() == password
    page.get_by_role("link", name="I have handed it over").click()
    expect(page.locator("#members")).to_contain_text("ines")
    expect(page.locator("body")).not_to_contain_text(password)

    context = browser.new_context(base_url=server.url)
    theirs = context.new_page()
    theirs.goto("/projects/")
    theirs.get_by_label("Name").fill("ines")
    theirs.get_by_label("Password").fill(password)
    theirs.get_by_role("button", name="Sign in").click()
    expect(theirs.get_by_role("heading", name="Change password")).to_be_visible()
    theirs.get_by_label("Present password").fill(password)
    theirs.get_by_label("New password", exact=True).fill("a sentence of my own")
    theirs.get_by_label("New password, again").fill("a sentence of my own")
    theirs.get_by_role("button", name="Change password").click()
    expect(theirs.get_by_role("navigation", name="Main", exact=True)).to_be_visible()
    expect(theirs).not_to_have_url(re.compile("password"))
    context.close()


def test_a_role_is_changed_and_a_member_removed(server, page):
    make_people(server, "joan")
    page.goto("/organizations/")
    page.get_by_label("Name or e-mail address").fill("joan@example.org")
    page.get_by_role("button", name=re.compile("Add to")).click()
    row = page.get_by_role("row").filter(has_text="joan")
    row.get_by_label(re.compile("^Role of joan: Runner")).click()
    row.get_by_role("button", name=re.compile("^Manager")).click()
    expect(page.get_by_role("status").filter(has_text="joan is a manager now.")).to_be_visible()
    page.get_by_role("link", name="Remove joan…").click()
    page.get_by_role("button", name="Remove joan").click()
    expect(page.locator("#members")).not_to_contain_text("joan@example.org")


def test_a_key_is_shown_once_and_works(server, page):
    page.goto("/account/api-keys/")
    page.get_by_label("What it is for").fill("in the browser")
    page.get_by_role("button", name="Make a key").click()
    page.locator(".shownonce").get_by_role("button", name="Copy").first.click()
    expect(page.get_by_text("Key copied.")).to_be_visible()
    key = page.evaluate("navigator.clipboard.readText()")
    assert key.startswith("ph_")
    assert server.api("GET", "/api/v1/me", key=key)["user"]
    page.get_by_role("link", name="I have stored it").click()
    expect(page.locator("body")).not_to_contain_text(key)
    row = page.get_by_role("row").filter(has_text="in the browser")
    row.get_by_text("Revoke…").click()
    row.get_by_role("button", name="Revoke it").click()
    expect(row).to_contain_text("revoked")
    assert server.request("GET", "/api/v1/me", key=key).status_code == 401


# --- the bell ---


def test_the_bell_rings_without_a_reload(server, page):
    plugin = server.new_plugin(name="Ringing")
    project = server.new_project(plugin, assets=1)
    Visitor(server).sign_in().post("/notifications/read/", page="/notifications/")  # those of other tests
    page.goto("/projects/new/")
    bell = page.locator("#bell")
    expect(bell).to_have_attribute("aria-label", re.compile("^Notifications"))
    expect(page.locator("#connection")).to_contain_text("Live")
    expect(page.locator("#bell .count")).to_have_count(0)
    with peer_of(server, plugin) as peer:
        number = server.run(project, plugin)
        peer.emit("response", {"session": peer.wait_order()["session"], "error": "The model is not there."})
        server.wait_state(number, "failed")
    expect(page.locator("#bell .count")).to_have_text("1")
    bell.click()
    expect(page.locator("#notifications")).to_contain_text("Ringing: failed")
    page.get_by_role("button", name="Open").first.click()
    expect(page).to_have_url(f"{server.url}/sessions/{number}/")
    expect(page.locator("#bell .count")).to_have_count(0)


# --- small and wide ---


def test_on_a_phone_nothing_hangs_over_the_edge(server, page):
    page.set_viewport_size({"width": 390, "height": 844})
    (home,) = server.api("GET", "/api/v1/me")["organizations"]
    tabs = [f"/organizations/{home['id']}/{tab}" for tab in ("", "audit/", "settings/", "retention/")]
    for place in ("/", "/notifications/", "/account/api-keys/", "/organizations/new/", *tabs):
        page.goto(place)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
