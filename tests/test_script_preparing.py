"""What a script is started with: its folder, its command, its environment, its requirements."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pluginhost import script_files, script_rules
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.errors import Conflict
from pluginhost.models import ManagedScript, ScriptInstance
from pluginhost.script_uploads import Upload
from pluginhost.supervisor import preparing

from . import makers
from .server import ROOT

HOST = "http://127.0.0.1:8000"
PYTHON = Path("/nowhere/bin/python")


@pytest.fixture(autouse=True)
def _allowed(settings, tmp_path):
    settings.PLUGINHOST_DATA_DIR = tmp_path / "data"
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"
    settings.PLUGINHOST_SCRIPT_PATHS = [tmp_path / "allowed"]
    (tmp_path / "allowed" / "detector" / "work").mkdir(parents=True)
    (tmp_path / "allowed" / "detector" / "run.py").write_text("HOST = '<YOUR HOST>'")


@pytest.fixture
def owner(alice):
    return makers.principal(alice)


def order(plugin):
    script = ManagedScript.objects.select_related("plugin", "code").get(plugin=plugin)
    instance = ScriptInstance(script=script, number=2)
    return preparing.order_of(instance, PYTHON, HOST, 3, 1000.0)


def test_an_upload_runs_in_a_copy(owner, plugin):
    script_codes.upload(owner, plugin, [Upload("script.py", io.BytesIO(b"HOST = '<YOUR HOST>'"))])
    made = order(plugin)
    folder = script_files.running(plugin.uid, 2)
    assert made["command"] == [str(PYTHON), "-u", str(folder / "script.py")]
    assert made["cwd"] == str(folder)
    assert (folder / "script.py").read_text() == f"HOST = '{HOST}'"
    assert made["says"] == "Start 3: python -u script.py"


def test_a_folder_of_the_servers_runs_where_it_is(owner, plugin, tmp_path):
    folder = tmp_path / "allowed" / "detector"
    fields = {"source": "path", "server_path": str(folder), "entry": "run.py", "working_directory": "work"}
    managed_scripts.configure(owner, plugin, fields)
    made = order(plugin)
    assert (made["command"][-1], made["cwd"]) == (str(folder / "run.py"), str(folder / "work"))
    assert (folder / "run.py").read_text() == "HOST = '<YOUR HOST>'"


def test_a_folder_that_leads_elsewhere_by_now_is_not_run(owner, plugin, tmp_path):
    folder = tmp_path / "allowed" / "detector"
    managed_scripts.configure(owner, plugin, {"source": "path", "server_path": str(folder), "entry": "run.py"})
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    with pytest.raises(Conflict, match="no such folder among those"):
        order(plugin)


def test_the_demos_script_is_the_one_in_the_checkout(owner, plugin, settings):
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    managed_scripts.configure(owner, plugin, {"source": "demo"})
    made = order(plugin)
    assert made["command"][-1] == str(ROOT / "examples" / "shape_finder.py")
    assert made["environment"]["PLUGINHOST_URL"] == HOST
    assert preparing.requirements_of(managed_scripts.of(plugin)) == (ROOT / "examples/requirements.txt").read_text()


def test_even_if_it_stood_in_the_row_nothing_of_ones_own_reaches_the_demos_script(owner, plugin):
    managed_scripts.configure(owner, plugin, {"source": "demo"})
    hidden = preparing.script_variables.hide({"PYTHONPATH": "/tmp/mine"})
    ManagedScript.objects.update(environment_encrypted=hidden, requirements="mine")
    assert "PYTHONPATH" not in order(plugin)["environment"]
    assert "mine" not in preparing.requirements_of(managed_scripts.of(plugin)).split()


def test_ours_cannot_be_replaced_by_its_own(owner, plugin):
    script_codes.upload(owner, plugin, [Upload("script.py", io.BytesIO(b""))])
    hidden = preparing.script_variables.hide({"PLUGINHOST_ID": "another", "OWN": "mine"})
    ManagedScript.objects.update(environment_encrypted=hidden)
    made = order(plugin)["environment"]
    assert (made["PLUGINHOST_ID"], made["OWN"], made["PLUGINHOST_INSTANCE"]) == (plugin.uid, "mine", "managed-2")


@pytest.mark.parametrize(("patience", "told"), [(10, "8"), (3, "1.5"), (0, "0")])
def test_our_own_client_is_told_to_hand_back_before_the_kill(owner, plugin, patience, told):
    script_codes.upload(owner, plugin, [Upload("script.py", io.BytesIO(b""))])
    ManagedScript.objects.update(patience_s=patience)
    assert order(plugin)["environment"]["PLUGINHOST_PATIENCE"] == told


def test_what_the_operator_names_is_passed_on(monkeypatch, settings):
    settings.PLUGINHOST_SCRIPT_VARIABLES = ["MODELS"]
    monkeypatch.setenv("MODELS", "/srv/models")
    monkeypatch.setenv("OTHER", "x")
    found = preparing.environment()
    assert found["MODELS"] == "/srv/models"
    assert "OTHER" not in found


def test_pip_may_know_where_packages_are_and_scripts_need_not(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:secret@index.example/")
    assert "PIP_INDEX_URL" in preparing.build_environment()
    assert "PIP_INDEX_URL" not in preparing.environment()


def test_a_proxy_is_not_asked_for_this_server():
    found = preparing.beside_proxies({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "example.org"}, HOST)
    assert found["NO_PROXY"] == found["no_proxy"] == "example.org,127.0.0.1"
    assert preparing.beside_proxies({}, HOST) == {}


@pytest.mark.parametrize(
    ("requirements", "added"),
    [
        ("", ["setuptools<81"]),
        ("ango==1.1.6", ["setuptools<81"]),
        ("setuptools==82\nango", []),
        ("  Setuptools", []),
        ("setuptools-scm", ["setuptools<81"]),
        ("numpy\nsetuptools>=60,<82", []),
    ],
)
def test_setuptools_is_added_unless_it_is_asked_for(requirements, added):
    assert preparing.asked_of_pip(requirements) == added


def test_other_requirements_are_another_environment():
    assert preparing.digest_of("numpy") == preparing.digest_of("numpy\n")
    assert preparing.digest_of("numpy") != preparing.digest_of("numpy==1")


def test_a_name_is_no_loopback_address(settings):
    settings.PLUGINHOST_HOST = "localhost.example.org"
    assert not script_rules.listens_on_loopback()
