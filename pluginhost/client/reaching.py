"""The way from a script to its host, step by step: name, TCP, TLS, HTTP, clock, WebSocket; and what mends each."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

OK, WARNING, FAILED, SKIPPED = "ok", "warning", "failed", "skipped"
MOST_SKEW_S = 60.0
_MOST_HEAD = 16_384

UPGRADE = (
    "A proxy in between does not pass WebSockets on. In nginx, for this host: proxy_http_version 1.1; proxy_set_header "
    "Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_read_timeout 75s. In Apache: mod_proxy_wstunnel."
)
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


def address_of(host: Host) -> Step:
    if host.path:
        cure = "Pluginhost must stand at the root of its host: take the path away."
        return Step("Address", WARNING, f"{host.origin}; the path «/{host.path}» is dropped by Socket.IO.", cure)
    return Step("Address", OK, host.origin)


def resolve(host: Host) -> tuple[list[str], Step]:
    try:
        found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        cure = "Look for a slip in the name; else ask who looks after the names (DNS), or whether a VPN is needed."
        raise Broken(Step("Name", FAILED, f"{host.name} is not known here: {error}", cure)) from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    return addresses, Step("Name", OK, f"{host.name} is {', '.join(addresses[:4])}")


def reach(host: Host, addresses: Sequence[str], seconds: float) -> Step:
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


def encrypt(host: Host, seconds: float) -> Step:
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


def ask(host: Host, seconds: float) -> tuple[requests.Response, Step]:
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


def compare_clocks(answer: requests.Response) -> Step:
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


def upgrade(host: Host, seconds: float) -> Step:
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
