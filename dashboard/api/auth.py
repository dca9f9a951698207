"""Who calls: a personal API key in a header, and nothing else. No cookie is looked at."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from pluginhost import authentication, throttle
from pluginhost.actions import api_keys
from pluginhost.errors import Forbidden
from pluginhost.principal import Principal


class BearerKey(HttpBearer):
    """`Authorization: Bearer <key>`."""

    def authenticate(self, request: HttpRequest, token: str) -> Principal | None:
        return _let_in(request, token.strip()) if token.strip() else None


class HeaderKey(APIKeyHeader):
    """`apikey: <key>`, as on `/v2`."""

    param_name = "apikey"

    def authenticate(self, request: HttpRequest, key: str | None) -> Principal | None:
        return _let_in(request, key.strip()) if key and key.strip() else None


KEYS = [BearerKey(), HeaderKey()]


def _let_in(request: HttpRequest, key: str) -> Principal:
    with throttle.failures_of(request.META.get("REMOTE_ADDR", "")):
        principal = authentication.by_key(key)
    if principal.session is not None or principal.api_key is None:
        raise Forbidden("A session's key is good for its own work on /v2 only. Use a personal API key here.")
    api_keys.note_use(principal.api_key)
    return principal


def principal_of(request: HttpRequest) -> Principal:
    """Whom `KEYS` let in."""
    return cast(Principal, request.auth)  # type: ignore[attr-defined]
