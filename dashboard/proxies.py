"""Who really asks, and how: `X-Forwarded-…` is believed from PLUGINHOST_TRUSTED_PROXIES and dropped otherwise."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings

from .asgi_types import Application, Receive, Scope, Send

FOR, PROTO, HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
_FORWARDED = {FOR, PROTO, HOST}


class TrustedProxies:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if any(name in _FORWARDED for name, _ in scope["headers"]):
            scope = _seen_through(scope)
        await self._application(scope, receive, send)


def _seen_through(scope: Scope) -> Scope:
    """The scope as the client behind the proxies would have made it."""
    forwarded = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _FORWARDED}
    headers = [(name, value) for name, value in scope["headers"] if name not in _FORWARDED]
    scope = {**scope, "headers": headers}
    client = scope.get("client")
    if not client or not _is_trusted(client[0]):
        return scope
    scope["client"] = (_client_of(forwarded.get(FOR, ""), client[0]), 0)
    if (scheme := forwarded.get(PROTO, "").strip().lower()) in ("http", "https"):
        scope["scheme"] = scheme if scope["type"] == "http" else {"http": "ws", "https": "wss"}[scheme]
    if host := forwarded.get(HOST, "").strip():
        scope["headers"] = [pair for pair in headers if pair[0] != b"host"] + [(b"host", host.encode("latin-1"))]
    return scope


def _client_of(forwarded_for: str, proxy: str) -> str:
    """The last address that is no proxy of ours: what stands before it, anybody may have written."""
    for address in reversed([part.strip() for part in forwarded_for.split(",")]):
        if _is_address(address) and not _is_trusted(address):
            return address
    return proxy


def _is_trusted(address: str) -> bool:
    networks = _networks(tuple(settings.PLUGINHOST_TRUSTED_PROXIES))
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache
def _networks(trusted: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in trusted]
