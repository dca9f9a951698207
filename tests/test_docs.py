"""The documents say what is so."""

import re

import pytest

from dashboard import settings_page

from .server import ROOT

DOCUMENTS = [
    ROOT / name for name in ("README.md", "docs/connect.md", "docs/settings.md", "docs/api.md", "ARCHITECTURE.md")
]


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    targets = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert missing == []
