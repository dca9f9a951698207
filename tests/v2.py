"""Asking `/v2` as the client does: by key, in JSON."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from pluginhost.actions import claims
from pluginhost.models import Plugin, Project, Session, User

from . import makers


class V2:
    """One key's view of `/v2`; each call gives (status, the answer's JSON)."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client()

    def get(self, path: str, query: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        return self._read(self.client.get(f"/v2/{path}", query or {}, headers=self._headers()))

    def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = self.client.post(f"/v2/{path}", raw, content_type="application/json", headers=self._headers())
        return self._read(answer)

    def delete(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """As the client does it: newer ones send a JSON body with it."""
        raw = "" if body is None else json.dumps(body)
        answer = self.client.delete(f"/v2/{path}", raw, content_type="application/json", headers=self._headers())
        return self._read(answer)

    def data(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        """The `data` of a GET that must succeed."""
        status, answer = self.get(path, query)
        assert (status, answer["status"]) == (200, "success"), answer
        return answer["data"]

    def posted(self, path: str, body: Any) -> dict[str, Any]:
        """The `data` of a POST that must succeed."""
        status, answer = self.post(path, body)
        assert (status, answer["status"]) == (200, "success"), answer
        return answer["data"]

    def _headers(self) -> dict[str, str]:
        return {"apikey": self.key} if self.key else {}

    def _read(self, answer: Any) -> tuple[int, dict[str, Any]]:
        assert answer["Content-Type"] == "application/json", answer.content[:200]
        return answer.status_code, answer.json()


def by_user(user: User) -> V2:
    return V2(makers.make_api_key(user))


def by_session(user: User, project: Project, plugin: Plugin, **request: Any) -> tuple[V2, Session]:
    """With the key of a running session, and that session."""
    session = makers.make_session(user, project, plugin, **request)
    connection = makers.make_connection(plugin, sid=f"sid of {session.pk}")
    order = claims.claim(connection.pk)
    assert order is not None
    assert order.session_id == session.pk
    session.refresh_from_db()
    return V2(order.payload["apiKey"]), session


def item(number: int, *objects: dict[str, Any], **other: Any) -> dict[str, Any]:
    """An import item for the asset of this number, as `makers.make_assets` named it."""
    return {"externalId": f"image_{number:04}.jpg", "objects": list(objects) or [makers.box()], **other}


def send(v2: V2, project: Project, *items: Any) -> dict[str, Any]:
    """Import items; the reply's data."""
    return v2.posted("import/labels", {"project": project.uid, "jsonContent": list(items)})
