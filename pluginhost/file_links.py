"""Addresses of stored files: `/files/<key>`, with a token that binds method, key and expiry in one parameter.

One parameter, because a client passes an upload address unescaped inside another query.
"""

from __future__ import annotations

import base64
import hmac
import time
from urllib.parse import unquote, urlsplit

from django.utils.crypto import salted_hmac

PREFIX = "/files/"
UPLOAD_SECONDS = 24 * 3600
SHOWN_SECONDS = 7 * 24 * 3600
_ROUNDED_TO = 3600  # so that a browser that sees the address again within the hour has the file in its cache


def upload_link(base: str, key: str) -> str:
    """Where the file may be put, for a day. `base` is scheme and host without a slash."""
    return _link(base, "PUT", key, int(time.time()) + UPLOAD_SECONDS)


def shown_link(base: str, key: str) -> str:
    """Where the file may be read by whoever has the address, for seven days."""
    return _link(base, "GET", key, (int(time.time()) // _ROUNDED_TO + 1) * _ROUNDED_TO + SHOWN_SECONDS)


def is_good(token: str, method: str, key: str) -> bool:
    """Whether the token was given for this method and key, and its time is not over."""
    expires, _, _ = token.partition(".")
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        return False
    return int(expires) > time.time() and hmac.compare_digest(_token(method, key, int(expires)), token)


def key_in(address: str, host: str) -> str | None:
    """The key of the stored file that `address` names, if it is one of ours: a path, or a URL on `host`."""
    if PREFIX not in address or not address.startswith(("/", "http://", "https://")):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    path = unquote(parts.path)
    while "//" in path:
        path = path.replace("//", "/")
    is_ours = (not parts.netloc or parts.netloc.lower() == host.lower()) and path.startswith(PREFIX)
    return path.removeprefix(PREFIX) if is_ours else None


def bare(address: str, host: str) -> str:
    """`/files/<key>` for an address of one of our files, so that it holds under any host name; others as they are."""
    key = key_in(address, host)
    return address if key is None else PREFIX + key


def _link(base: str, method: str, key: str, expires: int) -> str:
    return f"{base}{PREFIX}{key}?t={_token(method, key, expires)}"


def _token(method: str, key: str, expires: int) -> str:
    signed = salted_hmac(f"pluginhost.files.{method}", f"{key} {expires}", algorithm="sha256").digest()
    return f"{expires}.{base64.urlsafe_b64encode(signed).decode().rstrip('=')}"
