"""A real browser for the tests: Debian's Chromium, driven by Playwright. Imported by the modules that need it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

from .server import Server
from .visitor import Visitor

CHROMIUM = Path(os.environ.get("PLUGINHOST_CHROMIUM", "/usr/bin/chromium"))
# What the browser itself says of an address that it could not reach; a test that cuts the line means it.
_OF_THE_LINE = ("net::ERR_", "WebSocket connection to", "status of 502", "status of 503")

_POINTING = ("check", "click", "dblclick", "drag_to", "hover", "set_checked", "tap", "uncheck")
_TYPING = ("clear", "fill", "focus", "press", "press_sequentially", "select_option", "select_text", "set_input_files")

expect.set_options(timeout=30_000)  # two browsers, two servers and their scripts may share two cores


def _once_loaded(act: Callable[..., Any]) -> Callable[..., Any]:
    """Act when the page that the element is on has loaded.

    A program is quicker than the page: it clicks on what it sees before the page's modules listen, and nothing comes
    of it. After a click on a link this waits for the new page, since the element is looked for first.
    """

    @functools.wraps(act)
    def acts(self: Locator, *arguments: Any, **options: Any) -> Any:
        self.wait_for(state="attached")
        self.page.wait_for_load_state()
        return act(self, *arguments, **options)

    return acts


def _of_loaded(of_page: property) -> property:
    """The keyboard or the mouse of a page, as soon as somebody listens to it."""

    def given(self: Page) -> Any:
        self.wait_for_load_state()
        return of_page.__get__(self)

    return property(given)


for _name in (*_POINTING, *_TYPING):
    setattr(Locator, _name, _once_loaded(getattr(Locator, _name)))
for _name in ("keyboard", "mouse"):
    setattr(Page, _name, _of_loaded(getattr(Page, _name)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser a module: Playwright's loop has to be gone before other tests touch the database."""
    if not CHROMIUM.exists():
        pytest.skip(f"no chromium at {CHROMIUM} (apt install chromium, or set PLUGINHOST_CHROMIUM)")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of the signed-in administrator. What the console complained about fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server.url)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    sign_in(context, server)
    opened = context.new_page()
    complaints = complaints_of(opened)
    yield opened
    context.close()
    assert complaints == []


_signed_in: dict[str, dict[str, str]] = {}
"""The administrator's cookies by the server's address: a password is meant to take long to be checked."""


def sign_in(context: BrowserContext, server: Server) -> None:
    cookies = _signed_in.get(server.url, {})
    if not _are_good(server, cookies):
        cookies = _signed_in[server.url] = Visitor(server).sign_in().cookies
    context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])


def _are_good(server: Server, cookies: dict[str, str]) -> bool:
    """Whether a page is shown for them; a test may have signed out, or be another server's at the same address."""
    answer = requests.get(f"{server.url}/plugins/", cookies=cookies, allow_redirects=False, timeout=60)
    return answer.status_code == 200


def complaints_of(page: Page) -> list[str]:
    """Errors of scripts and of the security policy, as they come; not those of a line that was cut."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in _OF_THE_LINE):
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
