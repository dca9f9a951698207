"""Takes the pictures of the README and the documentation from the real pages: a demo, its Shape finder, and one run.

Run it as `.venv/bin/python -m docs.screenshots` in the checkout.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import CHROMIUM, sign_in
from tests.scripts import Script, ango_environment
from tests.server import ROOT, Server, served

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 860}


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as shared, tempfile.TemporaryDirectory() as folder:
        Server.shared = Path(shared)
        take_all(Path(folder))


def take_all(folder: Path) -> None:
    with served(folder, demo=1) as server:
        project, session = run_the_finder(server, folder)
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
            context = chromium.new_context(viewport=SIZE, base_url=server.url, color_scheme="light")
            sign_in(context, server)
            page = context.new_page()
            plugin = plugin_of(server)
            take(page, f"/sessions/{session}/results/", "session")
            take(page, f"/projects/{project}/", "project")
            take(page, f"/plugins/{plugin}/development/", "plugin")
            take(page, f"/projects/{project}/plugins/{plugin}/run/", "run")
            take(page, f"/sessions/{session}/", "log")
            chromium.close()


def plugin_of(server: Server) -> str:
    """The Shape finder's id."""
    return next(one["id"] for one in server.api("GET", "/api/v1/plugins")["items"] if one["name"] == "Shape finder")


def run_the_finder(server: Server, folder: Path) -> tuple[str, int]:
    """One run on the demo's images; gives the ids of project and session."""
    (project,) = (one["id"] for one in server.api("GET", "/api/v1/projects")["items"])
    credentials = dict(line.split("=", 1) for line in server.manage("demo_credentials").split())
    script = Script(
        ango_environment("1.4.10"),
        ROOT / "examples" / "shape_finder.py",
        {"PLUGINHOST_URL": server.url, **credentials},
        output=folder / "finder.out",
    )
    try:
        session = server.run(project, {"id": plugin_of(server)})
        server.wait_state(session, within=180)
    finally:
        script.stop()
    return project, session


def take(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
