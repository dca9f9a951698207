"""Why does it not connect? Each step from the host's name to an order that is answered, and what mends it.

    python -m pluginhost.client.doctor <host> <plugin id> [<secret>]

The secret is asked for when it stands neither there nor in PLUGINHOST_SECRET. Nothing is stored, and no session is
taken: the doctor says hello as somebody who is about to leave.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import getpass
import json
import os
import queue
import secrets
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import requests
import socketio

from .version import NAME, VERSION

OK, WARNING, FAILED, SKIPPED = "ok", "warning", "failed", "skipped"
SECONDS = 10.0
LEAVE_SECONDS = 1.0
MOST_SKEW_S = 60.0
NAMESPACE = "/plugin"
REASON = "pluginhost: "
_MOST_HEAD = 16_384

UPGRADE = (
    "A proxy in between does not pass WebSockets on. In nginx, for this host: proxy_http_version 1.1; proxy_set_header "
    "Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_read_timeout 75s. In Apache: mod_proxy_wstunnel."
)
NEW_SECRET = "Copy the secret from the plugin's page, tab Development: «Reveal»."  # noqa: S105  # none
CURES = {
    "no plugin with this id": "Copy the plugin's ID from its page, tab Development; and look whether it is this host.",
    "rotated": f"The secret was changed since. {NEW_SECRET}",
    "secret is wrong": f"{NEW_SECRET} All of it, without blanks or quotation marks of its own.",
    "disconnected": "Somebody disconnected this script on the plugin's page. Start it anew.",
    "deleted": "Register the plugin again; the new one has another ID and secret.",
}
QUARANTINED = "Somebody took the plugin out of service. Its owner can release it on its page, tab Settings."
_CERTIFICATES = {
    10: "The certificate is over. Renew it on the server.",
    18: "The certificate is signed by itself. Name its file in WEBSOCKET_CLIENT_CA_BUNDLE and REQUESTS_CA_BUNDLE.",
    19: "An authority of your own signed it. Name its file in WEBSOCKET_CLIENT_CA_BUNDLE and REQUESTS_CA_BUNDLE.",
    20: "Nobody known here signed it. Name the authority's file in WEBSOCKET_CLIENT_CA_BUNDLE and REQUESTS_CA_BUNDLE, "
    "or have the server send the certificates in between.",
    62: "The certificate is for another name. Use the name that stands in it as the host.",
}


@dataclass(frozen=True)
class Step:
    """What was tried, how it went, what was seen, and what to do about it."""

    name: str
    state: str
    told: str
    cure: str = ""


@dataclass(frozen=True)
class Host:
    """Where it is, as the client reads it."""

    scheme: str
    name: str
    port: int
    path: str

    @property
    def is_safe(self) -> bool:
        return self.scheme == "https"

    @property
    def origin(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{self.scheme}://{name}:{self.port}"


class Broken(Exception):
    """A step that failed; the later ones make no sense."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.told)
        self.step = step


def examine(host: str, plugin_id: str, secret: str, seconds: float = SECONDS) -> Iterator[Step]:
    """The steps, each as soon as it is done. Ends with the first one that the others need and that failed."""
    try:
        read = read_host(host)
        yield _address(read)
        addresses, step = _resolved(read)
        yield step
        yield _reached(read, addresses, seconds)
        if read.is_safe:
            yield _encrypted(read, seconds)
        answer, step = _answers(read, seconds)
        yield step
        yield _clock(answer)
        websocket = _upgrades(read, seconds)
        yield websocket
        # The server's own installation has no WebSocket client; long polling says the rest as well.
        transport = "websocket" if websocket.state == OK and find_spec("websocket") else "polling"
        yield from _spoken_to(read, plugin_id.strip(), secret.strip(), transport, seconds)
    except Broken as broken:
        yield broken.step


# --- the way there ---


def read_host(text: str) -> Host:
    """`https://host:port`; without a scheme it is https. Broken says what is wrong with it."""
    given = text.strip()
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        cure = "Write it as the plugin's page does, for example https://labels.example.org."
        raise Broken(Step("Address", FAILED, f"«{given[:200]}» is no address of a host.", cure))
    return Host(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), parts.path.strip("/"))


def _address(host: Host) -> Step:
    if host.path:
        cure = "Pluginhost must stand at the root of its host: take the path away."
        return Step("Address", WARNING, f"{host.origin}; the path «/{host.path}» is dropped by Socket.IO.", cure)
    return Step("Address", OK, host.origin)


def _resolved(host: Host) -> tuple[list[str], Step]:
    try:
        found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        cure = "Look for a slip in the name; else ask who looks after the names (DNS), or whether a VPN is needed."
        raise Broken(Step("Name", FAILED, f"{host.name} is not known here: {error}", cure)) from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    return addresses, Step("Name", OK, f"{host.name} is {', '.join(addresses[:4])}")


def _reached(host: Host, addresses: Sequence[str], seconds: float) -> Step:
    failures = []
    for address in addresses:
        began = time.monotonic()
        try:
            with socket.create_connection((address, host.port), seconds):
                took = (time.monotonic() - began) * 1000
        except OSError as error:
            failures.append(f"{address}: {error}")
            continue
        if failures:
            cure = "Clients may wait for the address that does not answer. Take it out of the name."
            return Step("TCP", WARNING, f"{address} answers, but {'; '.join(failures)}", cure)
        return Step("TCP", OK, f"{address}, port {host.port}, in {took:.0f} ms")
    is_refused = any("refused" in failure.lower() for failure in failures)
    refused = f"Nothing listens at port {host.port}. Start the server there, or look whether the port is right."
    silent = f"Nothing answers at port {host.port}. A firewall may stand in between: open the port to that machine."
    raise Broken(Step("TCP", FAILED, "; ".join(failures), refused if is_refused else silent))


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    own = os.environ.get("WEBSOCKET_CLIENT_CA_BUNDLE", "")
    if own:
        context.load_verify_locations(cafile=own)
    return context


def _encrypted(host: Host, seconds: float) -> Step:
    try:
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(socket.create_connection((host.name, host.port), seconds))
            safe = stack.enter_context(_context().wrap_socket(plain, server_hostname=host.name))
            certificate, version = safe.getpeercert() or {}, safe.version()
    except ssl.SSLCertVerificationError as error:
        told = f"The certificate is not trusted: {error.verify_message}"
        cure = _CERTIFICATES.get(error.verify_code, "Look at the server's certificate, and at this machine's clock.")
        raise Broken(Step("TLS", FAILED, told, cure)) from None
    except ssl.SSLError as error:
        cure = f"It may speak plain HTTP there: try http://{host.name}:{host.port}."
        raise Broken(Step("TLS", FAILED, f"There is no TLS: {error.reason or error}", cure)) from None
    except OSError as error:
        cure = "A proxy or firewall cuts encrypted connections. Ask who looks after the network."
        raise Broken(Step("TLS", FAILED, f"The handshake was cut off: {error}", cure)) from None
    return Step("TLS", OK, f"{version}, the certificate is good until {certificate.get('notAfter', 'some time')}")


# --- what answers ---


def _answers(host: Host, seconds: float) -> tuple[requests.Response, Step]:
    url = f"{host.origin}/healthz"
    try:
        answer = requests.get(url, timeout=seconds, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        name = type(error).__name__
        raise Broken(Step("HTTP", FAILED, f"No answer to {url} ({name}).", _cure_of_proxy(host))) from None
    if answer.is_redirect:
        to = answer.headers.get("Location", "")[:200]
        cure = f"Use the host that it leads to: {'{0.scheme}://{0.netloc}'.format(urlsplit(to)) if '://' in to else to}"
        raise Broken(Step("HTTP", FAILED, f"It leads elsewhere, to {to}.", cure))
    if answer.status_code != 200 or not _is_ours(answer):
        cure = "Look whether host and port are Pluginhost's own, and whether it runs; a proxy answers in its place."
        raise Broken(Step("HTTP", FAILED, f"What answers is no Pluginhost (status {answer.status_code}).", cure))
    through = requests.utils.get_environ_proxies(url)
    told = f"Pluginhost answers{', through a proxy that the environment names' if through else ''}"
    return answer, Step("HTTP", OK, told)


def _is_ours(answer: requests.Response) -> bool:
    try:
        told = answer.json()
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("status") == "ok"


def _cure_of_proxy(host: Host) -> str:
    if requests.utils.get_environ_proxies(f"{host.origin}/"):
        return f"HTTP_PROXY or HTTPS_PROXY is set. If the proxy does not reach {host.name}, put that into NO_PROXY."
    return "The port is open and nobody speaks HTTP there. Look whether it is Pluginhost's, and what its log says."


def _clock(answer: requests.Response) -> Step:
    try:
        skew = time.time() - parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return Step("Clock", SKIPPED, "The host does not tell its time.")
    if abs(skew) <= MOST_SKEW_S:
        return Step("Clock", OK, f"{abs(skew):.0f} s apart")
    told = f"This machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the host's."
    cure = "Have both set their clocks (timedatectl set-ntp true): times in logs, and addresses of files, go wrong."
    return Step("Clock", WARNING, told, cure)


# --- WebSockets ---


def _upgrades(host: Host, seconds: float) -> Step:
    """Whether a WebSocket opens and its first packet comes through, in the bytes of the standard."""
    try:
        status, rest = _handshake(host, seconds)
    except (OSError, ValueError) as error:
        return _not_upgraded(host, f"The line was cut off while it opened: {error or type(error).__name__}", seconds)
    if status != 101:
        return _not_upgraded(host, f"It was answered with status {status} instead of 101.", seconds)
    if b"0{" not in rest:
        return _not_upgraded(host, "It opened, and nothing came through it.", seconds)
    return Step("WebSocket", OK, "opens, and the first packet comes through")


def _handshake(host: Host, seconds: float) -> tuple[int, bytes]:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    name = f"[{host.name}]" if ":" in host.name else host.name
    ask = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {name}:{host.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    until = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(socket.create_connection((host.name, host.port), seconds))
        if host.is_safe:
            line = stack.enter_context(_context().wrap_socket(line, server_hostname=host.name))
        line.sendall(ask.encode())
        head, rest = _read(line, b"\r\n\r\n", b"", until)
        status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.") else 0
        if status == 101:
            with contextlib.suppress(TimeoutError, socket.timeout):
                before, after = _read(line, b"0{", rest, until)
                rest = before + b"0{" + after
    return status, rest


def _read(line: socket.socket, mark: bytes, known: bytes, until: float) -> tuple[bytes, bytes]:
    """What stands before and behind a mark."""
    while mark not in known:
        line.settimeout(max(until - time.monotonic(), 0.01))
        piece = line.recv(4096)
        if not piece or len(known) > _MOST_HEAD:
            raise OSError("it ended in the middle")
        known += piece
    before, _, after = known.partition(mark)
    return before, after


def _not_upgraded(host: Host, told: str, seconds: float) -> Step:
    polls = False
    with contextlib.suppress(requests.RequestException, ValueError):
        answer = requests.get(f"{host.origin}/socket.io/?EIO=4&transport=polling", timeout=seconds)
        polls = answer.status_code == 200 and answer.text.startswith("0{")
    if not polls:
        raise Broken(Step("WebSocket", FAILED, told, UPGRADE))
    told = f"{told} Long polling goes through; clients from 1.1.6 on need the WebSocket."
    return Step("WebSocket", FAILED, told, UPGRADE)


# --- the script's part ---


class _Ears(socketio.ClientNamespace):  # type: ignore[misc]
    """What the host says, in order."""

    def __init__(self) -> None:
        super().__init__(NAMESPACE)
        self.heard: queue.Queue[tuple[str, Any]] = queue.Queue()

    def trigger_event(self, event: str, *arguments: Any) -> None:
        self.heard.put((event, arguments[0] if arguments else None))


def _spoken_to(host: Host, plugin_id: str, secret: str, transport: str, seconds: float) -> Iterator[Step]:
    ears = _Ears()
    client = socketio.Client(reconnection=False, handle_sigint=False, request_timeout=seconds)
    client.register_namespace(ears)
    try:
        client.connect(host.origin, namespaces=[NAMESPACE], transports=[transport], wait=True, wait_timeout=seconds)
        yield _heartbeat(client, ears, plugin_id, secret, seconds)
        yield _test_order(client, ears, seconds)
    except Broken:
        raise
    except Exception as error:  # the library raises whatever an odd answer makes it stumble over
        cure = "Look at the server's log; if a proxy stands in between, it may cut long connections."
        told = f"The line could not be kept: {type(error).__name__} {error}"
        raise Broken(Step("Heartbeat", FAILED, told, cure)) from None
    finally:
        leaving = threading.Thread(target=_leave, args=[client], daemon=True)
        leaving.start()
        leaving.join(LEAVE_SECONDS)


def _leave(client: socketio.Client) -> None:
    """With long polling the library waits for the request that hangs, which takes a minute; nobody need wait for it."""
    with contextlib.suppress(Exception):
        client.disconnect()


def _heartbeat(client: socketio.Client, ears: _Ears, plugin_id: str, secret: str, seconds: float) -> Step:
    began = time.monotonic()
    client.emit("heartbeat", {"id": plugin_id, "secret": secret, "hello": True}, namespace=NAMESPACE)
    client.emit("hello", _hello(), namespace=NAMESPACE)
    heard = _wait_for(ears, lambda event, _: event == "welcome" or event.startswith(REASON), began + seconds)
    if heard is None:
        cure = "The host took the heartbeat and said nothing. Look whether it is a Pluginhost, and how busy it is."
        raise Broken(Step("Heartbeat", FAILED, f"No word within {seconds:.0f} s.", cure))
    if heard.startswith(REASON):
        reason = heard[len(REASON) :]
        raise Broken(Step("Heartbeat", FAILED, reason, _cure_of(reason)))
    return Step("Heartbeat", OK, f"accepted in {(time.monotonic() - began) * 1000:.0f} ms")


def _hello() -> dict[str, Any]:
    """Of somebody who holds nothing and is about to leave: it is given no session."""
    machine = socket.gethostname()[:60]
    return {
        "client": f"{NAME} doctor", "version": VERSION, "instance": f"doctor {machine} {secrets.token_hex(4)}",
        "python": sys.version.split()[0], "host": machine, "pid": os.getpid(), "boot": secrets.token_hex(8),
        "sessions": [], "handed_back": [], "leaving": True,
    }  # fmt: skip


def _cure_of(reason: str) -> str:
    low = reason.lower()
    return next((cure for words, cure in CURES.items() if words in low), QUARANTINED)


def _test_order(client: socketio.Client, ears: _Ears, seconds: float) -> Step:
    """The host sends an order that is no session's; the library acknowledges it as any script's does."""
    began = time.monotonic()
    client.emit("test_order", {}, namespace=NAMESPACE)
    name, until = "Test order", began + seconds
    came = _wait_for(ears, lambda event, told: event == "plugin" and isinstance(told, dict) and "test" in told, until)
    if came is None:
        cure = "Orders do not come through though heartbeats do: a proxy holds back what the host sends. " + UPGRADE
        return Step(name, FAILED, f"It did not come within {seconds:.0f} s.", cure)
    if _wait_for(ears, lambda event, _: event == "test_answered", until) is None:
        cure = "Orders come, and their answers do not get back: a proxy holds back what scripts send. " + UPGRADE
        return Step(name, FAILED, "It came, and its answer did not get back.", cure)
    return Step(name, OK, f"came and was answered in {(time.monotonic() - began) * 1000:.0f} ms")


def _wait_for(ears: _Ears, is_it: Any, until: float) -> str | None:
    """The next event that it is true of; None when the time is over or the line ended."""
    while True:
        try:
            event, told = ears.heard.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            return None
        if is_it(event, told):
            return str(event)
        if event == "disconnect":
            return None


# --- on the command line ---

MARKS = {OK: "ok     ", WARNING: "look   ", FAILED: "wrong  ", SKIPPED: "–      "}


def lines_of(step: Step) -> list[str]:
    told = [f"{MARKS[step.state]}{step.name}: {step.told}"]
    return [*told, f"       → {step.cure}"] if step.cure else told


def summary(steps: Sequence[Step]) -> str:
    bad = [step.name for step in steps if step.state == FAILED]
    if bad:
        return f"It cannot work yet: {', '.join(bad)}."
    odd = [step.name for step in steps if step.state == WARNING]
    return f"It works; look at {', '.join(odd)}." if odd else "All is well: a script with these connects and gets work."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The same words for this program and for `manage.py doctor`."""
    parser.add_argument("host", help="as in the script, for example https://labels.example.org")
    parser.add_argument("plugin_id", metavar="id", help="the plugin's ID")
    parser.add_argument("secret", nargs="?", default="", help="its secret; else PLUGINHOST_SECRET, or it is asked for")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long to wait for each answer")
    parser.add_argument("--json", action="store_true", help="one object a line, for programs")


def secret_of(given: str) -> str:
    """Typed without being shown, where it stands nowhere."""
    return given or os.environ.get("PLUGINHOST_SECRET", "") or getpass.getpass("Secret: ")


def as_json(step: Step) -> str:
    return json.dumps({"step": step.name, "state": step.state, "told": step.told, "cure": step.cure})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pluginhost.client.doctor", description=__doc__.split("\n")[0])
    add_arguments(parser)
    asked = parser.parse_args(arguments)
    steps = []
    for step in examine(asked.host, asked.plugin_id, secret_of(asked.secret), asked.seconds):
        steps.append(step)
        for line in [as_json(step)] if asked.json else lines_of(step):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    if not asked.json:
        sys.stdout.write(f"{summary(steps)}\n")
    return int(any(step.state == FAILED for step in steps))


if __name__ == "__main__":
    sys.exit(main())
