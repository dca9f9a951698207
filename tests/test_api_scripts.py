"""Managed scripts and connections through the own API."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.utils import timezone

from pluginhost import script_files, script_output, script_variables
from pluginhost.actions import managed_scripts
from pluginhost.models import Connection, ManagedScript, ScriptInstance, ScriptStart

from . import makers
from .api import Caller, paths, refusal


@pytest.fixture(autouse=True)
def allowed(settings, tmp_path):
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"
    settings.PLUGINHOST_DATA_DIR = tmp_path


@pytest.fixture
def api(alice, plugin):
    return Caller(alice)


@pytest.fixture
def at(plugin):
    return f"/plugins/{plugin.uid}/script"


def test_a_plugin_has_none_at_first(api, at):
    assert "no managed script yet" in refusal(api.get(at), 404)
    assert api.get(f"{at}/versions").json() == {"items": [], "next": None, "total": 0}


def test_a_version_is_uploaded_shown_and_chosen(api, at):
    answer = api.post(f"{at}/versions?name=detect.py", b"print(1)")
    assert answer.status_code == 201
    assert (answer.json()["number"], answer.json()["entry"], answer.json()["added_by"]) == (1, "detect.py", "alice")
    api.post(f"{at}/versions?name=detect.py", b"print(2)")
    assert [row["number"] for row in api.get(f"{at}/versions").json()["items"]] == [2, 1]
    assert api.get(at).json()["version"] == 2
    assert api.post(f"{at}/versions/1/use").json()["version"] == 1
    refusal(api.post(f"{at}/versions/9/use"), 404)
    refusal(api.post(f"{at}/versions/{10**30}/use"), 404)


def test_a_zip_is_taken_with_its_entry(api, at, plugin):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.py", "print(1)")
        archive.writestr("two.py", "print(2)")
    assert "Which file is to be started?" in refusal(api.post(f"{at}/versions?name=a.zip", packed.getvalue()), 400)
    assert api.post(f"{at}/versions?name=a.zip&entry=two.py", packed.getvalue()).json()["files"] == 2
    assert (script_files.code(plugin.uid, 1) / "two.py").is_file()


def test_what_cannot_be_taken_is_refused(api, at, settings):
    assert "The body is empty" in refusal(api.post(f"{at}/versions?name=a.py", b""), 400)
    assert "is no zip" in refusal(api.post(f"{at}/versions?name=a.zip", b"text"), 400)
    settings.PLUGINHOST_SCRIPT_LIMIT = 10
    refusal(api.post(f"{at}/versions?name=a.py", b"x" * 11), 413)
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    assert "PLUGINHOST_MANAGED_SCRIPTS=1" in refusal(api.post(f"{at}/versions?name=a.py", b"1"), 403)
    assert not ManagedScript.objects.exists()


def test_settings_are_changed_and_values_stay_hidden(api, at, plugin):
    api.post(f"{at}/versions?name=a.py", b"print(1)")
    body = {"restart": "never", "memory_limit_mb": 256, "environment": {"TOKEN": "hush"}}
    told = api.patch(at, body)
    assert told.json()["environment"] == ["TOKEN"]
    assert told.json()["memory_limit_mb"] == 256
    assert "hush" not in told.content.decode()
    api.patch(at, {"environment": {"TOKEN": None, "OTHER": "2"}})
    assert script_variables.reveal(managed_scripts.of(plugin)) == {"TOKEN": "hush", "OTHER": "2"}


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"patience_s": 10_000}, 400, "patience_s"),
        ({"restart": "sometimes"}, 422, "restart"),
        ({"entry": "../x.py"}, 400, "entry"),
        ({"environment": {"A": 1}}, 422, "environment.A"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_what_is_wrong_is_named(api, at, body, status, path):
    api.post(f"{at}/versions?name=a.py", b"print(1)")
    answer = api.patch(at, body)
    refusal(answer, status)
    assert path in paths(answer)


def test_start_stop_restart_and_once_more(api, at):
    api.post(f"{at}/versions?name=a.py", b"print(1)")
    assert api.post(f"{at}/start").json()["wanted"] == "running"
    assert api.post(f"{at}/restart").json()["wanted"] == "running"
    refusal(api.post(f"{at}/start-once"), 409)
    assert api.post(f"{at}/stop").json()["wanted"] == "stopped"
    refusal(api.post(f"{at}/dance"), 422)
    assert api.delete(at).status_code == 204
    refusal(api.get(at), 404)


def test_starts_and_output_are_read(api, at, plugin):
    api.post(f"{at}/versions?name=a.py", b"print(1)")
    script = managed_scripts.of(plugin)
    instance = ScriptInstance.objects.create(script=script, number=1, state="gave_up", tries=6, reason="Why.")
    ScriptStart.objects.create(instance=instance, number=1, revision=1, ended_at=timezone.now(), exit_code=1)
    assert api.get(at).json()["instances"][0]["state"] == "gave_up"
    assert api.get(f"{at}/starts").json()["items"][0]["exit_code"] == 1
    assert api.get(f"{at}/starts?instance=2").json()["items"] == []
    folder = script_files.output(plugin.uid, 1)
    folder.mkdir(parents=True)
    line = script_output.head(1, script_output.moment(timezone.now()), "e") + b"Oh no\n"
    (folder / f"{1:012}{script_output.SUFFIX}").write_bytes(line)
    told = api.get(f"{at}/output").json()["lines"]
    assert [(row["stream"], row["message"]) for row in told] == [("stderr", "Oh no")]
    assert api.get(f"{at}/output?stream=out").json()["lines"] == []
    assert "No environment was made" in refusal(api.get(f"{at}/output?of=build"), 404)


def test_members_read_and_owners_act(api, at, bob, charlie):
    api.post(f"{at}/versions?name=a.py", b"print(1)")
    assert Caller(bob).get(at).status_code == 200
    for verb in ("start", "stop", "restart"):
        refusal(Caller(bob).post(f"{at}/{verb}"), 403)
        refusal(Caller(charlie).post(f"{at}/{verb}"), 404)
    refusal(Caller(bob).post(f"{at}/versions", b"1"), 403)
    refusal(Caller(bob).patch(at, {"restart": "never"}), 403)
    refusal(Caller(charlie).get(at), 404)
    refusal(Caller(charlie).get(f"{at}/output"), 404)


# --- connections ---


def test_connections_are_drained_filled_and_disconnected(api, plugin):
    stay = makers.make_connection(plugin)
    address = f"/plugins/{plugin.uid}/connections"
    assert api.post(f"{address}/{stay.pk}/drain").json()["is_draining"]
    assert not api.post(f"{address}/{stay.pk}/fill").json()["is_draining"]
    assert api.post(f"{address}/{stay.pk}/disconnect").json()["is_to_go"]
    Connection.objects.update(state="closed", closed_at=timezone.now())
    assert "gone already" in refusal(api.post(f"{address}/{stay.pk}/drain"), 409)
    refusal(api.post(f"{address}/{10**30}/drain"), 404)


def test_connections_tell_what_is_known_and_the_cure(api, plugin):
    facts = {"was_accepted": False, "state": "quarantined", "reason": "The secret is wrong.", "round_trip_ms": 1.5}
    Connection.objects.filter(pk=makers.make_connection(plugin).pk).update(**facts)
    told = api.get(f"/plugins/{plugin.uid}/connections").json()["items"][0]
    assert told["cure"].startswith("Copy the secret")
    assert (told["round_trip_ms"], told["dialect"], told["is_draining"]) == (1.5, "", False)


def test_members_ask_nothing_of_connections(bob, charlie, plugin):
    stay = makers.make_connection(plugin)
    for verb in ("drain", "fill", "disconnect"):
        refusal(Caller(bob).post(f"/plugins/{plugin.uid}/connections/{stay.pk}/{verb}"), 403)
        refusal(Caller(charlie).post(f"/plugins/{plugin.uid}/connections/{stay.pk}/{verb}"), 404)


# --- plugins' retries ---


@pytest.mark.parametrize(("body", "path"), [({"retries": 6}, "retries"), ({"retries": -1}, "retries")])
def test_retries_have_bounds(api, plugin, body, path):
    assert api.patch(f"/plugins/{plugin.uid}", {"retries": 3, "retries_after_imports": True}).json()["retries"] == 3
    answer = api.patch(f"/plugins/{plugin.uid}", body)
    refusal(answer, 400)
    assert path in paths(answer)
