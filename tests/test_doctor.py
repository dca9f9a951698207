"""The doctor: each step by a little server that has just that fault, and all of them by a real one."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pluginhost.client import doctor, reaching
from pluginhost.client.reaching import FAILED, OK, SKIPPED, WARNING, Step

from .server import Server, free_port

ID, SECRET = "0" * 24, "a secret that is nowhere"


class Fake(BaseHTTPRequestHandler):
    """What stands where a Pluginhost should; `faults` of the server say how it is wrong."""

    server: FakeServer

    def do_GET(self) -> None:
        self.close_connection = True
        path, faults = self.path.partition("?")[0], self.server.faults
        if "redirect" in faults:
            self.answer(301, b"", Location=faults["redirect"])
        elif path == "/healthz":
            self.answer(200, faults.get("health", b'{"status": "ok"}'))
        elif "transport=polling" in self.path and "polls" in faults:
            self.answer(200, b'0{"sid": "x"}')
        elif "silent" in faults:
            self.answer(101, b"")
        else:
            self.answer(int(faults.get("status", 400)), b"")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response_only(status)
        if "no date" not in self.server.faults:
            self.send_header("Date", self.server.faults.get("date", formatdate(usegmt=True)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True
    faults: dict


@contextmanager
def faulty(certificate: Path | None = None, **faults) -> Iterator[str]:
    """A server with these faults, and its address."""
    server = FakeServer(("127.0.0.1", 0), Fake)
    server.faults = {name.replace("_", " "): value for name, value in faults.items()}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def steps_of(host: str, plugin_id: str = ID, secret: str = SECRET, seconds: float = 2) -> dict[str, Step]:
    return {step.name: step for step in doctor.examine(host, plugin_id, secret, seconds)}


@pytest.fixture
def certificate(tmp_path) -> Path:
    """One that is signed by itself."""
    made = tmp_path / "both.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    key = tmp_path / "key.pem"
    subprocess.run([*command.split(), "-keyout", key, "-out", made], check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


# --- the way there ---


@pytest.mark.parametrize("text", ["", "ftp://example.org", "http://", "http://a:port", "http://[::1"])
def test_what_is_no_address_says_how_one_looks(text):
    step = steps_of(text)["Address"]
    assert step.state == FAILED
    assert "https://labels.example.org" in step.cure


def test_without_a_scheme_it_is_https():
    assert reaching.read_host("labels.example.org").origin == "https://labels.example.org:443"
    assert reaching.read_host(" http://[::1]:8000 ").origin == "http://[::1]:8000"


def test_an_unknown_name():
    found = steps_of("http://nobody.invalid")
    assert list(found) == ["Address", "Name"]
    assert found["Name"].state == FAILED
    assert "slip in the name" in found["Name"].cure


def test_a_closed_port():
    step = steps_of(f"http://127.0.0.1:{free_port()}")["TCP"]
    assert step.state == FAILED
    assert "Start the server there" in step.cure


def test_a_path_is_told_to_be_dropped():
    with faulty() as host:
        assert steps_of(f"{host}/hub/")["Address"].state == WARNING


def test_a_certificate_that_signs_itself(certificate):
    with faulty(certificate) as host:
        step = steps_of(host)["TLS"]
    assert step.state == FAILED
    assert "WEBSOCKET_CLIENT_CA_BUNDLE" in step.cure


def test_one_that_is_named_is_trusted(certificate, monkeypatch):
    monkeypatch.setenv("WEBSOCKET_CLIENT_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with faulty(certificate) as host:
        found = steps_of(host)
    assert found["TLS"].state == OK
    assert found["HTTP"].state == OK


def test_a_port_without_tls():
    with faulty() as host:
        step = steps_of(host.replace("http:", "https:"))["TLS"]
    assert step.state == FAILED
    assert f"try {host}" in step.cure


# --- what answers ---


def test_another_program_there():
    with faulty(health=b"<h1>It works!</h1>") as host:
        step = steps_of(host)["HTTP"]
    assert step.state == FAILED
    assert "no Pluginhost" in step.told


def test_one_that_leads_elsewhere():
    with faulty(redirect="https://labels.example.org/healthz") as host:
        step = steps_of(host)["HTTP"]
    assert step.state == FAILED
    assert step.cure.endswith("https://labels.example.org")


@pytest.mark.parametrize(("seconds", "word"), [(-3600, "ahead of"), (3600, "behind")])
def test_a_clock_that_is_wrong(seconds, word):
    with faulty(date=formatdate(time.time() + seconds, usegmt=True)) as host:
        step = steps_of(host)["Clock"]
    assert step.state == WARNING
    assert word in step.told


@pytest.mark.parametrize("faults", [{"no_date": True}, {"date": "tomorrow"}])
def test_a_host_that_does_not_tell_its_time(faults):
    with faulty(**faults) as host:
        assert steps_of(host)["Clock"].state == SKIPPED


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"polls": True}, "status 400 instead of 101. Long polling goes through"),
        ({"status": 502}, "status 502"),
        ({"silent": True}, "The line was cut off"),
    ],
)
def test_a_proxy_that_breaks_websockets(faults, told):
    with faulty(**faults) as host:
        step = steps_of(host)["WebSocket"]
    assert step.state == FAILED
    assert told in step.told
    assert "proxy_set_header Upgrade" in step.cure


# --- a real one ---

story = pytest.mark.story


@story
def test_all_is_well(server: Server):
    plugin = server.new_plugin(name="Well")
    found = steps_of(server.url, plugin["id"], plugin["secret"], 10)
    assert list(found) == ["Address", "Name", "TCP", "HTTP", "Clock", "WebSocket", "Heartbeat", "Test order"]
    assert {step.state for step in found.values()} == {OK}


@story
def test_what_is_refused_says_the_cure_and_stands_on_the_page(server: Server):
    plugin = server.new_plugin(name="Refused")
    step = steps_of(server.url, plugin["id"], "wrong", 10)["Heartbeat"]
    assert step.state == FAILED
    assert "secret is wrong" in step.told
    assert "Reveal" in step.cure
    stays = server.api("GET", f"/api/v1/plugins/{plugin['id']}/connections")["items"]
    assert [(stay["accepted"], stay["refusals"]) for stay in stays] == [(False, 1)]
    unknown = steps_of(server.url, ID, SECRET, 10)["Heartbeat"]
    assert "no plugin with this id" in unknown.told
    assert "Copy the plugin's ID" in unknown.cure


@story
def test_a_quarantined_plugin_says_who_can_release_it(server: Server):
    plugin = server.new_plugin(name="Quarantined")
    server.api("POST", f"/api/v1/plugins/{plugin['id']}/quarantine", {"reason": "The GPU is away."})
    step = steps_of(server.url, plugin["id"], plugin["secret"], 10)["Heartbeat"]
    assert (step.state, step.told) == (FAILED, "The GPU is away.")
    assert "release it" in step.cure


@story
def test_a_waiting_session_is_not_taken(server: Server):
    plugin = server.new_plugin(name="Waited for")
    session = server.run(server.new_project(plugin, assets=1), plugin)
    assert steps_of(server.url, plugin["id"], plugin["secret"], 10)["Test order"].state == OK
    assert server.session(session)["state"] == "queued"


# --- on the command line ---


def test_the_program_tells_and_answers_with_its_code(capsys, monkeypatch):
    monkeypatch.setenv("PLUGINHOST_SECRET", SECRET)
    with faulty(status=502) as host:
        assert doctor.main([host, ID, "--seconds", "1"]) == 1
    told = capsys.readouterr().out
    assert "wrong  WebSocket: " in told
    assert "       → A proxy in between" in told
    assert "It cannot work yet: WebSocket." in told
    assert SECRET not in told


def test_it_writes_json_for_programs(capsys):
    assert doctor.main(["nobody.invalid", ID, SECRET, "--json"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["step"], last["state"]) == ("Name", "failed")
