"""Under which names this server may be reached.

`/v2` builds addresses from the request's Host, so a Host that is not ours is refused: this machine's names, the
address that the connection came in at, PLUGINHOST_URL's host and PLUGINHOST_ALLOWED_HOSTS (`.example.org` for all
below it, `*` for any).
"""

from __future__ import annotations

import socket
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from pluginhost.errors import Forbidden, Invalid

from .answers import refuse
from .asgi_types import Application, Receive, Scope, Send


class KnownHosts:
    """400 for a Host that is not ours."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = _header(scope, b"host")
        if is_ours(host, scope):
            await self._application(scope, receive, send)
            return
        sentence = (
            f"This server does not know itself under the name «{host[:200]}». Whoever runs it can add the name "
            "to PLUGINHOST_ALLOWED_HOSTS."
        )
        await refuse(scope, receive, send, Invalid(sentence))


class SameOrigin:
    """WebSockets only from our own pages: a browser sends its cookies along from anywhere."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin")
        known = {_header(scope, b"host"), urlsplit(settings.PLUGINHOST_URL).netloc}
        if not origin or (urlsplit(origin).netloc or None) in known:
            await self._application(scope, receive, send)
        else:
            await refuse(scope, receive, send, Forbidden("This page may not open a WebSocket here."))


def is_ours(host: str, scope: Scope) -> bool:
    name, _ = split_domain_port(host)
    if not name:
        return not host  # HTTP/1.0 sends none; one that is no host at all is refused
    server = scope.get("server") or ("", 0)
    own = {str(server[0]), f"[{server[0]}]"}
    return name in own or validate_host(name, [*_names(), *settings.PLUGINHOST_ALLOWED_HOSTS])


@cache
def _names() -> list[str]:
    machine = socket.gethostname().lower()
    short = machine.partition(".")[0]
    named = urlsplit(settings.PLUGINHOST_URL).hostname
    return [
        "localhost",
        ".localhost",
        "127.0.0.1",
        "[::1]",
        machine,
        short,
        f"{short}.local",
        *([named] if named else []),
    ]


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")
