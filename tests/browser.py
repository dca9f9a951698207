"""A real browser for the tests: Debian's Chromium, driven by Playwright. Imported by the modules that need it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from .server import Server
from .visitor import Visitor

CHROMIUM = Path(os.environ.get("PLUGINHOST_CHROMIUM", "/usr/bin/chromium"))
# What the browser itself says of an address that it could not reach; a test that cuts the line means it.
_OF_THE_LINE = ("net::ERR_", "WebSocket connection to", "status of 502", "status of 503")

expect.set_options(timeout=15_000)


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


def sign_in(context: BrowserContext, server: Server) -> None:
    cookies = Visitor(server).sign_in().cookies
    context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])


def complaints_of(page: Page) -> list[str]:
    """Errors of scripts and of the security policy, as they come; not those of a line that was cut."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in _OF_THE_LINE):
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
