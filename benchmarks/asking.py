"""Asking a server as programs and people do: by a key, and as somebody who is signed in."""

from __future__ import annotations

import re
from typing import Any

import requests

from .server import PASSWORD, Server

Json = Any


class Api:
    """The server's API with a key of its own."""

    def __init__(self, server: Server) -> None:
        self.base = f"http://127.0.0.1:{server.port}"
        self._line = requests.Session()
        self.key = server.key()
        self._line.headers["apikey"] = self.key

    def ask(self, method: str, path: str, body: Json = None) -> Json:
        answer = self._line.request(method, self.base + path, json=body, timeout=120)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    def plugin(self, name: str = "Detector") -> Json:
        given = {"name": name, "type": "batch_model", "class_names": ["Car"], "default_config": {}}
        return self.ask("POST", "/api/v1/plugins", given)

    def project(self, plugin: Json, assets: int = 1) -> str:
        """A project with a labeling tool and some assets, where the plugin is enabled."""
        project = self.ask("POST", "/api/v1/projects", {"name": "Streets"})["id"]
        tool = {"tool": "bounding-box", "title": "Car", "schemaId": "c" * 24}
        self.ask("POST", f"/v2/project/{project}", {"categorySchema": {"tools": [tool]}})
        items = [{"data": f"https://example.org/{n}.jpg", "externalId": f"{n}.jpg"} for n in range(1, assets + 1)]
        self.ask("POST", f"/v2/project/{project}/cloud", {"assets": items})
        self.ask("PUT", f"/api/v1/projects/{project}/plugins/{plugin['id']}", {})
        return str(project)

    def run(self, project: str, plugin: Json) -> Json:
        return self.ask("POST", f"/api/v1/projects/{project}/plugins/{plugin['id']}/sessions", {})


def signed_in(server: Server) -> requests.Session:
    """A browser's cookies: the administrator."""
    base = f"http://127.0.0.1:{server.port}"
    line = requests.Session()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', line.get(f"{base}/sign-in/", timeout=60).text)
    if token is None:
        raise RuntimeError("the sign-in page has no form")
    form = {"login": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    line.post(f"{base}/sign-in/", form, headers={"Referer": f"{base}/sign-in/"}, timeout=60)
    if "sessionid" not in line.cookies:
        raise RuntimeError("the administrator could not sign in")
    return line
