"""Who asks, as seen through proxies: believed from those that are trusted, and from nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync

from dashboard.hosts import is_ours
from dashboard.proxies import TrustedProxies
from dashboard.slashes import SingleSlashes

FORWARDED = [
    (b"x-forwarded-for", b"198.51.100.9, 203.0.113.5, 10.0.0.2"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"plugins.example.org"),
]


def seen(wrap: Any, **scope: Any) -> dict[str, Any]:
    """The scope as it arrives behind `wrap`."""
    arrived: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        arrived.append(scope)

    given = {"type": "http", "scheme": "http", "path": "/", "headers": [(b"host", b"localhost")], **scope}
    async_to_sync(wrap(application))(given, None, None)
    return arrived[0]


def test_a_trusted_proxy_is_believed(settings):
    settings.PLUGINHOST_TRUSTED_PROXIES = ["127.0.0.1", "10.0.0.0/8"]
    found = seen(TrustedProxies, client=("127.0.0.1", 1), headers=FORWARDED)
    assert (found["client"][0], found["scheme"]) == ("203.0.113.5", "https")
    assert found["headers"] == [(b"host", b"plugins.example.org")]


def test_what_anybody_else_says_is_dropped(settings):
    settings.PLUGINHOST_TRUSTED_PROXIES = ["127.0.0.1"]
    found = seen(TrustedProxies, client=("198.51.100.1", 1), headers=[(b"host", b"localhost"), *FORWARDED])
    assert (found["client"][0], found["scheme"]) == ("198.51.100.1", "http")
    assert found["headers"] == [(b"host", b"localhost")]


def test_a_websocket_through_https_is_wss(settings):
    settings.PLUGINHOST_TRUSTED_PROXIES = ["127.0.0.1"]
    found = seen(TrustedProxies, type="websocket", scheme="ws", client=("127.0.0.1", 1), headers=FORWARDED)
    assert found["scheme"] == "wss"


def test_an_address_that_is_none_is_not_believed(settings):
    settings.PLUGINHOST_TRUSTED_PROXIES = ["127.0.0.1"]
    found = seen(TrustedProxies, client=("127.0.0.1", 1), headers=[(b"x-forwarded-for", b"<script>")])
    assert found["client"][0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["//v2//project", "/v2/project", "///v2/project"])
def test_doubled_slashes_are_one(path):
    found = seen(SingleSlashes, path=path, raw_path=path.encode())
    assert (found["path"], found["raw_path"]) == ("/v2/project", b"/v2/project")


def test_the_address_that_a_connection_came_in_at_is_ours():
    assert is_ours("192.0.2.7:8000", {"server": ("192.0.2.7", 8000)})
    assert is_ours("[2001:db8::1]:8000", {"server": ("2001:db8::1", 8000)})
    assert not is_ours("192.0.2.8:8000", {"server": ("192.0.2.7", 8000)})
