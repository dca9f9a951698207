"""The Supervision tab in a real browser: uploaded, started, given up, mended, stopped."""

import io
import zipfile

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.story, pytest.mark.browser]

STEADY = """
import os, signal
print('its word is', os.environ.get('WORD'))
print('all is well', flush=True)
while True:
    signal.pause()
"""
FALLS = "import sys\nsys.exit('it has no model')\n"


@pytest.fixture
def server(new_server):
    """One whose operator lets it run scripts."""
    return new_server(managed_scripts=1)


@pytest.fixture
def tab(server, page):
    """The tab of a plugin that has no script yet."""
    plugin = server.new_plugin(name="Kept here")
    page.goto(f"/plugins/{plugin['id']}/supervision/")
    return page


def upload(tab, name, content):
    tab.get_by_label("A Python file, or a zip of a folder").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    tab.get_by_role("button", name="Upload", exact=True).click()


def zipped(**files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return body.getvalue()


def test_a_script_is_uploaded_started_given_a_variable_and_stopped(server, tab):
    upload(tab, "steady.py", STEADY.encode())
    tab.get_by_role("button", name="Start", exact=True).click()
    expect(tab.locator("#script")).to_contain_text("Up for", timeout=90_000)
    expect(tab.locator("#log")).to_contain_text("its word is None")
    tab.get_by_role("link", name="Change", exact=True).click()
    tab.get_by_label("Name of a new variable").fill("WORD")
    tab.get_by_label("Its value").fill("a word that nobody reads")
    tab.get_by_role("button", name="Save changes").click()
    expect(tab.locator("#log")).to_contain_text("its word is •••", timeout=90_000)
    assert "nobody reads" not in tab.content()
    tab.get_by_role("button", name="Stop", exact=True).click()
    expect(tab.locator("#script")).to_contain_text("Stopped")
    expect(tab.locator("#happened")).to_contain_text("topped")


def test_one_that_falls_over_is_given_up_mended_and_runs(server, tab):
    upload(tab, "falls.py", FALLS.encode())
    tab.get_by_role("button", name="Start", exact=True).click()
    expect(tab.locator("#script")).to_contain_text("Backing off", timeout=90_000)
    tab.get_by_role("button", name="Start once more").click()
    expect(tab.locator("#script")).to_contain_text("Gave up: exit code 1", timeout=90_000)
    expect(tab.locator("#cause")).to_contain_text("it has no model")
    tab.get_by_role("link", name="Change", exact=True).click()
    upload(tab, "mended.py", STEADY.encode())
    tab.get_by_role("button", name="Start now").click()
    expect(tab.locator("#script")).to_contain_text("Up for", timeout=90_000)


def test_requirements_that_cannot_be_met_say_what_pip_says(server, tab):
    upload(tab, "script.zip", zipped(main_py=STEADY, requirements_txt="no-such-package-of-ours==1.0\n"))
    tab.get_by_role("button", name="Start", exact=True).click()
    expect(tab.locator("#cause")).to_contain_text("Its environment could not be made", timeout=120_000)
    expect(tab.locator("#cause")).to_contain_text("no-such-package-of-ours")
    expect(tab.locator("#log")).to_contain_text("no-such-package-of-ours")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"hello", "neither a Python file nor a zip"),
        ("broken.zip", b"PK\x03\x04 but no more", "cannot be unpacked"),
        ("broken.py", b"def broken(:\n", "broken.py, line 1"),
    ],
)
def test_what_is_no_script_is_refused_with_the_reason(tab, name, content, said):
    upload(tab, name, content)
    expect(tab.locator(".toasts")).to_contain_text(said)
