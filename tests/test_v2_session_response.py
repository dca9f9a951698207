"""`PUT /v2/session/response`: the answer of our own client where it is large."""

import pytest
from django.test import Client

from pluginhost.models import Response, Session

from . import makers
from .v2 import by_session


@pytest.fixture
def running(alice, project, plugin):
    return by_session(alice, project, plugin)


def put(key, body, kind="application/json"):
    return Client().put("/v2/session/response", body, content_type=kind, headers={"apikey": key})


def test_it_works(running):
    v2, session = running
    answer = put(v2.key, b'{"boxes": [1, 2]}')
    assert (answer.status_code, answer.json()["data"]) == (200, {"session": session.uid})
    session.refresh_from_db()
    assert session.state == Session.State.SUCCEEDED
    kept = Response.objects.get()
    assert (kept.form, kept.body) == ("json", '{"boxes": [1, 2]}')


@pytest.mark.parametrize(
    ("body", "kind", "form", "kept"),
    [
        ("häh\0".encode(), "text/plain; charset=utf-8", "text", "häh�"),
        (b"\x00\xff", "application/octet-stream", "bytes", "AP8="),
        (b"null", "application/json", "nothing", ""),
        (b'"text in JSON"', "application/json", "json", '"text in JSON"'),
    ],
)
def test_every_form_of_answer(running, body, kind, form, kept):
    v2, _ = running
    assert put(v2.key, body, kind).status_code == 200
    assert list(Response.objects.values_list("form", "body")) == [(form, kept)]


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000, b'"\\ud800"'])
def test_what_is_no_json_is_refused_and_the_session_goes_on(running, body):
    v2, session = running
    answer = put(v2.key, body)
    assert (answer.status_code, answer.json()["status"]) == (400, "fail")
    session.refresh_from_db()
    assert session.state == Session.State.RUNNING
    assert not Response.objects.exists()


def test_another_content_type_is_refused_with_those_that_there_are(running):
    v2, _ = running
    answer = put(v2.key, b"<a/>", "text/xml")
    assert answer.status_code == 400
    assert "application/octet-stream" in answer.json()["message"]


def test_text_that_is_no_utf8_is_refused(running):
    v2, _ = running
    assert put(v2.key, b"\xff", "text/plain").status_code == 400


def test_one_that_is_too_large_is_refused(running, settings):
    settings.PLUGINHOST_MESSAGE_LIMIT = 2**20
    v2, _ = running
    answer = put(v2.key, b"x" * (2**20 + 1), "text/plain")
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["message"]


def test_a_second_time_the_key_has_ended_with_its_session(running):
    v2, _ = running
    assert put(v2.key, b"1").status_code == 200
    assert put(v2.key, b"1").status_code == 401
    assert Response.objects.count() == 1


def test_a_personal_key_answers_for_no_session(alice):
    assert put(makers.make_api_key(alice), b"1").status_code == 403


def test_without_a_key_nothing_is_taken(db):
    assert put("", b"1").status_code == 401
