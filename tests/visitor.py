"""A person with a browser's cookies but no browser: signs in, reads pages, sends forms."""

from __future__ import annotations

import re
from typing import Any

import requests

from .server import ADMIN_PASSWORD, Server

PASSWORD = "correct horse battery"


class Visitor:
    def __init__(self, server: Server) -> None:
        self.server = server
        self._session = requests.Session()

    def sign_in(self, username: str = "admin", password: str = ADMIN_PASSWORD) -> Visitor:
        answer = self.post("/sign-in/", {"login": username, "password": password}, page="/sign-in/")
        assert "sessionid" in self.cookies, f"{username} could not sign in: {answer.status_code} {answer.text[:1500]}"
        return self

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: str(cookie.value) for cookie in self._session.cookies}

    def get(self, path: str) -> requests.Response:
        return self._session.get(self.server.url + path, timeout=60, allow_redirects=False)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, fields: dict[str, Any] | None = None, page: str = "/") -> requests.Response:
        """Send a form as the page `page` would, with its token."""
        self._session.get(self.server.url + page, timeout=60)
        token = self.cookies.get("csrftoken", "")
        return self._session.post(
            self.server.url + path,
            data={**(fields or {}), "csrfmiddlewaretoken": token},
            headers={"Referer": self.server.url + page, "X-CSRFToken": token},
            allow_redirects=False,
            timeout=60,
        )


def make_people(server: Server, *names: str) -> None:
    """Users with `PASSWORD`, each with an organization of its own."""
    server.manage(
        "shell",
        "-c",
        "from pluginhost.models import User; from pluginhost.actions import organizations\n"
        f"for name in {names!r}:\n"
        f"    user = User.objects.create_user(name, f'{{name}}@example.org', {PASSWORD!r})\n"
        "    organizations.create(f'{name}s place', user)",
    )


def make_member(server: Server, name: str, role: str) -> None:
    """Make somebody a member of the administrator's organization."""
    server.manage(
        "shell",
        "-c",
        "from pluginhost.models import Member, User; from pluginhost.actions import organizations\n"
        "home = Member.objects.get(user__username='admin', role='owner').organization\n"
        f"organizations.set_member(home, User.objects.get(username={name!r}), {role!r})",
    )


def text_of(page: str) -> str:
    """What a page says, without its tags."""
    without = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without))
