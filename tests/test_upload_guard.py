"""Scripts are large: who may not upload one is told before the body is read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connections
from django.test import Client

from dashboard.guard import Guard, limit_of

from . import makers

pytestmark = pytest.mark.django_db(transaction=True)


async def _taken(scope, receive, send):
    """The application: it reads the body."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def status_of(path: str, **headers: str) -> int:
    async def story() -> int:
        sent = {"host": "testserver", "content-length": "5", "accept": "text/html", **headers}
        pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": pairs,
            "scheme": "http",
        }
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))  # the one thread whose connection is closed below
        line = ApplicationCommunicator(Guard(_taken), scope)
        await line.send_input({"type": "http.request", "body": b"12345", "more_body": False})
        answer = await line.receive_output(5)
        await loop.run_in_executor(None, connections.close_all)
        return int(answer["status"])

    return asyncio.run(story())


def cookie_of(user) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def test_only_who_is_signed_in_may_send_a_script(alice, plugin):
    path = f"/plugins/{plugin.uid}/supervision/upload/"
    assert status_of(path) == 401
    assert status_of(path, cookie="sessionid=nonsense") == 401
    assert status_of(path, cookie=cookie_of(alice)) == 200


def test_a_program_shows_its_key_first(alice, plugin):
    path = f"/api/v1/plugins/{plugin.uid}/script/versions"
    assert status_of(path, cookie=cookie_of(alice)) == 401
    assert status_of(path, apikey=makers.make_api_key(alice)) == 200


def test_a_script_may_be_larger_than_other_bodies(settings, plugin, alice):
    settings.PLUGINHOST_BODY_LIMIT = 3
    for path in (f"/plugins/{plugin.uid}/supervision/upload/", f"/api/v1/plugins/{plugin.uid}/script/versions"):
        assert limit_of({"path": path, "method": "POST"}) == settings.PLUGINHOST_SCRIPT_LIMIT
    assert status_of(f"/plugins/{plugin.uid}/supervision/stop/", cookie=cookie_of(alice)) == 413
