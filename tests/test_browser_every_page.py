"""Every page: WCAG 2.1 AA by axe, light and dark, on a desk and on a phone, full and empty, for owner and viewer.

A page that is not in `every_page` fails here; so does one that says something in the console, that hangs over the edge
of a telephone, or on which the keyboard cannot go where the mouse can.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError

from . import every_page
from .browser import browser, complaints_of  # noqa: F401
from .every_page import ANSWERS, MISSING, PAGES, POSTED, SIGNED_OUT, World
from .server import Server, served
from .visitor import Visitor

pytestmark = [pytest.mark.story, pytest.mark.browser, pytest.mark.looks]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"><path d="M0 0h640v480H0z"/></svg>'

INSIDE = AXE + Path(__file__).with_name("every_page.js").read_text()
COLOURS = ["color-contrast"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, World]]]:
    """A server of its own: what is looked at here must not depend on what other tests leave behind."""
    with served(tmp_path_factory.mktemp("every-page")) as server:
        yield server, every_page.seeded(server)


@pytest.fixture(scope="module")
def people(browser: Browser, filled: tuple[Server, dict[str, World]]) -> Iterator[dict[str, BrowserContext]]:  # noqa: F811
    """A browser's context for each person, and one for nobody."""
    server, worlds = filled
    contexts = {name: _context(browser, server) for name in [*worlds, "nobody"]}
    for name, world in worlds.items():
        cookies = Visitor(server).sign_in(world.username, world.password).cookies
        contexts[name].add_cookies([{"name": key, "value": value, "url": server.url} for key, value in cookies.items()])
    yield contexts
    for context in contexts.values():
        context.close()


def _context(browser: Browser, server: Server) -> BrowserContext:  # noqa: F811
    context = browser.new_context(viewport=DESK, base_url=server.url, color_scheme="light", reduced_motion="reduce")
    context.route("https://example.org/**", lambda route: route.fulfill(body=SQUARE, content_type="image/svg+xml"))
    context.add_init_script("localStorage.removeItem('theme')")
    return context


# --- the list is whole ---


def test_every_page_has_a_row():
    known = {name.partition(":")[0] for name in PAGES} | set(SIGNED_OUT) | POSTED | ANSWERS | {"admin"}
    assert every_page.url_names() - known == set(), "add them to tests/every_page.py"
    assert known - every_page.url_names() - {"admin", "api_docs"} == set(), "these are no URLs any more"


def test_what_is_only_posted_to_is_no_page(filled):
    server, worlds = filled
    owner = Visitor(server).sign_in()
    parts = {**worlds["owner"].parts, "number": "1", "user": "x"}
    assert owner.get(f"/projects/{parts['project']}/delete/").status_code == 405
    assert owner.get(f"/projects/{parts['project']}/assets/change/").status_code == 405


# --- each page ---


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fit_for_everybody(filled, people, name):
    found = [
        *_looked_at(filled, people, "owner", name, _thoroughly),
        *_looked_at(filled, people, "viewer", name, _on_a_phone_in_the_dark),
        *_looked_at(filled, people, "beginner", name, _in_short),
    ]
    assert found == []


@pytest.mark.parametrize("name", SIGNED_OUT)
def test_a_page_of_who_is_not_signed_in_is_fit_for_everybody(people, name):
    assert _visit(people["nobody"], SIGNED_OUT[name], 200, _thoroughly) == []


@pytest.mark.parametrize("name", MISSING)
def test_an_error_is_fit_for_everybody(people, name):
    assert _visit(people["owner"], MISSING[name], 404, _thoroughly) == []


def _looked_at(filled: Any, people: Any, person: str, name: str, look: Any) -> list[str]:
    address = filled[1][person].address(PAGES[name])
    if address is None:
        return []
    return [f"{person}: {what}" for what in _visit(people[person], address, (200, 403), look)]


def _visit(context: BrowserContext, address: str, statuses: int | tuple[int, ...], look: Any) -> list[str]:
    page = context.new_page()
    try:
        complaints = complaints_of(page)
        answer = page.goto(address)
        assert answer is not None
        page.wait_for_load_state()
        expected = statuses if isinstance(statuses, tuple) else (statuses,)
        found = [] if answer.status in expected else [f"answered {answer.status}"]
        found += _head(page)
        page.evaluate(INSIDE)
        found += look(page)
        return found + [words for words in complaints if not _is_expected(words, answer.status, address)]
    finally:
        page.close()


def _is_expected(complaint: str, status: int, address: str) -> bool:
    """The browser names a page that says no; Django's admin and Swagger UI try styles that they do without."""
    is_theirs = address.startswith(("/admin/", "/api/docs")) and "Applying inline style violates" in complaint
    return is_theirs or ("status of 40" in complaint and status in (403, 404))


# --- how a page is looked at ---


def _thoroughly(page: Page) -> list[str]:
    found = _marked("desk, light", _axe(page))
    found += _marked("keyboard", _keyboard(page))
    found += _marked("twice the same id", page.evaluate("everyPage.twins()"))
    found += _marked("dialog", _dialogs(page))
    page.emulate_media(color_scheme="dark")
    found += _marked("desk, dark", _axe(page, COLOURS))
    page.set_viewport_size(PHONE)
    found += _marked("phone", page.evaluate("everyPage.overTheEdge()"))
    found += _marked("phone, dark", _axe(page))
    page.emulate_media(color_scheme="light")
    return found + _marked("phone, light", _axe(page, COLOURS))


def _on_a_phone_in_the_dark(page: Page) -> list[str]:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    return _marked("phone", page.evaluate("everyPage.overTheEdge()")) + _marked("phone, dark", _axe(page))


def _in_short(page: Page) -> list[str]:
    found = _marked("desk, light", _axe(page))
    page.set_viewport_size(PHONE)
    return found + _marked("phone", page.evaluate("everyPage.overTheEdge()"))


def _head(page: Page) -> list[str]:
    """A title of its own and one heading of the first rank."""
    with contextlib.suppress(TimeoutError):
        page.locator("h1:visible").first.wait_for()  # Swagger UI writes its own when it has the schema
    title = page.title().partition("·")[0].strip()
    headings = page.locator("h1:visible").count()
    return ([] if title else ["no title"]) + ([] if headings == 1 else [f"{headings} headings h1"])


def _axe(page: Page, rules: list[str] | None = None, where: str | None = None) -> list[str]:
    return list(page.evaluate("asked => everyPage.axe(asked)", {"where": where, "rules": rules}))


def _keyboard(page: Page) -> list[str]:
    """The first Tab goes to the way past the navigation; then every element is asked whether it takes the focus."""
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.className || document.activeElement.tagName")
    found = [] if first != "BODY" else ["Tab goes nowhere"]
    return found + list(page.evaluate("everyPage.notByKeyboard()"))


def _dialogs(page: Page) -> list[str]:
    """Each dialog, opened over the page."""
    found = []
    for dialog in page.evaluate("everyPage.dialogs()"):
        page.evaluate("id => everyPage.open(id)", dialog)
        found += [f"{dialog}: {what}" for what in _axe(page, where=f"#{dialog}")]
        page.evaluate("id => everyPage.close(id)", dialog)
    return found


def _marked(where: str, found: list[str]) -> list[str]:
    return [f"{where}: {what}" for what in dict.fromkeys(found)]
