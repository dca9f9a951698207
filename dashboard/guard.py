"""Bodies are guarded before Django, which would take any size to disk before it asks who sends.

With a body for `/v2` or `/api/v1` the key is checked before the body is read: 401; so is the sign-in of who uploads a
script in the browser. More than the path's limit is 413, by what is announced and by what comes.
"""

from __future__ import annotations

import re
from importlib import import_module
from urllib.parse import parse_qs

from channels.db import DatabaseSyncToAsync
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import parse_cookie

from pluginhost import authentication, file_links, throttle
from pluginhost.errors import Forbidden, PluginhostError, TooLarge, Unauthenticated
from pluginhost.gateway.app import gateway

from .answers import refuse
from .asgi_types import Application, Message, Receive, Scope, Send

KEY_PATHS = ("/v2/", "/api/v1/")
_SCRIPT_UPLOADS = re.compile(r"/api/v1/plugins/[^/]+/script/versions|/plugins/[^/]+/supervision/upload/")


class Guard:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._application(scope, receive, send)
            return
        try:
            await _check_key(scope)
            _check_length(scope)
        except PluginhostError as error:
            await refuse(scope, receive, send, error)
            return
        await self._count(scope, receive, send)

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the body on up to the limit; past it the application hears no more and we answer."""
        limit, received, has_answered = limit_of(scope), 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(scope)
            return message

        async def noted(message: Message) -> None:
            nonlocal has_answered
            has_answered = True
            await send(message)

        try:
            await self._application(scope, counted, noted)
        except TooLarge as error:
            if received <= limit or has_answered:
                raise
            await refuse(scope, receive, send, error)


def limit_of(scope: Scope) -> int:
    """How many bytes a body may have there."""
    path: str = scope["path"]
    if path.startswith("/v2/import/labels"):
        return int(settings.PLUGINHOST_IMPORT_LIMIT)
    if path.startswith("/v2/session/response"):
        return int(settings.PLUGINHOST_MESSAGE_LIMIT)
    if path.startswith("/files/") and scope["method"] == "PUT":
        return int(settings.PLUGINHOST_UPLOAD_LIMIT)
    if _SCRIPT_UPLOADS.fullmatch(path):
        return int(settings.PLUGINHOST_SCRIPT_LIMIT)
    if path.startswith("/socket.io/"):
        return gateway.limit_for(_query(scope, "sid"))
    return int(settings.PLUGINHOST_BODY_LIMIT)


def _query(scope: Scope, name: str) -> str:
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get(name, [""])[0]


def _has_body(scope: Scope) -> bool:
    return b"transfer-encoding" in _headers(scope) or _announced(scope) != 0


async def _check_key(scope: Scope) -> None:
    if scope["path"].startswith(file_links.PREFIX):
        _check_token(scope)
    if _SCRIPT_UPLOADS.fullmatch(scope["path"]) and not scope["path"].startswith(KEY_PATHS):
        await DatabaseSyncToAsync(_check_sign_in, thread_sensitive=False)(_cookie(scope, settings.SESSION_COOKIE_NAME))
    if not scope["path"].startswith(KEY_PATHS):
        return
    headers = _headers(scope)
    scheme, _, bearer = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    key = headers.get(b"apikey", b"").decode("latin-1") or (bearer.strip() if scheme.lower() == "bearer" else "")
    client = scope.get("client") or ("", 0)
    await DatabaseSyncToAsync(_look_at, thread_sensitive=False)(key, str(client[0]))


def _check_token(scope: Scope) -> None:
    """An upload's address is its key; without a good one nothing is taken to disk."""
    key = scope["path"].removeprefix(file_links.PREFIX)
    if scope["method"] == "PUT" and not file_links.is_good(_query(scope, "t"), "PUT", key):
        raise Forbidden("This upload address is not good, or its time is over; ask for a new one.")


def _check_sign_in(session_key: str) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key or None)
    if SESSION_KEY not in store:
        raise Unauthenticated("Sign in first, then upload the script again.")


def _cookie(scope: Scope, name: str) -> str:
    return parse_cookie(_headers(scope).get(b"cookie", b"").decode("latin-1")).get(name, "")


def _look_at(key: str, address: str) -> None:
    with throttle.failures_of(address):
        authentication.by_key(key)


def _check_length(scope: Scope) -> None:
    if _announced(scope) > limit_of(scope):
        raise _too_large(scope)


def _too_large(scope: Scope) -> TooLarge:
    return TooLarge(f"The body is larger than the {limit_of(scope):,} bytes that may be sent here.")


def _announced(scope: Scope) -> int:
    length = _headers(scope).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])
