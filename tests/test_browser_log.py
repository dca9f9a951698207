"""The log viewer in a real browser: following, searching, levels, links to lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from .peer import Peer, peer_of
from .server import Server
from .waiting import until

pytestmark = [pytest.mark.story, pytest.mark.browser, pytest.mark.xdist_group("log")]


@dataclass
class Running:
    """A session that its script has been sent, and the page that shows it."""

    server: Server
    page: Page
    peer: Peer
    number: int
    session: str

    @property
    def lines(self) -> Locator:
        return self.page.get_by_role("log")

    def part(self, name: str) -> Locator:
        return self.page.locator(f"#log [data-part={name}]")

    def say(self, count: int, text: str = "line", level: str = "INFO") -> None:
        for n in range(count):
            self.peer.log(self.session, f"{text} {n}", level)

    def wait_for(self, count: int) -> None:
        until(lambda: self.server.session(self.number)["log_lines"] == count, f"{count} lines")

    def open(self, place: str = "") -> None:
        self.page.goto(f"/sessions/{self.number}/{place}")
        expect(self.page.locator("#log")).to_have_class(re.compile("ready"))


@pytest.fixture
def running(server: Server, page: Page) -> Iterator[Running]:
    plugin = server.new_plugin(name="Talker")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as peer:
        yield Running(server, page, peer, number, peer.wait_order()["session"])


def test_before_the_first_line_it_says_so(running):
    running.open()
    expect(running.part("empty")).to_contain_text("Waiting for the first line")
    running.say(1)
    expect(running.part("empty")).to_be_hidden()


def test_scrolling_up_stops_following_and_the_pill_goes_on(running):
    running.say(200)
    running.wait_for(200)
    running.open()
    expect(running.lines).to_contain_text("line 199")
    running.lines.hover()
    running.page.mouse.wheel(0, -1500)
    expect(running.part("follow")).to_be_visible()
    first = running.lines.locator(".row >> nth=20").get_attribute("id")
    running.say(30, "fresh")
    expect(running.part("follow")).to_contain_text("30 new lines")
    expect(running.lines.locator(".row >> nth=20")).to_have_id(first)
    running.part("follow").click()
    expect(running.lines).to_contain_text("fresh 29")
    expect(running.part("follow")).to_be_hidden()
    running.say(5, "after")
    expect(running.lines).to_contain_text("after 4")


def test_searching_marks_counts_and_hides(running):
    running.say(300)
    running.say(2, "needle")
    running.say(300)
    running.wait_for(602)
    running.open()
    running.page.keyboard.press("/")
    running.page.keyboard.type("NEEDLE")
    expect(running.part("counter")).to_have_text("1 of 2")
    expect(running.lines.locator("mark.now")).to_be_in_viewport()
    running.part("next").click()
    expect(running.part("counter")).to_have_text("2 of 2")
    running.part("hides").check()
    expect(running.lines.locator(".row[id]")).to_have_count(2)
    expect(running.part("shown")).to_have_text("2 of 602 lines")
    running.say(1, "needle again")
    expect(running.lines.locator(".row[id]")).to_have_count(3)
    running.page.locator(".logfoot [data-shows-all]").click()
    expect(running.part("shown")).to_have_text("603 lines")


def test_a_search_without_a_match_says_how_much_is_hidden(running):
    running.say(3)
    running.wait_for(3)
    running.open("?q=nowhere&only=1")
    expect(running.part("empty")).to_contain_text("No line matches – 3 lines are hidden.")
    running.part("empty-clear").click()
    expect(running.lines).to_contain_text("line 2")


def test_a_level_shows_it_and_what_is_worse(running):
    running.say(30)
    running.say(1, "odd", "WARNING")
    running.say(1, "bad", "ERROR")
    running.wait_for(32)
    running.open()
    running.part("warning").click()
    expect(running.lines.locator(".row[id]")).to_have_count(2)
    expect(running.part("hidden")).to_contain_text("30 hidden by level")
    expect(running.page).to_have_url(re.compile("level=warning"))
    running.say(1, "more")
    running.say(1, "worse", "ERROR")
    expect(running.lines.locator(".row[id]")).to_have_count(3)
    running.part("debug").click()
    expect(running.part("shown")).to_have_text("34 lines")


def test_the_next_error_is_a_key_away(running):
    running.say(300)
    running.say(1, "bad", "ERROR")
    running.say(300)
    running.wait_for(601)
    running.open()
    running.page.keyboard.press("e")
    expect(running.lines.locator("#L301")).to_be_in_viewport()
    expect(running.lines.locator("#L301")).to_have_class(re.compile("picked"))
    expect(running.page).to_have_url(re.compile("#L301$"))


def test_a_range_of_lines_is_a_link(running):
    running.say(800)
    running.wait_for(800)
    running.open("#L300-L302")
    expect(running.lines.locator(".row.picked")).to_have_count(3)
    expect(running.lines.locator("#L301")).to_be_in_viewport()
    running.lines.locator("#L303 > a").click()
    expect(running.page).to_have_url(re.compile("#L303$"))
    running.lines.locator("#L305 > a").click(modifiers=["Shift"])
    expect(running.page).to_have_url(re.compile("#L303-L305$"))
    expect(running.lines.locator(".row.picked")).to_have_count(3)


def test_a_linked_line_that_is_filtered_out_can_be_shown(running):
    running.say(50)
    running.say(1, "bad", "ERROR")
    running.wait_for(51)
    running.open("?level=error#L20")
    expect(running.part("hidden-line")).to_contain_text("Line 20 is hidden by the filter.")


def test_colours_fields_and_long_lines(running):
    running.peer.log(running.session, "\x1b[31mred\x1b[0m and 10%\r50%\r90%")
    running.peer.emit("log", {"session": running.session, "level": "INFO", "msg": "with", "asset": "a.jpg", "n": 3})
    running.peer.log(running.session, "x" * 9000 + "END")
    running.wait_for(3)
    running.open()
    expect(running.lines.locator("#L1 > span")).to_have_text("90%")
    expect(running.lines.locator("#L2 .inrow")).to_have_text("asset, n")
    running.lines.locator("#L2 .inrow").click()
    expect(running.lines.locator("#L2 .fields")).to_contain_text("asset a.jpg")
    running.lines.locator("#L3 .more").click()
    expect(running.lines.locator("#L3")).to_contain_text("END")


def test_downloads_are_files(running):
    running.say(3)
    running.wait_for(3)
    running.open()
    running.page.get_by_text("Download", exact=True).click()
    with running.page.expect_download() as started:
        running.page.get_by_text("All as text").click()
    name = started.value.suggested_filename
    assert name == f"session-{running.number}-log.txt"
    assert started.value.path().read_text().count("\n") == 3


def test_without_script_the_last_lines_are_there(running, browser):
    running.say(250)
    running.wait_for(250)
    cookies = running.page.context.cookies()
    context = browser.new_context(java_script_enabled=False, base_url=running.server.url)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"/sessions/{running.number}/")
    expect(plain.locator("#L250")).to_contain_text("line 249")
    expect(plain.locator("#log")).to_contain_text("50 earlier lines are not shown here")
    context.close()


def test_a_million_lines_fit_no_browsers_limit_but_ours(running):
    """A list is higher than what a browser can scroll; here the limit is brought down to it."""
    running.say(2000)
    running.wait_for(2000)
    running.page.route(
        "**/js/log/list.js",
        lambda route: route.fulfill(
            response=(answer := route.fetch()), body=answer.text().replace("15_000_000", "15_000")
        ),
    )
    running.open()
    expect(running.lines).to_contain_text("line 1999")
    spool = running.page.locator("#log .spool")
    until(lambda: spool.evaluate("element => element.offsetHeight") == 15_000, "the list to be as high as it may")
    running.page.keyboard.press("Home")
    expect(running.lines.locator("#L1")).to_be_in_viewport()
    running.open("#L1000")
    expect(running.lines.locator("#L1000")).to_be_in_viewport()
    running.page.keyboard.press("End")
    expect(running.lines.locator("#L2000")).to_be_in_viewport()
