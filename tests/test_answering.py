"""How requests are answered: each by one thread, programs and pages apart, and with the headers that browsers heed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import requests
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from dashboard.answering import ByPath, InOneThread, WithoutSignIn

from .server import Server

KEPT = ("X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Content-Security-Policy")
seen: list[str] = []
gate = threading.Event()
is_closed = threading.Event()


def fast(request: Any) -> HttpResponse:
    seen.append(threading.current_thread().name)
    return HttpResponse("fast")


def slow(request: Any) -> HttpResponse:
    gate.wait(30)
    return HttpResponse("slow")


def endless(request: Any) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0)
        finally:
            is_closed.set()

    return StreamingHttpResponse(pieces())


urlpatterns = [path("fast", fast), path("slow", slow), path("endless", endless)]
here = override_settings(ROOT_URLCONF=__name__)


class Asked:
    """One request, spoken to the application as a server would."""

    def __init__(self, path: str) -> None:
        self.scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"testserver")]
        }  # fmt: skip
        self.sent: list[Any] = []
        self.has_left = asyncio.Event()
        self._has_asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._has_asked:
            self._has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if len(self.sent) > 5:
            self.has_left.set()

    async def of(self, application: Any) -> bytes:
        await application(self.scope, self.receive, self.send)
        return b"".join(message.get("body", b"") for message in self.sent)


def programs(threads: int = 1) -> WithoutSignIn:
    return WithoutSignIn("programs", threads, settings.PLUGINHOST_MIDDLEWARE_FOR_PROGRAMS)


@here
def test_threads_stay_from_request_to_request(db):
    seen.clear()

    async def ask() -> list[bytes]:
        application = programs()
        return [await Asked("/fast").of(application) for _ in range(3)]

    assert asyncio.run(ask()) == [b"fast"] * 3
    assert seen == ["programs_0"] * 3


@here
def test_what_takes_long_for_programs_keeps_no_page_waiting(db):
    async def ask() -> bytes:
        both = ByPath(("/slow",), programs(), otherwise=InOneThread("pages", 1))
        waiting = asyncio.ensure_future(Asked("/slow").of(both))
        await asyncio.sleep(0)
        page = await Asked("/fast").of(both)
        assert not waiting.done()
        gate.set()
        assert await waiting == b"slow"
        return page

    gate.clear()
    assert asyncio.run(ask()) == b"fast"


@here
def test_an_answer_in_pieces_ends_when_nobody_listens(db):
    is_closed.clear()
    asyncio.run(Asked("/endless").of(programs()))
    assert is_closed.is_set()


@pytest.mark.parametrize(
    ("path", "is_below"),
    [("/v2", True), ("/v2/", True), ("/v2/project", True), ("/v20", False), ("/", False), ("/healthz", True)],
)
def test_a_path_is_below_another_by_whole_words(path, is_below):
    taken: list[bool] = []

    def takes(which: bool) -> Any:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            taken.append(which)

        return application

    asyncio.run(ByPath(("/v2", "/healthz"), takes(True), otherwise=takes(False))({"path": path}, None, None))
    assert taken == [is_below]


@pytest.mark.story
@pytest.mark.parametrize("path", ["/v2/listProjects", "/v2", "/api/v1/projects", "/healthz", "/v2/nothing"])
def test_programs_get_the_headers_of_pages_and_no_cookie(server: Server, path):
    page = requests.get(f"{server.url}/sign-in/", timeout=30)
    answer = server.request("GET", path)
    assert {name: answer.headers[name] for name in KEPT} == {name: page.headers[name] for name in KEPT}
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert not answer.cookies


@pytest.mark.story
def test_a_static_file_is_what_it_says_it_is(server: Server):
    answer = requests.get(f"{server.url}/static/css/base.css", timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, 'text/css; charset="utf-8"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age=60" in answer.headers["Cache-Control"]
    again = requests.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]}, timeout=30)
    assert again.status_code == 304


@pytest.mark.story
def test_a_static_file_that_is_not_there_is_a_page_that_says_so(server: Server):
    assert requests.get(f"{server.url}/static/nothing.css", timeout=30).status_code == 404
