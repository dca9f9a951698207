"""What owners want of managed scripts: how they are kept, that they run; who may, and what is never shown."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from dashboard import audit_words, checks
from pluginhost import credentials, script_files, script_rules, script_variables
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.errors import Conflict, Forbidden, Invalid, NotFound
from pluginhost.models import AuditEvent, ManagedScript, ScriptInstance
from pluginhost.script_uploads import Upload

from . import makers

State = ScriptInstance.State


@pytest.fixture(autouse=True)
def _allowed(settings, tmp_path):
    settings.PLUGINHOST_DATA_DIR = tmp_path / "data"
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"
    settings.PLUGINHOST_SCRIPT_PATHS = [tmp_path / "allowed"]
    (tmp_path / "allowed" / "detector").mkdir(parents=True)
    (tmp_path / "allowed" / "detector" / "run.py").write_text("print('here')")
    (tmp_path / "forbidden").mkdir()
    (tmp_path / "forbidden" / "run.py").write_text("print('here')")


@pytest.fixture
def owner(alice):
    return makers.principal(alice)


@pytest.fixture
def script(owner, plugin):
    script_codes.upload(owner, plugin, [Upload("script.py", io.BytesIO(b"print('here')"))])
    return managed_scripts.of(plugin)


def wrong(owner, plugin, **fields):
    """What is said of a bad value, by field."""
    with pytest.raises(Invalid) as caught:
        managed_scripts.configure(owner, plugin, fields)
    return {error["path"]: error["message"] for error in caught.value.errors}


def verbs():
    return list(AuditEvent.objects.filter(verb__startswith="script.").order_by("id").values_list("verb", flat=True))


# --- how it is kept ---


def test_it_is_set_and_counted_as_a_revision(owner, plugin, script):
    fields = {
        "restart": "on_failure",
        "stop_signal": "SIGINT",
        "patience_s": 3,
        "start_s": 2,
        "memory_limit_mb": 2048,
        "cpu_limit_s": None,
        "instances_wanted": 2,
        "requirements": "numpy\r\n",
        "restarts_on_cancel": True,
    }
    changed = managed_scripts.configure(owner, plugin, fields)
    assert {name: getattr(changed, name) for name in fields} == {**fields, "requirements": "numpy"}
    assert changed.revision == script.revision + 1
    assert changed.changed_by == owner.user


def test_nothing_changed_is_no_revision(owner, plugin, script):
    assert managed_scripts.configure(owner, plugin, {"restart": "always"}).revision == script.revision


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("restart", "sometimes"),
        ("stop_signal", "SIGKILL"),
        ("patience_s", -1),
        ("patience_s", True),
        ("start_s", 0),
        ("memory_limit_mb", 1),
        ("cpu_limit_s", "much"),
        ("instances_wanted", 17),
        ("instances_wanted", 0),
        ("requirements", "numpy\0"),
        ("requirements", "x" * 100_001),
        ("requirements", None),
        ("working_directory", "../elsewhere"),
        ("working_directory", "/etc"),
        ("working_directory", "nowhere"),
        ("entry", "other.py"),
        ("entry", "../../keys/secret_key"),
        ("source", "internet"),
        ("restarts_on_cancel", "yes"),
        ("environment", ["A=1"]),
        ("environment", {"1A": "x"}),
        ("environment", {"A=B": "x"}),
        ("environment", {"A": "x\0"}),
        ("environment", {"A": 1}),
        ("environment", {"A": "\ud800"}),
        ("environment", {"A": None}),
        ("environment", {"PLUGINHOST_SECRET": "x"}),
        ("environment", {"A": "x" * 40_000}),
    ],
)
def test_what_cannot_be_is_said_of_its_field(owner, plugin, script, field, value):
    assert set(wrong(owner, plugin, **{field: value})) == {field}


def test_everything_wrong_is_said_at_once(owner, plugin, script):
    assert set(wrong(owner, plugin, restart="x", patience_s=-1)) == {"restart", "patience_s"}


# --- environment variables ---


def test_values_are_encrypted_and_only_names_are_shown(owner, plugin, script):
    changed = managed_scripts.configure(owner, plugin, {"environment": {"TOKEN": "hunter22", "A": ""}})
    assert "hunter22" not in changed.environment_encrypted
    assert script_variables.names(changed) == ["A", "TOKEN"]
    assert script_variables.reveal(changed) == {"TOKEN": "hunter22", "A": ""}
    event = AuditEvent.objects.get(verb="script.configured")
    assert event.details["fields"] == ["environment"]
    assert "hunter22" not in str(event.details)


def test_a_value_stays_where_none_is_given(owner, plugin, script):
    managed_scripts.configure(owner, plugin, {"environment": {"TOKEN": "hunter22", "GONE": "x"}})
    changed = managed_scripts.configure(owner, plugin, {"environment": {"TOKEN": None, "NEW": "y"}})
    assert script_variables.reveal(changed) == {"TOKEN": "hunter22", "NEW": "y"}


def test_the_same_variables_are_no_change(owner, plugin, script):
    first = managed_scripts.configure(owner, plugin, {"environment": {"TOKEN": "hunter22"}})
    assert managed_scripts.configure(owner, plugin, {"environment": {"TOKEN": None}}).revision == first.revision


def test_under_another_key_it_is_said(owner, plugin, script, settings):
    managed_scripts.configure(owner, plugin, {"environment": {"TOKEN": "hunter22"}})
    settings.PLUGINHOST_ENCRYPTION_KEYS = [credentials.Fernet.generate_key().decode()]
    with pytest.raises(Conflict):
        script_variables.names(managed_scripts.of(plugin))


# --- a path on the server ---


def test_a_folder_on_the_server_may_be_chosen_where_the_operator_says_so(owner, plugin, tmp_path):
    path = str(tmp_path / "allowed" / "detector")
    script = managed_scripts.configure(owner, plugin, {"source": "path", "server_path": path, "entry": "run.py"})
    assert (script.source, script.server_path, script.entry) == ("path", path, "run.py")


@pytest.mark.parametrize("path", ["forbidden", "allowed/../forbidden", "allowed/nowhere", "allowed/link"])
def test_other_folders_may_not(owner, plugin, tmp_path, path):
    (tmp_path / "allowed" / "link").symlink_to(tmp_path / "forbidden")
    said = wrong(owner, plugin, source="path", server_path=str(tmp_path / path), entry="run.py")
    assert "There is no such folder among those that scripts may lie in" in said["server_path"]


def test_a_relative_folder_may_not(owner, plugin):
    assert "absolute" in wrong(owner, plugin, source="path", server_path="detector", entry="run.py")["server_path"]


def test_without_the_operators_word_no_folder_may(owner, plugin, tmp_path, settings):
    settings.PLUGINHOST_SCRIPT_PATHS = []
    with pytest.raises(Forbidden, match="PLUGINHOST_SCRIPT_PATHS"):
        managed_scripts.configure(owner, plugin, {"source": "path", "server_path": str(tmp_path), "entry": "run.py"})


# --- who may ---


def test_nothing_but_the_demo_runs_unless_the_operator_says_so(owner, plugin, script, settings):
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    for act in (managed_scripts.start, managed_scripts.restart, managed_scripts.start_once):
        with pytest.raises(Forbidden, match="PLUGINHOST_MANAGED_SCRIPTS=1"):
            act(owner, plugin)
    with pytest.raises(Forbidden):
        managed_scripts.configure(owner, plugin, {"patience_s": 3})


def test_it_can_be_stopped_all_the_same(owner, plugin, script, settings):
    managed_scripts.start(owner, plugin)
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    assert managed_scripts.stop(owner, plugin).wanted == "stopped"


@pytest.mark.parametrize(
    ("value", "host", "is_allowed"),
    [
        ("1", "127.0.0.1", True),
        ("1", "::1", True),
        ("1", "localhost", True),
        ("1", "0.0.0.0", False),
        ("1", "192.0.2.7", False),
        ("1", "example.org", False),
        ("public", "0.0.0.0", True),
        ("0", "127.0.0.1", False),
    ],
)
def test_1_is_for_a_loopback_address_alone(settings, value, host, is_allowed):
    settings.PLUGINHOST_MANAGED_SCRIPTS, settings.PLUGINHOST_HOST = value, host
    assert (script_rules.refusal("uploaded") == "") == is_allowed
    assert script_rules.refusal("demo") == ""


def test_1_on_an_address_that_others_reach_stops_the_start(settings):
    settings.PLUGINHOST_HOST = "0.0.0.0"
    (found,) = [found for found in checks.settings_fit_together() if found.id == "pluginhost.E003"]
    assert "PLUGINHOST_MANAGED_SCRIPTS=public" in found.hint
    settings.PLUGINHOST_MANAGED_SCRIPTS = "public"
    assert not [found for found in checks.settings_fit_together() if found.id == "pluginhost.E003"]


def test_the_demos_script_runs_without(owner, plugin, settings):
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    script = managed_scripts.configure(owner, plugin, {"source": "demo"})
    assert script.entry == "shape_finder.py"
    assert managed_scripts.start(owner, plugin).wanted == "running"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("environment", {"PYTHONPATH": "/tmp/mine"}),
        ("requirements", "mine"),
        ("entry", "connect"),
        ("working_directory", "shapes"),
        ("server_path", "/tmp"),
    ],
)
def test_the_demos_script_runs_as_it_is(owner, plugin, settings, field, value):
    """With variables or requirements of one's own it would be a program of one's own."""
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    assert set(wrong(owner, plugin, source="demo", **{field: value})) == {field}
    managed_scripts.configure(owner, plugin, {"source": "demo"})
    assert set(wrong(owner, plugin, **{field: value})) == {field}


def test_what_was_set_before_does_not_reach_the_demos_script(owner, plugin, script):
    managed_scripts.configure(owner, plugin, {"environment": {"PYTHONPATH": "/x"}, "requirements": "mine"})
    changed = managed_scripts.configure(owner, plugin, {"source": "demo"})
    assert (changed.environment_encrypted, changed.requirements) == ("", "")


# --- what is wanted ---


def test_start_and_stop_are_wanted_and_written_down(owner, plugin, script):
    assert managed_scripts.start(owner, plugin).wanted == "running"
    assert managed_scripts.stop(owner, plugin).wanted == "stopped"
    assert verbs() == ["script.uploaded", "script.started", "script.stopped"]


def test_restart_is_a_new_revision(owner, plugin, script):
    managed_scripts.start(owner, plugin)
    assert managed_scripts.restart(owner, plugin).revision == script.revision + 1


def test_pluginhost_itself_restarts_with_a_reason(owner, plugin, script):
    managed_scripts.restart(None, plugin, "Session #7 was cancelled.")
    event = AuditEvent.objects.get(verb="script.restarted")
    assert (event.actor_name, event.details["why"]) == ("Pluginhost", "Session #7 was cancelled.")


def test_without_a_script_it_is_said_what_to_do(owner, plugin):
    for act in (managed_scripts.start, managed_scripts.stop, managed_scripts.restart):
        with pytest.raises(NotFound, match="Upload one"):
            act(owner, plugin)


def test_without_an_upload_nothing_can_be_started(owner, plugin):
    managed_scripts.configure(owner, plugin, {"patience_s": 3})
    with pytest.raises(Conflict, match="upload a script first"):
        managed_scripts.start(owner, plugin)


def test_once_more_is_for_one_that_gave_up(owner, plugin, script):
    with pytest.raises(Conflict, match="It has not given up"):
        managed_scripts.start_once(owner, plugin)
    ScriptInstance.objects.create(script=script, number=1, state=State.GAVE_UP, tries=6, revision=script.revision)
    managed_scripts.start_once(owner, plugin)
    instance = ScriptInstance.objects.get()
    assert (instance.state, instance.tries, instance.revision) == (State.STOPPED, 5, 0)


def test_start_begins_anew_what_gave_up(owner, plugin, script):
    ScriptInstance.objects.create(script=script, number=1, state=State.GAVE_UP, tries=6, revision=script.revision)
    managed_scripts.start(owner, plugin)
    assert ScriptInstance.objects.get().tries == 0


def test_it_can_be_removed_when_it_has_stopped(owner, plugin, script, django_capture_on_commit_callbacks):
    instance = ScriptInstance.objects.create(script=script, number=1, state=State.UP)
    with pytest.raises(Conflict, match="Stop it first"):
        managed_scripts.remove(owner, plugin)
    ScriptInstance.objects.filter(pk=instance.pk).update(state=State.STOPPED)
    with django_capture_on_commit_callbacks(execute=True):
        managed_scripts.remove(owner, plugin)
    assert not ManagedScript.objects.exists()
    assert not script_files.folder(plugin.uid).exists()


def test_every_act_has_its_sentence(owner, plugin, script):
    managed_scripts.configure(owner, plugin, {"patience_s": 3})
    ScriptInstance.objects.create(script=script, number=1, state=State.GAVE_UP)
    managed_scripts.start_once(owner, plugin)
    managed_scripts.start(owner, plugin)
    managed_scripts.restart(owner, plugin)
    managed_scripts.stop(owner, plugin)
    script_codes.choose(owner, plugin, 1)
    managed_scripts.remove(owner, plugin)
    assert len(set(verbs())) == 8
    for event in AuditEvent.objects.filter(verb__startswith="script."):
        assert event.verb in audit_words.SENTENCES
        assert "…" not in audit_words.sentence(event), event.verb


def test_the_command_says_what_it_does(capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("supervise", "--help")
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for word in ("PLUGINHOST_MANAGED_SCRIPTS", "--url", "SIGTERM", "examples:", "PLUGINHOST_LEASE_SECONDS"):
        assert word in said
