"""`manage.py serve`: its start, its end, and what happens to those who are connected while a process is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
import uvloop

from dashboard.serve.listener import listen

from .server import ADMIN_PASSWORD, ROOT, Server, free_port
from .waiting import until

pytestmark = pytest.mark.story


def start_in_vain(server: Server, *arguments: str, **environment: str) -> str:
    """What a start that is refused says; it ends with status 1 and no traceback."""
    command = [sys.executable, "manage.py", "serve", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=server.environment | environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


@pytest.fixture
def unstarted(tmp_path: Path) -> Server:
    return Server(tmp_path)


def started(server: Server, *arguments: str, **environment: str) -> Server:
    """With options of its own; the caller stops it."""
    server.environment |= environment
    with server.log.open("ab") as log:
        server._process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *arguments],
            cwd=ROOT,
            env=server.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server.wait_ready()
    return server


def is_alive(pid: int) -> bool:
    """Not gone, and not only waiting for somebody to take note."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [grandchild for child in children for grandchild in family(child)]


# --- the start ---


def test_it_shows_its_first_page(server):
    assert "<form" in requests.get(f"{server.url}/sign-in/", timeout=30).text


def test_the_first_start_prints_a_password_and_the_second_does_not(unstarted):
    del unstarted.environment["PLUGINHOST_ADMIN_PASSWORD"]
    assert started(unstarted).stop() == 0
    assert unstarted.said().count("with the password «") == 1
    assert started(unstarted).stop() == 0
    assert unstarted.said().count("with the password «") == 1
    assert unstarted.said().count(f"Pluginhost is ready: {unstarted.url}") == 2


def test_a_given_password_is_not_printed(new_server):
    assert ADMIN_PASSWORD not in new_server().said()


def test_its_keys_are_readable_by_nobody_else(new_server):
    keys = new_server().folder / "data" / "keys"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in keys.iterdir()}
    assert modes == dict.fromkeys(("secret_key", "digest_key", "encryption_key"), "0o600")


def test_the_demo_is_made_once_and_its_command_is_told(unstarted):
    unstarted.environment["PLUGINHOST_DEMO"] = "1"
    for _ in range(2):
        assert started(unstarted).stop() == 0
    assert unstarted.rows("SELECT count(*) FROM pluginhost_project") == [(1,)]
    assert "examples/connect" in unstarted.said()


def test_options_are_the_same_as_the_variables(tmp_path):
    server = Server(tmp_path)
    for name in ("PLUGINHOST_PORT", "PLUGINHOST_DATA_DIR", "PLUGINHOST_DEMO"):
        del server.environment[name]
    options = ["--port", str(server.port), "--data-dir", str(tmp_path / "data"), "--host", "127.0.0.1", "--no-demo"]
    assert started(server, *options).stop() == 0
    assert server.rows("SELECT count(*) FROM pluginhost_project") == [(0,)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLUGINHOST_PORT", "eighty"),
        ("PLUGINHOST_LINE_LIMIT", "-1"),
        ("PLUGINHOST_DEMO", "perhaps"),
        ("PLUGINHOST_URL", "example.org"),
        ("PLUGINHOST_ROLE", "king"),
        ("PLUGINHOST_HOST", "203.0.113.7"),
        ("PLUGINHOST_DATA_DIR", "/proc/nowhere"),
        ("PLUGINHOST_TRUSTED_PROXIES", "my-proxy"),
        ("PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT", "999999999"),
        ("PLUGINHOST_ENCRYPTION_KEYS", "secret"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(unstarted, name, value):
    assert name in start_in_vain(unstarted, **{name: value})


def test_a_port_in_use_is_said_so(unstarted):
    with socket.socket() as other:
        other.bind(("127.0.0.1", unstarted.port))
        other.listen()
        assert f"port {unstarted.port} of 127.0.0.1 is in use" in start_in_vain(unstarted)


@pytest.mark.sqlite
def test_a_second_server_on_the_same_data_is_refused(server):
    assert "another server is running" in start_in_vain(server, "--port", str(free_port()))


# --- the end ---


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_leaves_nobody_behind(new_server, number):
    server = new_server()
    until(lambda: len(family(server.process.pid)) == 3, "a template, a web process and a supervisor")
    children = family(server.process.pid)
    server.process.send_signal(number)
    assert server.process.wait(15) == 0
    assert [child for child in children if is_alive(child)] == []


def test_its_children_end_with_it_when_it_is_killed(new_server):
    server = new_server()
    children = family(server.process.pid)
    server.process.kill()
    server.process.wait()
    until(lambda: not any(is_alive(child) for child in children), "the children of a killed parent to be gone")


def test_after_a_kill_of_the_whole_it_starts_again_at_once(new_server):
    server = new_server()
    server.process.kill()
    server.process.wait()
    server.start()
    assert server.request("GET", "/healthz").ok


# --- a process is replaced ---


def test_who_connects_right_after_a_kill_is_answered(new_server):
    server = new_server()
    for _ in range(3):
        killed = server.child()
        os.kill(killed, signal.SIGKILL)
        assert requests.get(f"{server.url}/healthz", timeout=10).ok
        assert server.child() != killed


def test_it_survives_the_loss_of_every_child(new_server):
    server = new_server()
    for child in family(server.process.pid):
        os.kill(child, signal.SIGKILL)
    assert requests.get(f"{server.url}/healthz", timeout=30).ok


def test_a_hand_over_refuses_nobody(new_server):
    server = new_server()
    before, is_over, answers = server.child(), threading.Event(), []

    def ask() -> None:
        with requests.Session() as kept:
            while not is_over.is_set():
                for line in (requests, kept):
                    answers.append(line.get(f"{server.url}/healthz", timeout=30).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        server.hand_over()
    finally:
        is_over.set()
        asking.join()
    assert set(answers) == {200}
    assert server.child() != before


def test_a_hand_over_to_settings_that_are_wrong_is_given_up(new_server):
    server = new_server()
    before = server.child()
    key = server.folder / "data" / "keys" / "encryption_key"
    right = key.read_text()
    key.unlink()
    key.mkdir()
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "the hand-over is given up" in server.said(), "the hand-over to be given up", within=60)
    assert requests.get(f"{server.url}/healthz", timeout=10).ok
    assert server.child() == before
    key.rmdir()
    key.write_text(right)


# --- the socket ---


def test_accepted_sockets_have_nodelay():
    """Lost when the listener is not made as a TCP socket: small answers would wait for acknowledgements."""

    async def accepted() -> int:
        heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        class Peer(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                found = transport.get_extra_info("socket")
                heard.set_result(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                transport.close()

        listener = listen("127.0.0.1", 0)
        again = socket.socket(fileno=os.dup(listener.fileno()))  # as the child gets it
        serving = await asyncio.get_running_loop().create_server(Peer, sock=again)
        _, writer = await asyncio.open_connection(*listener.getsockname())
        answer = await heard
        writer.close()
        await writer.wait_closed()
        serving.close()
        await serving.wait_closed()
        listener.close()
        return answer

    assert uvloop.run(accepted()) == 1
    assert asyncio.run(accepted()) == 1


# --- the command line beside it ---


def test_help_names_options_variables_and_signals():
    told = subprocess.run([sys.executable, "manage.py", "serve", "--help"], cwd=ROOT, capture_output=True, text=True)
    for word in ("--host", "--port", "--data-dir", "--no-demo", "--role", "PLUGINHOST_PORT", "SIGHUP"):
        assert word in told.stdout


@pytest.mark.parametrize("what", ["worker", "beat"])
def test_celery_of_its_own_refuses_where_there_is_no_redis(unstarted, what):
    command = [sys.executable, "-m", "celery", "-A", "dashboard", what]
    done = subprocess.run(command, cwd=ROOT, env=unstarted.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "without REDIS_URL" in done.stderr + done.stdout
