"""The supervisor: what runs is brought to what is wanted. Real processes; a clock that the test sets."""

from __future__ import annotations

import os
import signal
import zipfile
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from pluginhost import script_files, script_output
from pluginhost.actions import managed_scripts, plugins, script_starts, supervision
from pluginhost.models import (
    AuditEvent,
    ManagedScript,
    Notification,
    ScriptEnvironment,
    ScriptInstance,
    ScriptStart,
    ServerProcess,
)
from pluginhost.supervisor.family import is_alive

from . import makers
from .supervised import FALLS, HOST, World

pytestmark = pytest.mark.django_db(transaction=True)
State = ScriptInstance.State


@pytest.fixture(autouse=True)
def _allowed(settings, tmp_path):
    settings.PLUGINHOST_DATA_DIR = tmp_path / "data"
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"


@pytest.fixture
def world(transactional_db, tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def owner(alice):
    return makers.principal(alice)


def starts(plugin):
    return list(ScriptStart.objects.filter(instance__script__plugin=plugin).order_by("number"))


# --- started, stopped, started anew ---


def test_what_is_wanted_runs(world, alice, plugin):
    world.script(alice, plugin)
    keeper = world.supervisor()
    (pid,) = world.start(alice, plugin)
    (start,) = starts(plugin)
    assert (start.number, start.pid, start.started_by, start.keeper) == (1, pid, alice, keeper.keeper)
    assert world.said(plugin) == ["Start 1: python -u script.py", "here managed-1"]


def test_what_is_not_wanted_does_not_run(world, alice, plugin):
    world.script(alice, plugin)
    world.supervisor()
    world.look()
    world.look()
    assert starts(plugin) == []


def test_it_is_up_after_its_start_time(world, alice, plugin):
    world.script(alice, plugin, start_s=60)
    world.supervisor()
    world.start(alice, plugin)
    assert world.states(plugin) == [State.STARTING]
    world.clock.advance(61)
    world.wait_state(plugin, State.UP)
    assert starts(plugin)[0].up_at is not None


def test_it_is_stopped(world, alice, owner, plugin):
    world.script(alice, plugin)
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    managed_scripts.stop(owner, plugin)
    world.wait_state(plugin, State.STOPPED)
    assert not is_alive(pid)
    (start,) = starts(plugin)
    assert (start.exit_code, start.was_asked, start.reason) == (-signal.SIGTERM, True, "It was stopped.")
    world.until(lambda: world.said(plugin)[-1] == "It was stopped.", "its guard to write that down")


def test_without_patience_it_is_killed(world, alice, owner, plugin):
    source = "import signal\nsignal.signal(15, signal.SIG_IGN)\nprint('here')\nwhile True: signal.pause()"
    world.script(alice, plugin, source, patience_s=0)
    world.supervisor()
    world.start(alice, plugin)
    managed_scripts.stop(owner, plugin)
    world.wait_state(plugin, State.STOPPED)
    assert starts(plugin)[0].reason == "It did not end within 0 s of SIGTERM, and was killed."


def test_a_restart_is_another_process(world, alice, owner, plugin):
    world.script(alice, plugin)
    world.supervisor()
    (before,) = world.start(alice, plugin)
    managed_scripts.restart(owner, plugin)
    world.until(lambda: len(starts(plugin)) == 2, "a second start")
    (after,) = world.wait_running(plugin)
    assert after != before
    assert not is_alive(before)


def test_a_change_is_another_process(world, alice, owner, plugin):
    world.script(alice, plugin)
    world.supervisor()
    world.start(alice, plugin)
    managed_scripts.configure(owner, plugin, {"memory_limit_mb": 1000})
    world.until(lambda: len(starts(plugin)) == 2, "a second start")
    world.wait_running(plugin)


def test_so_many_instances_run_as_are_wanted(world, alice, owner, plugin):
    world.script(alice, plugin, instances_wanted=3)
    world.supervisor()
    assert len(set(world.start(alice, plugin, instances=3))) == 3
    assert world.said(plugin, 3)[-1] == "here managed-3"
    managed_scripts.configure(owner, plugin, {"instances_wanted": 1})
    world.until(lambda: len(starts(plugin)) == 4, "the one that is left to be started anew")
    world.wait_running(plugin, 1)
    assert world.states(plugin)[1:] == [State.STOPPED, State.STOPPED]


def test_a_deleted_plugins_script_is_stopped(world, alice, owner, plugin):
    world.script(alice, plugin)
    world.supervisor()
    world.start(alice, plugin)
    plugins.delete(owner, plugin)
    world.wait_state(plugin, State.STOPPED)


def test_a_removed_script_is_ended(world, alice, owner, plugin):
    world.script(alice, plugin)
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    ScriptInstance.objects.update(state=State.STOPPED)  # as if it had been seen so
    managed_scripts.remove(owner, plugin)
    world.look()
    assert not is_alive(pid)


def test_what_the_operator_takes_back_is_stopped_and_says_why(world, alice, owner, plugin, settings):
    world.script(alice, plugin)
    world.supervisor()
    world.start(alice, plugin)
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    instance = world.wait_state(plugin, State.STOPPED)
    world.until(lambda: ScriptInstance.objects.get(pk=instance.pk).reason.startswith("This server starts no"), "why")
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"
    world.wait_running(plugin)


# --- it falls over ---


def test_it_is_started_again(world, alice, plugin):
    world.script(alice, plugin)
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    world.fall(pid)
    instance = world.wait_state(plugin, State.BACKING_OFF)
    assert instance.reason.startswith("It ended with code 3 after ")
    world.until(lambda: world.said(plugin)[-1].endswith("Next start in 1 s."), "its guard to write that down")
    world.clock.advance(1)
    assert world.wait_running(plugin) != [pid]


def test_it_is_not_started_before_its_time(world, alice, plugin):
    world.script(alice, plugin)
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    world.fall(pid)
    instance = world.wait_state(plugin, State.BACKING_OFF)
    ScriptInstance.objects.filter(pk=instance.pk).update(next_start_at=world.clock() + timedelta(hours=1))
    for _ in range(5):
        world.look()
    assert len(starts(plugin)) == 1


@pytest.mark.parametrize(
    ("falls", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (1000, 300)]
)
def test_the_wait_doubles_up_to_five_minutes(falls, seconds):
    assert script_starts.wait_after(falls) == seconds


def test_the_wait_doubles_also_where_it_was_up_and_begins_anew_after_ten_healthy_minutes(world, alice, plugin):
    world.script(alice, plugin)
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    waits = []
    for healthy_s in (10, 10, 10, 601, 10):
        world.clock.advance(healthy_s)
        world.wait_state(plugin, State.UP)
        world.fall(pid)
        instance = world.wait_state(plugin, State.BACKING_OFF)
        waits.append(round((instance.next_start_at - instance.changed_at - world.clock._passed).total_seconds()))
        world.clock.advance(400)
        (pid,) = world.wait_running(plugin)
    assert waits == [1, 2, 4, 1, 2]


def test_after_six_starts_that_did_not_stay_up_it_gives_up(world, alice, plugin):
    world.script(alice, plugin, FALLS, start_s=600)
    world.supervisor()
    managed_scripts.start(makers.principal(alice), plugin)
    for number in range(1, 6):
        world.until(lambda: world.states(plugin) == [State.BACKING_OFF] and len(starts(plugin)) == number, "a fall")  # noqa: B023
        world.clock.advance(300)
    instance = world.wait_state(plugin, State.GAVE_UP)
    assert len(starts(plugin)) == 6
    assert instance.tries == 6
    assert instance.reason.endswith("it has no model")
    last = starts(plugin)[-1]
    assert (last.exit_code, last.last_lines) == (1, "it has no model")
    assert Notification.objects.get(user=alice).title == "Detector: its script gave up"
    assert AuditEvent.objects.filter(verb="script.gave_up").count() == 1
    world.clock.advance(10_000)
    for _ in range(3):
        world.look()
    assert len(starts(plugin)) == 6


@pytest.fixture
def given_up(world, alice, plugin):
    """One that is started with what is in a file beside it, and gave up for the lack of it."""
    source = "import os\nexec(open(os.environ['FOLDER'] + '/program').read())"
    script = world.script(alice, plugin, source)
    world.supervisor()
    instance = ScriptInstance.objects.create(
        script=script, number=1, state=State.GAVE_UP, tries=6, revision=ManagedScript.objects.get().revision
    )
    ManagedScript.objects.update(wanted="running")
    world.look()
    return instance


def test_once_more_is_one_try(world, owner, plugin, given_up):
    managed_scripts.start_once(owner, plugin)
    world.until(lambda: len(starts(plugin)) == 1 and world.states(plugin) == [State.GAVE_UP], "giving up again")
    assert "No such file" in ScriptInstance.objects.get().reason


def test_once_more_may_help(world, owner, plugin, given_up):
    (world.folder / "program").write_text("import signal\nprint('here')\nwhile True: signal.pause()")
    managed_scripts.start_once(owner, plugin)
    world.wait_running(plugin)
    world.clock.advance(10)
    assert world.wait_state(plugin, State.UP).tries == 0


def test_a_change_begins_anew_what_gave_up(world, owner, plugin, given_up):
    managed_scripts.configure(owner, plugin, {"patience_s": 1})
    world.until(lambda: world.states(plugin) == [State.BACKING_OFF], "a first fall")
    assert ScriptInstance.objects.get().tries == 1


@pytest.mark.parametrize(
    ("policy", "number", "state"),
    [
        ("always", signal.SIGUSR1, State.BACKING_OFF),
        ("always", signal.SIGUSR2, State.BACKING_OFF),
        ("on_failure", signal.SIGUSR1, State.BACKING_OFF),
        ("on_failure", signal.SIGUSR2, State.STOPPED),
        ("on_failure", signal.SIGKILL, State.BACKING_OFF),
        ("never", signal.SIGUSR1, State.STOPPED),
        ("never", signal.SIGUSR2, State.STOPPED),
    ],
)
def test_its_policy_says_what_comes_next(world, alice, plugin, policy, number, state):
    world.script(alice, plugin, restart=policy)
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    world.fall(pid, number)
    instance = world.wait_state(plugin, state)
    world.look()
    world.look()
    assert len(starts(plugin)) == 1
    assert ("policy" in instance.reason) == (state == State.STOPPED)


def test_start_begins_anew_what_ended_for_good(world, alice, plugin):
    world.script(alice, plugin, restart="never")
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    world.fall(pid)
    world.wait_state(plugin, State.STOPPED)
    assert world.start(alice, plugin) != [pid]


def test_one_that_puts_itself_into_the_background_is_told_so(world, alice, plugin):
    source = "import os, signal\nif os.fork() == 0:\n    os.setsid()\n    while True: signal.pause()\nos._exit(0)"
    world.script(alice, plugin, source)
    world.supervisor()
    managed_scripts.start(makers.principal(alice), plugin)
    assert "It put itself into the background" in world.wait_state(plugin, State.BACKING_OFF).reason


def test_a_limit_that_was_reached_is_named(world, alice, plugin):
    world.script(alice, plugin, "bytearray(300 << 20)", memory_limit_mb=200)
    world.supervisor()
    managed_scripts.start(makers.principal(alice), plugin)
    reason = world.wait_state(plugin, State.BACKING_OFF).reason
    assert reason.startswith("It asked for more than its 200 MB of memory")


def test_what_cannot_be_prepared_counts_as_a_fall(world, alice, plugin, settings):
    world.script(alice, plugin)
    world.supervisor()
    for path in script_files.code(plugin.uid, 1).iterdir():
        path.unlink()
    script_files.code(plugin.uid, 1).rmdir()
    managed_scripts.start(makers.principal(alice), plugin)
    assert world.wait_state(plugin, State.BACKING_OFF).reason.startswith("It could not be started: ")


# --- what it is started with ---


def test_it_gets_what_it_connects_with(world, alice, plugin, monkeypatch):
    for name in ("SECRET_KEY", "DATABASE_URL", "PLUGINHOST_ENCRYPTION_KEYS"):
        monkeypatch.setenv(name, "ours alone")
    source = (
        "import os, signal\nfor name in sorted(os.environ): print(name, os.environ[name])\n"
        "print('here')\nwhile True: signal.pause()"
    )
    world.script(alice, plugin, source, environment={"OWN": "a value of mine"})
    world.supervisor()
    world.start(alice, plugin)
    said = dict(line.split(" ", 1) for line in world.said(plugin, streams="o") if " " in line)
    assert said["PLUGINHOST_HOST"] == said["PLUGINHOST_URL"] == HOST
    assert (said["PLUGINHOST_ID"], said["PLUGINHOST_SECRET"], said["OWN"]) == (plugin.uid, "•••", "•••")
    assert not {"SECRET_KEY", "DATABASE_URL", "PLUGINHOST_ENCRYPTION_KEYS", "PLUGINHOST_DATA_DIR"} & set(said)


def test_the_blanks_of_the_vendors_sample_are_filled_in(world, alice, plugin):
    source = (
        "import hashlib, signal\nHOST, ID, SECRET = '<YOUR HOST>', '<YOUR PLUGIN ID>', '<YOUR PLUGIN SECRET>'\n"
        "print(HOST, ID, hashlib.sha256(SECRET.encode()).hexdigest())\nprint('here')\nwhile True: signal.pause()"
    )
    world.script(alice, plugin, source)
    world.supervisor()
    world.start(alice, plugin)
    running = script_files.running(plugin.uid, 1) / "script.py"
    secret = plugins.reveal_secret(makers.principal(alice), plugin)
    assert f"'{HOST}', '{plugin.uid}', '{secret}'" in running.read_text()
    assert running.stat().st_mode & 0o777 == 0o600
    assert b"<YOUR HOST>" in (script_files.code(plugin.uid, 1) / "script.py").read_bytes()


def test_it_may_write_in_its_folder_and_the_upload_stays_as_it_came(world, alice, plugin):
    source = "import signal\nopen('mark', 'w').close()\nprint('here')\nwhile True: signal.pause()"
    world.script(alice, plugin, source)
    world.supervisor()
    world.start(alice, plugin)
    assert (script_files.running(plugin.uid, 1) / "mark").exists()
    assert not (script_files.code(plugin.uid, 1) / "mark").exists()


def test_a_rotated_secret_reaches_it_when_it_has_no_session(world, alice, owner, plugin):
    world.script(alice, plugin)
    world.supervisor()
    (pid,) = world.start(alice, plugin)
    plugins.rotate_secret(owner, plugin)
    world.until(lambda: len(starts(plugin)) == 2, "a second start")
    assert world.wait_running(plugin) != [pid]


def test_a_rotated_secret_waits_for_its_session_while_the_old_one_is_good(world, alice, owner, plugin, project):
    world.script(alice, plugin)
    world.supervisor()
    world.start(alice, plugin)
    session = makers.make_running(alice, project, plugin)
    plugins.rotate_secret(owner, plugin, 3600)
    for _ in range(3):
        world.look()
    assert len(starts(plugin)) == 1
    world.clock.advance(3601)
    world.until(lambda: len(starts(plugin)) == 2, "a second start")
    assert session.pk


# --- environments ---


def wheel(folder, requires=""):
    """A tiny package, as a file that pip installs without any index."""
    path = folder / "toy-1.5-py3-none-any.whl"
    about = f"Metadata-Version: 2.1\nName: toy\nVersion: 1.5\n{requires}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy.py", "NAME = 'toy'\n")
        archive.writestr("toy-1.5.dist-info/METADATA", about)
        archive.writestr("toy-1.5.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("toy-1.5.dist-info/RECORD", "")
    return path


def build_log(plugin):
    made = ScriptEnvironment.objects.get()
    return [line.text for line in script_output.tail(script_files.build_log(plugin.uid, made)).lines]


def test_its_requirements_are_installed_for_it_alone(world, alice, plugin, tmp_path):
    source = "import signal, toy\nprint(toy.NAME)\nprint('here')\nwhile True: signal.pause()"
    world.script(alice, plugin, source, requirements=f"--no-index\n{wheel(tmp_path)}")
    world.supervisor()
    managed_scripts.start(makers.principal(alice), plugin)
    world.wait_state(plugin, State.BUILDING)
    world.wait_running(plugin)
    assert "toy" in world.said(plugin, streams="o")
    made = ScriptEnvironment.objects.get()
    assert made.state == "ready"
    assert "toy==1.5" in made.packages.splitlines()
    assert any("Successfully installed toy-1.5" in text for text in build_log(plugin))
    assert starts(plugin)[0].environment == made


def test_what_the_server_has_installed_is_not_the_scripts(world, alice, plugin):
    world.script(alice, plugin, "import django")
    world.supervisor()
    managed_scripts.start(makers.principal(alice), plugin)
    assert "No module named 'django'" in world.wait_state(plugin, State.BACKING_OFF).reason


def test_requirements_that_cannot_be_met_are_given_up_with_the_reason(world, alice, plugin):
    world.script(alice, plugin, requirements="--no-index\nthere-is-no-such-thing==7")
    world.supervisor()
    managed_scripts.start(makers.principal(alice), plugin)
    instance = world.wait_state(plugin, State.GAVE_UP)
    assert instance.reason == (
        "Its environment could not be made. No matching distribution found for there-is-no-such-thing==7"
    )
    made = ScriptEnvironment.objects.get()
    assert (made.state, made.reason) == ("failed", instance.reason)
    assert any("No matching distribution" in text for text in build_log(plugin))
    assert starts(plugin) == []


def test_other_requirements_are_another_environment(world, alice, owner, plugin, tmp_path):
    world.script(alice, plugin, requirements="--no-index\nthere-is-no-such-thing==7")
    world.supervisor()
    managed_scripts.start(owner, plugin)
    world.wait_state(plugin, State.GAVE_UP)
    managed_scripts.configure(owner, plugin, {"requirements": ""})
    world.wait_running(plugin)
    assert [made.state for made in ScriptEnvironment.objects.order_by("pk")] == ["failed", "ready"]


def test_a_build_ends_when_the_script_is_stopped(world, alice, owner, plugin, tmp_path):
    world.script(alice, plugin, requirements=f"--no-index\n{wheel(tmp_path)}")
    world.supervisor()
    managed_scripts.start(owner, plugin)
    world.wait_state(plugin, State.BUILDING)
    managed_scripts.stop(owner, plugin)
    world.wait_state(plugin, State.STOPPED)
    assert ScriptEnvironment.objects.get().reason == "It was broken off."
    managed_scripts.start(owner, plugin)
    world.wait_running(plugin)


# --- several supervisors ---


def test_of_two_supervisors_one_keeps_it(world, alice, plugin):
    world.script(alice, plugin)
    first, second = world.supervisor(), world.supervisor()
    world.start(alice, plugin)
    for _ in range(3):
        world.look()
    assert (len(first.kept), len(second.kept)) == (1, 0)
    assert world.is_alone()


def test_when_one_is_killed_the_other_takes_over(world, alice, plugin):
    world.script(alice, plugin)
    first, second = world.supervisor(), world.supervisor()
    (before,) = world.start(alice, plugin)
    world.kill(first)
    second._renew_at = 0
    world.until(lambda: len(starts(plugin)) == 2, "the second to take over")
    (after,) = world.wait_running(plugin)
    assert (is_alive(before), is_alive(after)) == (False, True)
    assert starts(plugin)[0].reason == "It ended with its supervisor."
    assert world.is_alone()


def test_one_that_ends_leaves_its_scripts_to_the_other(world, alice, plugin):
    world.script(alice, plugin)
    first, second = world.supervisor(), world.supervisor()
    (before,) = world.start(alice, plugin)
    world.stop(first)
    assert not is_alive(before)
    assert starts(plugin)[0].reason == "It was stopped."
    world.wait_running(plugin)
    assert len(second.kept) == 1


def somebody():
    """A supervisor on another machine."""
    return ServerProcess.objects.create(
        name="other", host="elsewhere", pid=1, role="supervise", lease_until=timezone.now()
    )


def test_a_lost_lease_ends_what_runs_on_it(world, alice, plugin):
    world.script(alice, plugin)
    first = world.supervisor()
    (before,) = world.start(alice, plugin)
    other = somebody()
    ManagedScript.objects.update(keeper=other, lease_until=Now() + timedelta(hours=1))
    world.look()
    assert not is_alive(before)
    assert first.kept == {}
    assert starts(plugin)[0].ended_at is None, "another's to say"


def test_a_lease_that_is_over_is_taken(world, alice, plugin):
    world.script(alice, plugin)
    other = somebody()
    ManagedScript.objects.update(keeper=other, lease_until=Now() + timedelta(hours=1))
    keeper = world.supervisor()
    world.look()
    assert keeper.kept == {}
    ManagedScript.objects.update(lease_until=Now() - timedelta(seconds=1))
    world.look()
    assert list(keeper.kept) == [ManagedScript.objects.get().pk]


def test_leases_are_renewed(world, alice, plugin):
    world.script(alice, plugin)
    keeper = world.supervisor()
    world.look()
    ManagedScript.objects.update(lease_until=Now() + timedelta(seconds=3))
    keeper._renew_at = 0
    world.look()
    left = ManagedScript.objects.get().lease_until - timezone.now()
    assert timedelta(seconds=20) < left <= timedelta(seconds=31)


def test_who_lost_its_lease_cannot_speak_of_it(world, alice, plugin):
    script = world.script(alice, plugin)
    keeper = world.supervisor()
    world.look()
    instance = ScriptInstance.objects.get(script=script)
    ManagedScript.objects.update(keeper=None)
    assert not script_starts.note(keeper.keeper, instance, State.UP)
    assert script_starts.note_starting(keeper.keeper, instance, None, None, timezone.now()) is None


def test_what_its_guard_lost_is_started_again(world, alice, plugin):
    world.script(alice, plugin)
    keeper = world.supervisor()
    (before,) = world.start(alice, plugin)
    (keeping,) = keeper.kept.values()
    os.kill(keeping.instances[1].process._guard.pid, signal.SIGKILL)
    world.wait_state(plugin, State.BACKING_OFF)
    assert not is_alive(before)
    world.clock.advance(2)
    world.wait_running(plugin)
    assert world.is_alone()


def test_it_is_known_whether_anybody_supervises(world):
    assert not supervision.is_anybody_there()
    keeper = world.supervisor()
    assert supervision.is_anybody_there()
    world.stop(keeper)
    assert not supervision.is_anybody_there()
