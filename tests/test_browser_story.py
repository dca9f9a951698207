"""One run in a real browser, with real scripts: register → copy → connect → run → watch → rerun."""

import re

import pytest
from playwright.sync_api import expect

from .scripts import VERSIONS
from .server import ADMIN_PASSWORD
from .steered import Steered
from .waiting import until

pytestmark = [pytest.mark.story, pytest.mark.browser]
CLIENTS = {"1.1.6": "ango up to 1.1", "1.4.10": "ango 1.3 and later"}


@pytest.mark.parametrize("version", VERSIONS)
def test_from_registering_to_the_rerun(server, script, page, version):
    project = server.new_project(name=f"Streets for {version}", assets=4)
    name = f"From the browser {version}"

    page.goto("/plugins/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Model classes").fill("Car\nBus")
    page.get_by_role("button", name="Register the plugin").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()

    source = copied_snippet(page, CLIENTS[version])
    assert server.url in source
    script(server, version, plugin_of(page), source=source)
    expect(page.locator("#contact .steps li.done")).to_have_count(2)  # the line turns green by itself

    page.goto(f"/projects/{project}/plugins/")
    page.get_by_role("listitem").filter(has_text=name).get_by_role("button", name="Enable").click()
    page.get_by_role("listitem").filter(has_text=name).get_by_role("link", name="Run", exact=True).click()
    page.get_by_role("button", name="Run on 4 assets").click()

    expect(page.locator("#session-head")).to_contain_text("Succeeded")
    expect(page.get_by_role("log")).to_contain_text("[4/4] image_00004.jpg: 2 objects")
    expect(page.get_by_text("4 assets were labeled.")).to_be_visible()
    first = page.url

    page.get_by_role("button", name="Rerun", exact=True).click()
    expect(page).not_to_have_url(first)
    expect(page.locator("#session-head")).to_contain_text("Succeeded")
    expect(page.locator("#attempts")).to_contain_text("Attempt 2 of 2")


def copied_snippet(page, client):
    """What «Copy» puts on the clipboard, once the secret is revealed."""
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator("#secret")).to_have_text(re.compile(r"^[0-9a-f-]{36}$"))
    page.get_by_role("button", name=client).locator("visible=true").first.click()
    page.locator(".snippet:visible").get_by_role("button", name="Copy", exact=True).click()
    secret = page.locator("#secret").inner_text()
    until(lambda: secret in page.evaluate("navigator.clipboard.readText()"), "the snippet to be on the clipboard")
    return page.evaluate("navigator.clipboard.readText()")


def plugin_of(page):
    return {"id": page.locator("#plugin-id").inner_text(), "secret": page.locator("#secret").inner_text()}


def test_signing_in_by_hand(server, page):
    page.context.clear_cookies()
    page.goto("/plugins/")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{server.url}/plugins/")


@pytest.fixture
def running(server, script, tmp_path):
    """A session that a real script is at work on: (what it is told by, its number)."""
    plugin = server.new_plugin(name="Watched")
    project = server.new_project(plugin, assets=2)
    steered = Steered(tmp_path)
    script(server, "1.4.10", plugin, steered.body)
    number = server.run(project, plugin)
    server.wait_state(number, "running")
    yield steered, number
    steered.close()


def test_the_log_opened_in_the_middle(server, page, running):
    script, number = running
    script.log(*(f"line {count}" for count in range(1, 5_001)))
    until(lambda: server.session(number)["log_lines"] == 5_000, "5,000 lines")

    page.goto(f"/sessions/{number}/")
    log = page.get_by_role("log")
    expect(log).to_contain_text("line 5000")
    expect(page.locator("[data-part=shown]")).to_contain_text("5,000")
    script.log(*(f"line {count}" for count in range(5_001, 5_011)))
    expect(log).to_contain_text("line 5010")

    log.press("Home")
    expect(log.locator("#L1")).to_have_text(re.compile(r"line 1$"))
    script.log("line 5011")
    expect(page.locator("[data-part=follow]")).to_be_visible()  # the reader is not torn away
    log.press("End")
    expect(log).to_contain_text("line 5011")

    page.goto(f"/sessions/{number}/#L2500")
    page.reload()
    expect(log.locator("#L2500")).to_be_in_viewport()

    script.answer("**enough**")
    expect(page.locator("#session-head")).to_contain_text("Succeeded")
    expect(page.locator(".said strong")).to_have_text("enough")


def test_twenty_thousand_lines_are_shown_in_order(server, page, running):
    script, number = running
    page.goto(f"/sessions/{number}/")
    script.log(*(f"line {count}" for count in range(1, 20_001)))
    log = page.get_by_role("log")
    expect(log).to_contain_text("line 20000", timeout=60_000)
    for place in (1, 7_777, 15_000):
        page.goto(f"/sessions/{number}/#L{place}")
        page.reload()
        expect(log.locator(f"#L{place}")).to_have_text(re.compile(rf"line {place}$"))
    script.answer("ok")


def test_text_is_shown_as_text(server, page, running):
    script, number = running
    page.goto(f"/sessions/{number}/")
    script.log("<img src=x onerror=alert(1)> & <b>bold</b>")
    expect(page.get_by_role("log")).to_contain_text("<img src=x onerror=alert(1)> & <b>bold</b>")
    script.answer("<script>alert(1)</script> [x](javascript:alert(1))")
    expect(page.locator("#session-head")).to_contain_text("Succeeded")
    expect(page.locator(".said script, .said [href^=javascript]")).to_have_count(0)


def test_cancelling_from_the_page(server, page, running):
    _, number = running
    page.goto(f"/sessions/{number}/")
    page.locator("#session-actions summary").click()
    page.get_by_role("button", name=f"Cancel #{number}").click()
    expect(page.locator("#session-head")).to_contain_text("Cancel")
    assert server.session(number)["state"] in {"cancelling", "cancelled"}


def test_a_refused_script_shows_on_the_plugins_page(server, script, page):
    plugin = server.new_plugin(name="Refused")
    page.goto(f"/plugins/{plugin['id']}/development/")
    refused = script(server, "1.4.10", plugin, secret="a wrong secret")
    expect(page.locator("#contact")).to_contain_text("The secret is wrong", timeout=30_000)
    refused.stop()
    script(server, "1.4.10", plugin)
    expect(page.locator("#contact")).to_contain_text("Online now", timeout=30_000)
