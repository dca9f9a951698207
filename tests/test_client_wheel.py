"""The wheel of our own client: it holds that and nothing else, and needs no Django."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile

import pytest

from pluginhost.client.version import VERSION

from .own_client import client_environment
from .server import ROOT

BUILD = "import sys; import build_client; print(build_client.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as pip does it, by the backend alone."""
    folder = tmp_path_factory.mktemp("wheel")
    return folder / build(folder)


def build(folder):
    command = [sys.executable, "-c", BUILD, str(folder)]
    done = subprocess.run(command, cwd=ROOT / "client-wheel", capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_it_holds_the_client_and_nothing_else_of_ours(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pluginhost" / "client").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == sources
    assert "pluginhost/__init__.py" not in names
    assert "pluginhost/client/py.typed" in names


def test_it_says_what_it_needs(wheel):
    name = f"pluginhost_client-{VERSION}.dist-info/METADATA"
    metadata = zipfile.ZipFile(wheel).read(name).decode().splitlines()
    needed = {line.split(": ")[1].split(">")[0] for line in metadata if line.startswith("Requires-Dist")}
    assert needed == {"python-socketio", "websocket-client", "requests"}
    assert f"Version: {VERSION}" in metadata


def test_the_same_source_makes_the_same_wheel(wheel, tmp_path):
    assert (tmp_path / build(tmp_path)).read_bytes() == wheel.read_bytes()


def test_its_language_is_that_of_python_3_9():
    for path in (ROOT / "pluginhost" / "client").rglob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 9))


@pytest.mark.story
def test_its_environment_has_no_django_and_all_of_it_is_importable():
    code = (
        "import importlib, importlib.util, pkgutil, pluginhost.client as client\n"
        "assert importlib.util.find_spec('django') is None\n"
        "assert importlib.util.find_spec('pluginhost.models') is None\n"
        "for module in pkgutil.walk_packages(client.__path__, 'pluginhost.client.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(sorted(client.__all__))\n"
    )
    done = subprocess.run([client_environment(), "-c", code], cwd="/", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['BatchModelPlugin', 'PluginLogger', 'SDK', '__version__', 'run']"
