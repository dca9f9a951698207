"""A plugin's Supervision tab: what it shows to whom, what its owners ask, and what is refused with a sentence."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pluginhost import script_files, script_output, script_variables
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.models import (
    AuditEvent,
    ManagedScript,
    Plugin,
    ScriptCode,
    ScriptEnvironment,
    ScriptInstance,
    ScriptStart,
    Session,
)
from pluginhost.script_uploads import Upload

from . import makers

SETTINGS = {
    "entry": "main.py",
    "working_directory": "",
    "requirements": "numpy",
    "restart": "on_failure",
    "stop_signal": "SIGINT",
    "patience_s": "20 s",
    "start_s": "8 s",
    "memory_limit_mb": "512",
    "cpu_limit_s": "",
    "instances_wanted": "2",
}
OWNERS = [
    ("plugin_script_settings", ()),
    ("plugin_script_upload", ()),
    ("plugin_script_source", ()),
    ("plugin_script_version", (1,)),
    ("plugin_script_verb", ("start",)),
    ("plugin_script_verb", ("stop",)),
    ("plugin_script_verb", ("restart",)),
    ("plugin_script_verb", ("start-once",)),
    ("plugin_script_verb", ("remove",)),
]


@pytest.fixture(autouse=True)
def allowed(settings, tmp_path):
    """Scripts may be run here, and lie in a folder of the test's."""
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"
    settings.PLUGINHOST_DATA_DIR = tmp_path / "data"
    settings.PLUGINHOST_SCRIPT_PATHS = [tmp_path]


def address(name: str, plugin: Plugin, *rest) -> str:
    return reverse(name, args=[plugin.uid, *rest])


def shown(client, plugin: Plugin, query: str = "", **headers) -> str:
    response = client.get(address("plugin_supervision", plugin) + query, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def uploaded(alice, plugin: Plugin, text: str = "print('hello')") -> ManagedScript:
    script_codes.upload(makers.principal(alice), plugin, [Upload("main.py", io.BytesIO(text.encode()))])
    return managed_scripts.of(plugin)


def instance_of(script: ManagedScript, state: str = "up", number: int = 1, **facts) -> ScriptInstance:
    return ScriptInstance.objects.create(script=script, number=number, state=state, revision=script.revision, **facts)


def start_of(instance: ScriptInstance, number: int = 1, minutes_ago: float = 10, **facts) -> ScriptStart:
    known = {"revision": 1, "started_at": timezone.now() - timedelta(minutes=minutes_ago), "pid": 7_000 + number}
    return ScriptStart.objects.create(instance=instance, number=number, **{**known, **facts})


def fallen(instance: ScriptInstance, number: int = 1, minutes_ago: float = 5, **facts) -> ScriptStart:
    ended = timezone.now() - timedelta(minutes=minutes_ago) + timedelta(seconds=3)
    known = {
        "ended_at": ended,
        "exit_code": 1,
        "reason": "It ended with code 1 after 3.0 s.",
        "last_lines": "Traceback (most recent call last):\nModuleNotFoundError: No module named 'pkg_resources'",
    }
    return start_of(instance, number, minutes_ago, **{**known, **facts})


def print_lines(plugin: Plugin, *texts: str) -> None:
    folder = script_files.output(plugin.uid, 1)
    folder.mkdir(parents=True)
    lines = [
        script_output.head(number, script_output.moment(timezone.now()), "o") + text.encode() + b"\n"
        for number, text in enumerate(texts, 1)
    ]
    (folder / f"{1:012}{script_output.SUFFIX}").write_bytes(b"".join(lines))


# --- before there is one ---


def test_nothing_yet_offers_an_upload(as_alice, plugin):
    told = shown(as_alice, plugin)
    assert "Let Pluginhost run the script" in told
    assert 'name="files"' in told
    assert "A folder on the server" in told


def test_where_it_is_not_allowed_the_setting_is_named(as_alice, plugin, settings):
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    told = shown(as_alice, plugin)
    assert "PLUGINHOST_MANAGED_SCRIPTS=1" in told
    assert 'name="files"' not in told
    answer = as_alice.post(address("plugin_script_upload", plugin), {"files": SimpleUploadedFile("a.py", b"1")})
    assert answer.status_code == 403
    assert "PLUGINHOST_MANAGED_SCRIPTS=1" in answer.content.decode()
    assert not ManagedScript.objects.exists()


def test_paths_name_their_setting_too(as_alice, plugin, settings):
    settings.PLUGINHOST_SCRIPT_PATHS = []
    assert "PLUGINHOST_SCRIPT_PATHS" in shown(as_alice, plugin)


def test_the_demos_script_may_always_be_taken(as_alice, plugin, settings):
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    as_alice.post(address("plugin_script_source", plugin), {"source": "demo"})
    assert managed_scripts.of(plugin).source == "demo"
    as_alice.post(address("plugin_script_verb", plugin, "start"))
    assert managed_scripts.of(plugin).wanted == "running"
    assert "shape_finder.py" in shown(as_alice, plugin)


# --- giving one ---


def test_a_file_is_uploaded_and_waits_to_be_started(as_alice, plugin):
    file = SimpleUploadedFile("detect.py", b"print(1)\n")
    answer = as_alice.post(address("plugin_script_upload", plugin), {"files": file, "entry": ""})
    assert answer["Location"] == address("plugin_supervision", plugin)
    script = managed_scripts.of(plugin)
    assert (script.entry, script.wanted) == ("detect.py", "stopped")
    told = shown(as_alice, plugin)
    assert "detect.py" in told
    assert "version 1, 1 file" in told
    assert "It is not started" in told


def test_a_zip_is_unpacked(as_alice, plugin):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("detector/main.py", "print(1)")
        archive.writestr("detector/requirements.txt", "numpy\n")
    as_alice.post(address("plugin_script_upload", plugin), {"files": SimpleUploadedFile("d.zip", packed.getvalue())})
    script = managed_scripts.of(plugin)
    assert script.code.files == 2
    assert script.requirements == "numpy"


def test_a_folder_keeps_its_paths(as_alice, plugin):
    files = [SimpleUploadedFile("main.py", b"import lib.one"), SimpleUploadedFile("one.py", b"")]
    given = {"files": files, "paths": '["detector/main.py", "detector/lib/one.py"]', "entry": "main.py"}
    as_alice.post(address("plugin_script_upload", plugin), given)
    code = script_files.code(plugin.uid, 1)
    assert (code / "main.py").is_file()
    assert (code / "lib" / "one.py").is_file()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.zip", b"no zip", "is no zip archive"),
        ("a.txt", b"text", "neither a Python file nor a zip"),
        ("a.py", b"def broken(:\n", "a.py, line 1"),
    ],
)
def test_what_cannot_be_taken_is_said_where_it_came_from(as_alice, plugin, name, content, said):
    page = address("plugin_supervision", plugin)
    sent = {"files": SimpleUploadedFile(name, content)}
    answer = as_alice.post(address("plugin_script_upload", plugin), sent, HTTP_REFERER=f"http://testserver{page}")
    assert answer["Location"].endswith(page)
    assert said in shown(as_alice, plugin)
    assert not ScriptCode.objects.exists()


def test_no_file_is_said(as_alice, plugin):
    answer = as_alice.post(address("plugin_script_upload", plugin), {}, follow=True)
    assert "Choose a file first" in answer.content.decode()


def test_a_folder_on_the_server_is_taken(as_alice, plugin, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "main.py").write_text("print(1)")
    given = {"source": "path", "server_path": str(tmp_path / "mine"), "entry": "main.py"}
    as_alice.post(address("plugin_script_source", plugin), given)
    assert str(tmp_path / "mine") in shown(as_alice, plugin)
    given["server_path"] = "/etc"
    answer = as_alice.post(address("plugin_script_source", plugin), given, follow=True)
    assert "There is no such folder among those" in answer.content.decode()


# --- how it is kept ---


def test_settings_are_saved_and_shown(as_alice, alice, plugin):
    uploaded(alice, plugin)
    sent = {**SETTINGS, "variable_name": ["TOKEN", ""], "variable_value": ["hush-hush", ""]}
    answer = as_alice.post(address("plugin_script_settings", plugin), sent)
    assert answer["Location"] == address("plugin_supervision", plugin)
    script = managed_scripts.of(plugin)
    assert (script.restart, script.patience_s, script.memory_limit_mb, script.cpu_limit_s) == (
        "on_failure",
        20,
        512,
        None,
    )
    assert script_variables.reveal(script) == {"TOKEN": "hush-hush"}
    assert "512 MB" in shown(as_alice, plugin)


def test_values_of_variables_are_nowhere(as_alice, alice, plugin):
    uploaded(alice, plugin)
    managed_scripts.configure(makers.principal(alice), plugin, {"environment": {"TOKEN": "hush-hush"}})
    for page in (shown(as_alice, plugin), as_alice.get(address("plugin_script_settings", plugin)).content.decode()):
        assert "TOKEN" in page
        assert "hush-hush" not in page
    assert "hush-hush" not in str(list(AuditEvent.objects.values()))


def test_a_variable_stays_changes_or_goes(as_alice, alice, plugin):
    uploaded(alice, plugin)
    known = {"STAYS": "1", "CHANGES": "2", "GOES": "3"}
    managed_scripts.configure(makers.principal(alice), plugin, {"environment": known})
    sent = {
        **SETTINGS,
        "variable_name": ["CHANGES", "GOES", "STAYS", "NEW"],
        "variable_value": ["two", "", "", "4"],
        "variable_remove": ["GOES"],
    }
    as_alice.post(address("plugin_script_settings", plugin), sent)
    assert script_variables.reveal(managed_scripts.of(plugin)) == {"STAYS": "1", "CHANGES": "two", "NEW": "4"}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("entry", "other.py", "There is no file «other.py»"),
        ("entry", "../main.py", "a path inside the script"),
        ("instances_wanted", "17", "from 1 to 16"),
        ("patience_s", "soon", "Write a number and a unit"),
        ("variable_name", "9LIVES", "is no name"),
        ("variable_name", "PLUGINHOST_ID", "own"),
    ],
)
def test_a_setting_that_cannot_be_is_said_at_its_place(as_alice, alice, plugin, field, value, said):
    uploaded(alice, plugin)
    sent = {**SETTINGS, "variable_value": "x", field: value}
    answer = as_alice.post(address("plugin_script_settings", plugin), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&#x27;", "'")


def test_an_earlier_version_is_taken_again(as_alice, alice, plugin):
    uploaded(alice, plugin, "print(1)")
    uploaded(alice, plugin, "print(2)")
    assert 'aria-label="Use version 1"' in as_alice.get(address("plugin_script_settings", plugin)).content.decode()
    as_alice.post(address("plugin_script_version", plugin, 1))
    assert managed_scripts.of(plugin).code.number == 1


def test_it_is_removed_when_it_has_stopped(as_alice, alice, plugin):
    instance = instance_of(uploaded(alice, plugin))
    as_alice.post(address("plugin_script_verb", plugin, "remove"))
    assert ManagedScript.objects.exists()
    ScriptInstance.objects.filter(pk=instance.pk).update(state="stopped")
    as_alice.post(address("plugin_script_verb", plugin, "remove"))
    assert not ManagedScript.objects.exists()


# --- how it stands ---


def test_start_stop_and_restart(as_alice, alice, plugin):
    script = uploaded(alice, plugin)
    for verb, wanted in (("start", "running"), ("restart", "running"), ("stop", "stopped")):
        as_alice.post(address("plugin_script_verb", plugin, verb))
        assert managed_scripts.of(plugin).wanted == wanted
    assert managed_scripts.of(plugin).revision == script.revision + 1
    assert as_alice.post(address("plugin_script_verb", plugin, "dance")).status_code == 404


def test_without_a_supervisor_that_is_said(as_alice, alice, plugin):
    uploaded(alice, plugin)
    assert "No supervisor is there" not in shown(as_alice, plugin)
    managed_scripts.start(makers.principal(alice), plugin)
    assert "No supervisor is there" in shown(as_alice, plugin)


def test_one_that_is_up_says_since_when(as_alice, alice, plugin):
    script = uploaded(alice, plugin)
    managed_scripts.start(makers.principal(alice), plugin)
    start_of(instance_of(script), up_at=timezone.now(), started_by=alice)
    told = shown(as_alice, plugin)
    assert "Up for" in told
    assert "Process 7001" in told
    assert "Restart" in told


def test_backing_off_shows_the_ladder_and_the_cause(as_alice, alice, plugin):
    script = uploaded(alice, plugin)
    managed_scripts.start(makers.principal(alice), plugin)
    soon = timezone.now() + timedelta(seconds=4)
    instance = instance_of(script, "backing_off", tries=3, next_start_at=soon, reason="It ended with code 1.")
    for number in (1, 2, 3):
        fallen(instance, number, 5 - number)
    told = shown(as_alice, plugin)
    assert "it fell over for the 3rd time in a row" in told
    assert '<li class="cur" aria-current="step">4 s</li>' in told
    assert re.search(r'<li class="past" *>2 s</li>', told)
    assert "3 of the last 3 exits" in told
    assert "ModuleNotFoundError: No module named &#x27;pkg_resources&#x27;" in told
    assert "It has not stayed up a single time" in told


def test_one_that_gave_up_has_one_click_to_try_once_more(as_alice, alice, plugin):
    instance = instance_of(uploaded(alice, plugin), "gave_up", tries=6, reason="It ended with code 1 after 3 s.")
    ManagedScript.objects.update(wanted="running")
    fallen(instance)
    told = shown(as_alice, plugin)
    assert "Gave up: exit code 1, 6 tries" in told
    assert "Start once more" in told
    as_alice.post(address("plugin_script_verb", plugin, "start-once"))
    instance.refresh_from_db()
    assert (instance.state, instance.tries) == ("stopped", 5)


def test_what_changed_since_it_last_stayed_up_is_told(as_alice, alice, plugin):
    script = uploaded(alice, plugin)
    old, new = (
        ScriptEnvironment.objects.create(script=script, digest=digest, state="ready", packages=packages, began_at=at)
        for digest, packages, at in (
            ("a", "numpy==1.26.0\nsetuptools==81.0", timezone.now() - timedelta(hours=2)),
            ("b", "numpy==1.26.0\nsetuptools==84.2.1", timezone.now()),
        )
    )
    instance = instance_of(script, "backing_off", tries=1, next_start_at=timezone.now() + timedelta(seconds=1))
    good = {"code": script.code, "environment": old, "up_at": timezone.now(), "ended_at": timezone.now()}
    start_of(instance, 1, 60, **good)
    script = uploaded(alice, plugin, "print(2)")
    managed_scripts.configure(makers.principal(alice), plugin, {"patience_s": 3})
    fallen(instance, 2, code=script.code, environment=new)
    told = shown(as_alice, plugin)
    assert "<b>setuptools</b> <code>81.0 → 84.2.1</code>" in told
    assert "<b>code</b> <code>version 1, main.py → version 2, main.py</code>" in told
    assert "<b>patience s</b> by alice" in told
    assert "numpy" not in told[told.index("Changed since") : told.index("Output")]


def test_where_nothing_changed_that_is_told(as_alice, alice, plugin):
    script = uploaded(alice, plugin)
    instance = instance_of(script, "backing_off", tries=1, next_start_at=timezone.now())
    start_of(instance, 1, 0, code=script.code, up_at=timezone.now(), ended_at=timezone.now(), exit_code=0)
    fallen(instance, 2, 0, code=script.code)
    assert "Nothing changed here since it last stayed up" in shown(as_alice, plugin)


def test_an_environment_that_could_not_be_made_shows_its_log(as_alice, alice, plugin):
    script = uploaded(alice, plugin)
    why = "There is no package «nonesuch»."
    ScriptEnvironment.objects.create(
        script=script, digest="a" * 64, state="failed", reason=why, ended_at=timezone.now()
    )
    told = shown(as_alice, plugin)
    assert why in told
    assert f'data-url="{address("plugin_output", plugin, "build")}"' in told


def test_starts_and_events_are_listed(as_alice, alice, plugin):
    instance = instance_of(uploaded(alice, plugin))
    for number in range(1, 24):
        fallen(instance, number, 60 - number)
    start_of(instance, 24, 1)
    told = shown(as_alice, plugin)
    assert "Last 20 starts" in told
    assert told.count("<rect x=") >= 20
    assert "Start 24" in told
    assert "It ended with code 1 after 3.0 s." in told


def test_what_people_did_is_told_between(as_alice, alice, plugin):
    uploaded(alice, plugin)
    managed_scripts.start(makers.principal(alice), plugin)
    told = shown(as_alice, plugin)
    assert "alice uploaded version 1, «main.py»" in told
    assert "alice had it start" in told


def test_instances_are_chosen_in_the_address(as_alice, alice, plugin):
    script = uploaded(alice, plugin)
    first, second = instance_of(script), instance_of(script, "gave_up", 2)
    ManagedScript.objects.update(instances_wanted=2)
    fallen(second)
    start_of(first, 5)
    assert "of instance 2" in shown(as_alice, plugin)  # the one that wants a look
    told = shown(as_alice, plugin, "?of=1")
    assert "of instance 1" in told
    assert f'data-url="{address("plugin_output", plugin, 1)}"' in told


def test_more_starts_and_instances_cost_no_query_more(as_alice, alice, plugin):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            shown(as_alice, plugin)
        return len(seen)

    script = uploaded(alice, plugin)
    ManagedScript.objects.update(instances_wanted=4, wanted="running")
    instance = instance_of(script, "gave_up", tries=6)
    start_of(instance, 1, 60, code=script.code, up_at=timezone.now(), ended_at=timezone.now())
    fallen(instance, 2, code=script.code, started_by=alice)
    one = queries()
    for number in (2, 3, 4):
        fallen(instance_of(script, "gave_up", number), 1)
        fallen(instance, number + 1, code=script.code, started_by=alice)
    assert queries() == one
    assert one <= 22


# --- who may ---


def test_members_read_it_and_change_nothing(client, bob, alice, plugin):
    uploaded(alice, plugin)
    client.force_login(bob)
    told = shown(client, plugin)
    assert "main.py" in told
    for word in (">Start<", "Upload", "Change</a>", "csrfmiddlewaretoken"):
        assert word not in told[told.index('id="script"') : told.index("</main>")]


@pytest.mark.parametrize(("name", "rest"), OWNERS)
def test_strangers_see_nothing_and_members_change_nothing(client, alice, bob, charlie, plugin, name, rest):
    uploaded(alice, plugin)
    client.force_login(bob)
    assert client.post(address(name, plugin, *rest)).status_code == 403
    client.force_login(charlie)
    assert client.post(address(name, plugin, *rest)).status_code == 404
    assert client.get(address("plugin_supervision", plugin)).status_code == 404
    assert client.get(address("plugin_output", plugin, "1")).status_code == 404


# --- what it printed ---


def test_output_is_drawn_and_answered(as_alice, alice, plugin):
    instance_of(uploaded(alice, plugin))
    print_lines(plugin, "one", "<b>two</b>")
    assert "&lt;b&gt;two&lt;/b&gt;" in shown(as_alice, plugin)
    assert "&lt;b&gt;two" not in shown(as_alice, plugin, **{"X-Live": "1"})
    lines = as_alice.get(address("plugin_output", plugin, "1"), {"after": "1"}).json()["lines"]
    assert [line["message"] for line in lines] == ["<b>two</b>"]
    download = as_alice.get(address("plugin_output", plugin, "1"), {"format": "text"})
    assert download["Content-Disposition"] == f'attachment; filename="{plugin.uid}-1.txt"'


@pytest.mark.parametrize(
    ("which", "query", "status"),
    [("1", "stream=both", 400), ("1", "format=pdf", 400), ("build", "", 404), ("none", "", 404), ("..", "", 404)],
)
def test_output_that_is_not_there(as_alice, plugin, which, query, status):
    assert as_alice.get(f"/plugins/{plugin.uid}/output/{which}/?{query}").status_code == status


def test_a_session_shows_what_was_printed_in_its_time(as_alice, alice, plugin, project):
    session = makers.make_session(alice, project, plugin)
    page = reverse("session_output", args=[session.pk])
    assert as_alice.get(page).status_code == 404
    instance = instance_of(uploaded(alice, plugin))
    start_of(instance, 1, 10)
    print_lines(plugin, "in its time")
    now = timezone.now()
    Session.objects.filter(pk=session.pk).update(started_at=now - timedelta(minutes=1), state="running")
    assert page in as_alice.get(reverse("session", args=[session.pk])).content.decode()
    assert "in its time" in as_alice.get(page).content.decode()
    earlier = now - timedelta(hours=2)
    Session.objects.filter(pk=session.pk).update(
        started_at=earlier, finished_at=earlier + timedelta(minutes=1), state="failed"
    )
    assert page not in as_alice.get(reverse("session", args=[session.pk])).content.decode()
    assert as_alice.get(page).status_code == 404


def test_a_sessions_output_ends_with_it(as_alice, alice, plugin, project):
    session = makers.make_session(alice, project, plugin)
    start_of(instance_of(uploaded(alice, plugin)), 1, 10)
    print_lines(plugin, "too late")
    now = timezone.now()
    Session.objects.filter(pk=session.pk).update(
        started_at=now - timedelta(minutes=3), finished_at=now - timedelta(minutes=1), state="succeeded"
    )
    told = as_alice.get(reverse("session_output", args=[session.pk])).content.decode()
    assert "too late" not in told
    assert "It printed nothing in that time." in told
    answer = as_alice.get(reverse("session_output_lines", args=[session.pk, "1"]), {"view": "news"}).json()
    assert answer["last"] == answer["first"] - 1
