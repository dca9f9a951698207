"""What the gateway asks of the TCP connection below a WebSocket.

The server puts an object like `Transport` into the ASGI scope, under `scope["extensions"][EXTENSION]`
(`dashboard.serve` has it). Where there is none (long polling, a test's bare server) nothing is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Protocol

EXTENSION = "pluginhost.transport"


class Transport(Protocol):
    """One WebSocket's connection."""

    is_too_large: bool
    """Whether it is ending because a message was over the limit."""
    stays: bool
    """Whether it is left open when its process hands over to the next."""

    def raise_limit(self) -> None:
        """Allow messages up to PLUGINHOST_MESSAGE_LIMIT: the script has shown its secret."""

    def say(self, text: str) -> bool:
        """Send one frame, past the libraries' queue and tasks; False when the connection takes none now."""

    def half_close(self) -> None:
        """End our side; what the script sent until it learns of it still comes in."""

    def drop(self) -> None:
        """Cut the connection, with no CLOSE packet: clients up to 1.0 would never come back."""


def transport_of(environ: Mapping[str, Any]) -> Transport | None:
    """The hook for the socket with this WSGI-like environ of Engine.IO."""
    return transport_in(_scope(environ))


def transport_in(scope: Mapping[str, Any]) -> Transport | None:
    """The hook for the socket with this ASGI scope; None for a request of long polling."""
    extensions = scope.get("extensions") or {}
    return extensions.get(EXTENSION)


def address_of(environ: Mapping[str, Any], trusted_proxies: list[str]) -> str:
    """The peer's address. Engine.IO's own REMOTE_ADDR is constant; proxies are believed only if trusted."""
    client = _scope(environ).get("client") or ("", 0)
    peer = str(client[0])
    if peer not in trusted_proxies:
        return peer
    forwarded = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    for candidate in reversed(forwarded):
        if candidate not in trusted_proxies and _is_address(candidate):
            return candidate
    return peer


def _scope(environ: Mapping[str, Any]) -> Mapping[str, Any]:
    return environ.get("asgi.scope") or {}


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
