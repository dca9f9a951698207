"""The door of the own API: who is let in, and that whatever is wrong is told in one shape."""

import json

import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from pluginhost import authentication, credentials, throttle
from pluginhost.actions import api_keys
from pluginhost.models import ApiKey, Session

from . import makers
from .api import Caller, refusal


@pytest.fixture(autouse=True)
def _no_failures_yet():
    cache.clear()


@pytest.fixture
def api(alice, organization):
    return Caller(alice)


def test_me_says_whose_key_it_is(api, alice, organization):
    assert api.get("/me").json() == {
        "user": {"id": alice.uid, "username": "alice", "email": "alice@example.org"},
        "organizations": [{"id": organization.uid, "name": organization.name, "role": "owner"}],
    }


def test_the_key_may_come_as_apikey(api):
    assert Client().get("/api/v1/me", headers={"apikey": api.key}).status_code == 200


def test_without_a_key_it_is_401_and_says_how(db):
    answer = Client().get("/api/v1/me")
    assert "Authorization: Bearer" in refusal(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Bearer ", "Bearer nonsense", "Bearer ph_\u00e9", "x" * 4000]
)
def test_a_header_without_a_good_key_is_401(db, header):
    refusal(Client().get("/api/v1/me", headers={"Authorization": header}), 401)


def test_a_cookie_lets_nobody_in(client, alice):
    client.force_login(alice)
    refusal(client.get("/api/v1/me"), 401)


def test_a_revoked_key_is_401_and_says_so(api, alice):
    api_keys.revoke(authentication.by_user(alice), ApiKey.objects.get())
    assert "revoked" in refusal(api.get("/me"), 401)


def test_a_key_of_somebody_inactive_is_401(api, alice):
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    refusal(api.get("/me"), 401)


def test_a_sessions_key_is_403_everywhere(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    key = credentials.new_session_key()
    Session.objects.filter(pk=session.pk).update(key_digest=credentials.digest(key))
    for path in ("/me", "/plugins", f"/sessions/{session.pk}", f"/projects/{project.uid}"):
        assert "personal API key" in refusal(Caller(None, key).get(path), 403)


def test_the_use_of_a_key_is_noted(api):
    api.get("/me")
    assert ApiKey.objects.get().last_used_at is not None


def test_whoever_guesses_is_slowed_down_and_a_right_key_is_not(api):
    for _ in range(throttle.MOST_FAILURES):
        refusal(Caller(None, "ph_guess").get("/me"), 401)
    answer = Caller(None, "ph_guess").get("/me")
    refusal(answer, 429)
    assert int(answer["Retry-After"]) > 0
    assert api.get("/me").status_code == 200


# --- one shape for all that is wrong ---


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/plugins/", "/plugins//secret", "/sessions/1/2/3", "/%00"])
def test_a_call_that_there_is_not_is_404(db, path):
    assert "/api/docs" in refusal(Client().get(f"/api/v1{path}" if path else "/api/v1/"), 404)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/me"), ("DELETE", "/plugins"), ("POST", "/sessions/1")])
def test_a_method_that_is_not_for_the_call_is_405(api, method, path):
    answer = api.call(method, path)
    assert "it takes" in refusal(answer, 405)
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"name": NaN}', "NaN"),
        (b'{"name": 1e999}', "larger"),
        (b'{"name": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"name": "a\\u0000"}', "NUL"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b"[" * 100_000, "deep"),
    ],
)
def test_a_body_that_cannot_be_read_is_400_and_says_why(api, body, says):
    assert says in refusal(api.call("POST", "/plugins", body), 400)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b""])
def test_a_body_that_is_no_object_is_refused(api, body):
    refusal(api.call("POST", "/plugins", body), 422)


def test_a_body_over_the_limit_is_413(api):
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100):
        refusal(api.call("POST", "/plugins", json.dumps({"name": "x" * 200}).encode()), 413)


def test_a_cursor_that_was_not_made_here_is_refused(api):
    for cursor in ("x", "W10", "WzFd%00", "W251bGxd", "WzEsMl0", "9" * 500, "%F0%9F%98%80", "Wy0xXQ", "W3RydWVd"):
        refusal(api.get(f"/plugins?cursor={cursor}"), 400)


def test_answers_are_not_kept_by_anybody(api):
    assert api.get("/me")["Cache-Control"] == "no-store"
