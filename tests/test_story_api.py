"""A program uses the own API as docs/api.md shows it, on a real server with a real script."""

import os
import re
import subprocess
import sys

import pytest

from .scripts import VERSIONS
from .server import ROOT

pytestmark = pytest.mark.story


def example():
    """The guide's program that runs a plugin and follows it."""
    guide = (ROOT / "docs" / "api.md").read_text()
    return next(block for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "import requests" in block)


def test_the_guides_program_runs_a_plugin_and_follows_it_to_its_end(new_server, script, tmp_path):
    server = new_server()
    plugin = server.new_plugin()
    server.new_project(plugin, assets=12)
    script(server, VERSIONS[0], plugin, "logger.info('Hello')\nreturn 'All is done.'")
    server.wait_online(plugin)
    program = tmp_path / "program.py"
    program.write_text(example())
    environment = {**os.environ, "PLUGINHOST": server.url, "KEY": server.key}
    done = subprocess.run(
        [sys.executable, program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "INFO Hello" in done.stdout
    assert "succeeded" in done.stdout
    assert "All is done." in done.stdout
    assert "'no_result'" in done.stdout


def test_the_whole_log_is_downloaded_from_a_server(server, script):
    plugin = server.new_plugin()
    project = server.new_project(plugin)
    script(server, VERSIONS[1], plugin, "for number in range(300):\n    logger.info(f'line {number}')\nreturn 'ok'")
    server.wait_online(plugin)
    session = server.wait_state(server.run(project, plugin))
    text = server.request("GET", f"/api/v1/sessions/{session['id']}/log?format=text")
    assert text.headers["Content-Type"].startswith("text/plain")
    assert len(text.text.splitlines()) == session["log_lines"] == 300
