"""Managed scripts through a real server: uploaded, started, killed, restarted; and what becomes of their sessions."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pluginhost import script_output
from pluginhost.supervisor.family import children, is_alive

from .scripts import ango_environment, source_of
from .server import ROOT, Server
from .test_serve import start_in_vain
from .waiting import until

pytestmark = pytest.mark.story

ACT = """
import io
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.models import Plugin, User
from pluginhost.principal import Principal
from pluginhost.script_uploads import Upload
plugin, owner = Plugin.objects.get(uid={uid!r}), Principal(user=User.objects.get())
"""
UPLOAD = 'script_codes.upload(owner, plugin, [Upload("script.py", io.BytesIO({source!r}.encode()))])\n'
STEADY = "import signal\nprint('here')\nwhile True: signal.pause()"
STUBBORN = "import signal\nsignal.signal(15, signal.SIG_IGN)\nprint('here')\nwhile True: signal.pause()"


class Kept:
    """A plugin's managed script on a server."""

    def __init__(self, server: Server, plugin: dict) -> None:
        self.server, self.plugin = server, plugin

    def act(self, *lines: str) -> None:
        self.server.manage("shell", "-c", ACT.format(uid=self.plugin["id"]) + "\n".join(lines))

    def upload(self, source: str, *lines: str, **fields: object) -> None:
        """And start it."""
        configure = f"managed_scripts.configure(owner, plugin, {fields!r})" if fields else ""
        self.act(UPLOAD.format(source=source), configure, "managed_scripts.start(owner, plugin)", *lines)

    def starts(self) -> list[tuple]:
        return self.server.rows(
            "SELECT s.number, s.pid, s.exit_code, s.reason, s.ended_at FROM pluginhost_scriptstart s "
            "JOIN pluginhost_scriptinstance i ON i.id = s.instance_id "
            "JOIN pluginhost_managedscript m ON m.id = i.script_id "
            "JOIN pluginhost_plugin p ON p.id = m.plugin_id WHERE p.uid = ? ORDER BY s.id",
            self.plugin["id"],
        )

    def pid(self) -> int | None:
        """Of the process that runs now."""
        alive = [pid for _, pid, _, _, ended in self.starts() if ended is None and pid and is_alive(pid)]
        return alive[-1] if alive else None

    def wait_pid(self, besides: int | None = None) -> int:
        until(lambda: self.pid() not in (None, besides), lambda: f"the script to run; {self.told()}", within=120)
        return self.pid()

    def said(self) -> list[str]:
        folder = self.server.folder / "data" / "scripts" / self.plugin["id"] / "output" / "1"
        return [line.text for line in script_output.tail(folder).lines]

    def told(self) -> str:
        rows = self.server.rows("SELECT state, reason FROM pluginhost_scriptinstance")
        return f"{rows}\n{self.starts()}\n{self.said()[-20:]}\n{self.server.said()[-2000:]}"


@pytest.fixture
def kept(new_server):
    server = new_server(managed_scripts=1)
    return Kept(server, server.new_plugin())


def supervisor_of(server):
    (found,) = server.rows("SELECT pid FROM pluginhost_serverprocess WHERE role = 'supervise' AND ended_at IS NULL")
    return found[0]


def with_client(version):
    """The client of an environment that is there already: it saves minutes of pip."""
    python = ango_environment(version)
    (packages,) = (python.parent.parent / "lib").glob("python*/site-packages")
    return {"environment": {"PYTHONPATH": str(packages)}}


# --- who outlives whom ---


def test_it_runs_and_a_new_web_process_leaves_it_alone(kept):
    kept.upload(STEADY)
    pid = kept.wait_pid()
    kept.server.kill_child()
    kept.server.wait_ready()
    kept.server.hand_over()
    assert kept.pid() == pid
    assert len(kept.starts()) == 1


def test_with_kill_9_of_its_supervisor_it_ends_and_the_next_starts_it(kept):
    kept.upload(STUBBORN)
    pid = kept.wait_pid()
    os.kill(supervisor_of(kept.server), signal.SIGKILL)
    until(lambda: not is_alive(pid), "the script to end with its supervisor")
    kept.wait_pid(besides=pid)
    assert kept.starts()[0][3] == "It ended with its supervisor."


def test_with_kill_9_of_the_whole_server_it_ends_and_the_next_server_starts_it(kept):
    kept.upload(STUBBORN)
    pid = kept.wait_pid()
    kept.server.process.kill()
    kept.server.process.wait()
    until(lambda: not is_alive(pid), "the script to end with the server")
    kept.server.start()
    kept.wait_pid(besides=pid)


def test_a_server_that_ends_ends_it_in_time(kept):
    kept.upload(STUBBORN, patience_s=600)
    pid = kept.wait_pid()
    assert kept.server.stop() == 0
    assert not is_alive(pid)


def test_of_two_supervisors_the_other_takes_over(new_server):
    server = new_server(managed_scripts=1, role="web", lease_seconds=5)
    kept = Kept(server, server.new_plugin())
    kept.upload(STUBBORN)
    with contextlib.ExitStack() as ending:
        supervisors = [ending.enter_context(supervising(server)) for _ in range(2)]
        pid = kept.wait_pid()
        keeper = next(one for one in supervisors if children(one.pid))
        keeper.kill()
        until(lambda: not is_alive(pid), "the script to end with its supervisor")
        after = kept.wait_pid(besides=pid)
        (guard,) = children(next(one for one in supervisors if one is not keeper).pid)
        assert children(guard) == [after]


@contextlib.contextmanager
def supervising(server):
    """`manage.py supervise`, until it is told to end."""
    with (server.folder / "supervise.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "manage.py", "supervise", "--url", server.url],
            cwd=ROOT,
            env=server.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(20)


# --- who may ---


def test_1_on_an_address_that_others_reach_is_refused(tmp_path):
    said = start_in_vain(Server(tmp_path), PLUGINHOST_MANAGED_SCRIPTS="1", PLUGINHOST_HOST="0.0.0.0")
    assert "PLUGINHOST_MANAGED_SCRIPTS=public" in said


def test_another_word_is_refused(tmp_path):
    assert "it must be 0, 1 or public" in start_in_vain(Server(tmp_path), PLUGINHOST_MANAGED_SCRIPTS="yes")


# --- real clients ---


def test_the_vendors_sample_runs_untouched(kept):
    """With nothing filled in; its client is installed by pip, as its owner asks for it."""
    ango_environment("1.1.6")  # where that is skipped, pip has no network
    project = kept.server.new_project(kept.plugin)
    kept.upload((ROOT / "examples" / "batch_model_1_1.py").read_text(), requirements="ango==1.1.6")
    until(lambda: kept.server.connections(kept.plugin), kept.told, within=250)
    number = kept.server.run(project, kept.plugin)
    assert kept.server.wait_state(number)["state"] == "succeeded"
    assert len(kept.server.messages_of(number)) == 3


def test_a_callback_that_raises_becomes_visible(kept):
    """The 1.1.x client says nothing of it: the session fails by the traceback on stderr."""
    project = kept.server.new_project(kept.plugin)
    kept.upload(
        source_of("1.1.6", "raise ValueError('no model')", kept.server.url, kept.plugin), **with_client("1.1.6")
    )
    kept.server.wait_online(kept.plugin)
    pid = kept.wait_pid()
    number = kept.server.run(project, kept.plugin)
    session = kept.server.wait_state(number)
    assert session["state"] == "failed"
    assert "ValueError: no model" in session["reason"]
    ((error,),) = kept.server.rows("SELECT error FROM pluginhost_session WHERE id = ?", number)
    assert error.startswith("Traceback (most recent call last):")
    assert kept.pid() == pid, "the process goes on"


def test_a_caught_traceback_ends_nothing(kept):
    body = "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()\n"
    project = kept.server.new_project(kept.plugin)
    body += (
        "for number in range(50):\n    logger.info(f'step {number}')\n    threading.Event().wait(0.1)\nreturn 'done'"
    )
    kept.upload(source_of("1.4.10", body, kept.server.url, kept.plugin), **with_client("1.4.10"))
    kept.server.wait_online(kept.plugin)
    number = kept.server.run(project, kept.plugin)
    assert kept.server.wait_state(number)["state"] == "succeeded"


def test_a_process_that_ends_says_so_of_its_session(kept):
    """Without waiting for the end of the grace, and though the next process connects at once."""
    project = kept.server.new_project(kept.plugin)
    body = "logger.info('dying')\nthreading.Event().wait(0.5)\nprint('out of luck', file=sys.stderr)\nos._exit(7)"
    kept.upload(source_of("1.1.6", body, kept.server.url, kept.plugin), **with_client("1.1.6"))
    kept.server.wait_online(kept.plugin)
    number = kept.server.run(project, kept.plugin)
    session = kept.server.wait_state(number)
    assert session["state"] == "crashed"
    assert "It ended with code 7" in session["reason"]
    assert "out of luck" in session["reason"]


def test_the_demos_script_needs_no_leave(new_server, tmp_path):
    server = new_server(demo=1)
    (uid,) = server.rows("SELECT uid FROM pluginhost_plugin WHERE name = 'Shape finder'")[0]
    kept = Kept(server, {"id": uid, "name": "Shape finder"})
    kept.act('managed_scripts.configure(owner, plugin, {"source": "demo"})', "managed_scripts.start(owner, plugin)")
    until(
        lambda: server.rows("SELECT state FROM pluginhost_scriptenvironment"), "its environment to be begun", within=60
    )
    assert Path(ROOT / "examples" / "requirements.txt").read_text().strip() in str(
        server.rows("SELECT requirements FROM pluginhost_scriptenvironment")[0][0]
    )
