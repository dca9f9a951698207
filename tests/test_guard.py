"""What is refused before Django is asked: bodies that are too large or whose sender is unknown, and strange hosts."""

from __future__ import annotations

import json
import socket

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .server import Server

pytestmark = pytest.mark.story
MEGABYTE = 2**20


def ask(server: Server, head: str, body: bytes = b"") -> tuple[int, dict[str, str]]:
    """Send a request as it stands, with Host; the answer's status and JSON. Nothing more than `body` is sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        if "Host:" not in head:
            head += f"\nHost: 127.0.0.1:{server.port}"
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        answer = line.makefile("rb")
        status = int(answer.readline().split()[1])
        length = 0
        while (header := answer.readline().strip().lower()) != b"":
            if header.startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
        return status, json.loads(answer.read(length) or b"{}")


# --- bodies ---


@pytest.mark.parametrize("path", ["/v2/import/labels", "/v2/project/abc", "/api/v1/plugins", "//v2//import/labels"])
@pytest.mark.parametrize("key", ["", "apikey: ph_wrong", "Authorization: Bearer ph_wrong"])
def test_a_body_without_a_good_key_is_refused_before_it_is_sent(server, path, key):
    status, answer = ask(server, f"POST {path} HTTP/1.1\nContent-Length: 1000{chr(10) + key if key else ''}")
    assert (status, answer["status"]) == (401, "error")
    assert "key" in answer["message"]


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/v2/project", 10 * MEGABYTE + 1, 413),
        ("/v2/import/labels", 256 * MEGABYTE + 1, 413),
        ("/api/v1/plugins", 10 * MEGABYTE + 1, 413),
    ],
)
def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(server, path, length, status):
    found, answer = ask(server, f"POST {path} HTTP/1.1\nContent-Length: {length}\napikey: {server.key}")
    assert (found, answer["status"]) == (status, "error")
    assert "larger than" in answer["message"]


@pytest.mark.parametrize("path", ["/v2/import/labels", "/v2/project", "/v2/project/abc/assets", "/api/v1/plugins"])
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_a_stranger_s_body_of_no_announced_length_is_not_waited_for(server, method, path):
    """Nothing of it is sent, and still there is an answer."""
    status, answer = ask(server, f"{method} {path} HTTP/1.1\nTransfer-Encoding: chunked")
    assert (status, answer["status"]) == (401, "error")


def test_a_stranger_is_asked_for_a_key_before_he_hears_of_limits(server):
    assert ask(server, f"POST /v2/import/labels HTTP/1.1\nContent-Length: {2**40}")[0] == 401


@pytest.mark.parametrize("length", ["-1", "ten", "1, 2", "1e3"])
def test_a_length_that_is_none_is_refused(server, length):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        head = (
            f"POST /v2/project HTTP/1.1\r\nHost: 127.0.0.1\r\napikey: {server.key}\r\nContent-Length: {length}\r\n\r\n"
        )
        line.sendall(head.encode())
        assert line.makefile("rb").readline().split()[1] == b"400"


def test_the_body_of_a_deletion_has_a_limit_too(server):
    head = f"DELETE /v2/project/abc/assets HTTP/1.1\nContent-Length: {10 * MEGABYTE + 1}\napikey: {server.key}"
    assert ask(server, head)[0] == 413


def test_what_announces_nothing_is_counted_up_to_the_limit_of_its_path(new_server):
    server = new_server(import_limit=MEGABYTE, upload_limit=MEGABYTE)
    project = server.new_project(assets=1)
    chunk = b"100000\r\n" + b" " * MEGABYTE + b"\r\n"
    head = f"POST /v2/import/labels HTTP/1.1\nTransfer-Encoding: chunked\napikey: {server.key}"
    assert ask(server, head, chunk * 2)[0] == 413
    assert server.rows("SELECT COUNT(*) FROM pluginhost_import") == [(0,)]
    address = server.api("GET", f"/v2/getUploadUrl?name=x.png&project={project}")["data"]["uploadUrl"]
    head = f"PUT {address.removeprefix(server.url)} HTTP/1.1\nTransfer-Encoding: chunked"
    assert ask(server, head, chunk * 2)[0] == 413
    assert server.rows("SELECT size FROM pluginhost_storedfile") == [(None,)]


def test_a_page_takes_no_large_body_either(server):
    assert ask(server, f"POST /sign-in/ HTTP/1.1\nContent-Length: {11 * MEGABYTE}")[0] == 413


def test_a_body_that_announces_nothing_is_counted(server):
    head = f"POST /v2/project HTTP/1.1\nTransfer-Encoding: chunked\napikey: {server.key}"
    chunk = b"100000\r\n" + b" " * MEGABYTE + b"\r\n"
    assert ask(server, head, chunk * 11)[0] == 413


def test_a_sender_that_has_sent_all_of_it_still_hears_why(server):
    answer = server.request("POST", "/v2/project", data=b" " * (30 * MEGABYTE))
    assert answer.status_code == 413
    assert answer.json()["status"] == "error"


def test_a_body_within_the_limit_passes(server):
    assert server.request("POST", "/v2/project", json={"name": "Guarded"}).ok


# --- hosts ---


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "a b"])
def test_a_host_that_is_not_ours_is_refused(server, host):
    status, answer = ask(server, f"GET /healthz HTTP/1.1\nHost: {host}")
    assert status == 400
    assert "PLUGINHOST_ALLOWED_HOSTS" in answer["message"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", socket.gethostname()])
def test_this_machine_is_known_by_its_names(server, host):
    assert ask(server, f"GET /healthz HTTP/1.1\nHost: {host}:{server.port}")[0] == 200


def test_more_names_can_be_allowed(new_server):
    server = new_server(allowed_hosts=".example.org other.example", url="https://plugins.example.com")
    for host in ("a.example.org", "other.example", "plugins.example.com"):
        assert ask(server, f"GET /healthz HTTP/1.1\nHost: {host}")[0] == 200


# --- WebSockets ---


def test_a_websocket_from_another_site_is_refused(server):
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{server.port}/ws/sessions/1/", origin="https://evil.example")


def test_a_stranger_may_send_small_messages_only(server):
    url = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
    with connect(url) as line:
        line.recv()
        line.send("4" + " " * (MEGABYTE - 1))
        line.send("40/plugin,")
        assert line.recv().startswith("40/plugin")
        line.send("4" + " " * MEGABYTE)
        with pytest.raises(ConnectionClosed, match="1009"):
            list(line)


def test_an_upload_without_a_good_address_is_refused_before_it_is_sent(server):
    status, answer = ask(server, "PUT /files/anything.png?t=1.x HTTP/1.1\nContent-Length: 200000000")
    assert status == 403
    assert "ask for a new one" in answer["message"]


def test_a_socket_that_has_shown_no_secret_may_post_little(server):
    status, _ = ask(server, f"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\nContent-Length: {2 * MEGABYTE}")
    assert status == 413


def test_a_page_without_an_origin_of_its_own_may_not_open_a_websocket(server):
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{server.port}/ws/look/?watch=all", additional_headers={"Origin": "null"})
    assert refused.value.response.status_code == 403
