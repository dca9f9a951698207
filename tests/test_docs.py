"""The documents say what is so."""

import re

import pytest

from dashboard import settings_page
from pluginhost.protocol.import_items import CODES, NOTICES

from .clients import CLIENTS
from .server import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_variable_is_documented():
    sources = [*ROOT.glob("dashboard/*.py"), *ROOT.glob("dashboard/serve/*.py")]
    read = {name for source in sources for name in re.findall(r'environment\.\w+\(\s*"(\w+)"', source.read_text())}
    told = {name for section in settings_page.SECTIONS.values() for name in section}
    assert "PLUGINHOST_PORT" in read
    assert read - told == set()
    assert told - read == set()


def test_the_settings_page_is_what_the_code_reads():
    written = (ROOT / "docs" / "settings.md").read_text()
    assert written.strip() == settings_page.markdown().strip(), "python manage.py settingspage > docs/settings.md"


def test_every_reason_and_notice_of_imports_is_documented():
    page = (ROOT / "docs" / "imports.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    assert rows == CODES | NOTICES


def anchors_of(document):
    """What its headings are linked by."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\(([^):]+)\)", document.read_text()):
        path, _, anchor = target.partition("#")
        there = document.parent / path if path else document
        assert there.exists(), target
        assert not anchor or anchor in anchors_of(there), target


def test_the_index_links_every_page():
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages - set(re.findall(r"\]\(([\w-]+\.md)\)", index)) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_is_there(document):
    known = {name for section in settings_page.SECTIONS.values() for name in section}
    names = {name.rstrip("_") for name in re.findall(r"`(PLUGINHOST_[A-Z_]+)`", document.read_text())}
    assert names - known - {"PLUGINHOST_ID", "PLUGINHOST_SECRET", "PLUGINHOST_INSTANCE"} - of_the_client() == set()


def of_the_client():
    """The variables that our own client reads."""
    sources = (ROOT / "pluginhost" / "client").glob("*.py")
    return {name for source in sources for name in re.findall(r'environ\.get\("(\w+)"', source.read_text())}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=lambda client: client.name)
def test_the_clients_stand_in_their_page_as_the_tests_know_them(client):
    page = (ROOT / "docs" / "clients.md").read_text()
    takes, tells = f"`callback({client.takes})`", client.failure
    row = f"| `{client.package}` {client.version} | `{client.module}` | {takes} | {client.begins_with} | {tells} |"
    assert row in page
