"""A caller of the own API, as a program would be: a key in a header, JSON both ways."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from pluginhost.models import User

from . import makers


class Caller:
    """`Caller(alice).get("/plugins")`; the answer has `.status_code` and `.json()`."""

    def __init__(self, user: User | None, key: str = "") -> None:
        self.key = key or (makers.make_api_key(user) if user else "")
        self._client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self._client.generic(
            method, f"/api/v1{path}", content, content_type="application/json", headers={**sent, **headers}
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None) -> Any:
        return self.call("POST", path, body)

    def put(self, path: str, body: object = None) -> Any:
        return self.call("PUT", path, body)

    def patch(self, path: str, body: object = None) -> Any:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)


def refusal(answer: Any, status: int) -> str:
    """The sentence of a refusal, after a look at its shape."""
    assert answer.status_code == status, answer.content
    told = answer.json()
    assert told["status"] == "error"
    return told["message"]


def paths(answer: Any) -> list[str]:
    """Which values a refusal is about."""
    return [wrong["path"] for wrong in answer.json()["errors"]]
