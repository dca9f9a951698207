"""Plugins through the own API."""

import pytest

from pluginhost import credentials
from pluginhost.actions import plugins
from pluginhost.models import AuditEvent, Connection, Plugin

from . import makers
from .api import Caller, paths, refusal


@pytest.fixture
def api(alice, organization):
    return Caller(alice)


NEW = {"name": "Finder", "type": "batch_model", "class_names": ["Car"], "default_config": {"threshold": 0.5}}


def test_registering_gives_the_id_and_the_secret(api):
    answer = api.post("/plugins", NEW)
    assert answer.status_code == 201
    made = Plugin.objects.get(uid=answer.json()["id"])
    assert credentials.matches(answer.json()["secret"], made.secret_digest)
    assert answer.json()["default_config"] == {"threshold": 0.5}
    assert answer.json()["status"] == {
        "online": False, "connections": 0, "queued": 0, "running": 0, "last_seen": None,
    }  # fmt: skip


def test_only_registering_and_asking_tell_the_secret(api, plugin):
    secret = credentials.decrypt(plugin.secret_encrypted)
    for path in ("/plugins", f"/plugins/{plugin.uid}"):
        assert secret not in api.get(path).content.decode()
        assert plugin.secret_digest not in api.get(path).content.decode()


def test_who_may_register_in_several_organizations_says_where(api, alice):
    other = makers.make_organization(alice)
    answer = api.post("/plugins", NEW)
    assert "several organizations" in refusal(answer, 400)
    assert paths(answer) == ["organization"]
    assert api.post("/plugins", {**NEW, "organization": other.uid}).json()["organization"] == other.uid


def test_a_viewer_may_not_register(bob, organization):
    assert "role manager" in refusal(Caller(bob).post("/plugins", NEW), 403)
    assert "role manager" in refusal(Caller(bob).post("/plugins", {**NEW, "organization": organization.uid}), 403)


def test_registering_where_one_is_a_stranger_is_404(charlie, organization):
    refusal(Caller(charlie).post("/plugins", {**NEW, "organization": organization.uid}), 404)


@pytest.mark.parametrize(
    ("fields", "status", "path"),
    [
        ({"name": ""}, 400, "name"),
        ({"name": "x" * 121}, 400, "name"),
        ({"name": 7}, 422, "name"),
        ({"class_names": "Car"}, 422, "class_names"),
        ({"class_names": ["Car", 1]}, 422, "class_names[1]"),
        ({"default_config": [1]}, 400, "default_config"),
        ({"default_config": "{"}, 400, "default_config"),
        ({"config_schema": {"type": "nothing"}}, 400, "config_schema"),
        ({"default_config": {"a": "x"}, "config_schema": {"properties": {"a": {"type": "number"}}}}, 400,
         "default_config.a"),
        ({"concurrency": 0}, 400, "concurrency"),
        ({"timeout_s": 10**400}, 400, "timeout_s"),
        ({"type": "other"}, 422, "type"),
        ({"treshold": 1}, 422, "treshold"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(api, fields, status, path):
    answer = api.post("/plugins", {**NEW, **fields})
    refusal(answer, status)
    assert path in paths(answer)


def test_the_list_has_all_that_one_may_see_and_no_more(api, charlie, plugin):
    assert [shown["id"] for shown in api.get("/plugins").json()["items"]] == [plugin.uid]
    assert Caller(charlie).get("/plugins").json() == {"items": [], "next": None, "total": 0}


def test_the_status_counts_connections_and_sessions(api, alice, project, plugin):
    makers.make_session(alice, project, plugin)
    Connection.objects.create(plugin=plugin, sid="1", state="open", was_accepted=True)
    shown = api.get(f"/plugins/{plugin.uid}").json()["status"]
    assert shown.pop("last_seen").endswith("Z")
    assert shown == {"online": True, "connections": 1, "queued": 1, "running": 0}


def test_a_patch_changes_what_it_names(api, plugin):
    shown = api.patch(f"/plugins/{plugin.uid}", {"concurrency": 3}).json()
    assert (shown["concurrency"], shown["name"], shown["version"]) == (3, "Detector", 2)


def test_what_a_get_shows_may_be_sent_back_by_a_patch(api, plugin):
    editable = ("name", "type", *plugins.EDITABLE)
    shown = api.get(f"/plugins/{plugin.uid}").json()
    assert api.patch(f"/plugins/{plugin.uid}", {name: shown[name] for name in editable}).status_code == 200


def test_a_deleted_plugin_is_not_there(api, plugin):
    assert api.delete(f"/plugins/{plugin.uid}").status_code == 204
    refusal(api.get(f"/plugins/{plugin.uid}"), 404)


def test_a_plugin_with_open_sessions_cannot_be_deleted(api, alice, project, plugin):
    makers.make_session(alice, project, plugin)
    assert "Cancel them first" in refusal(api.delete(f"/plugins/{plugin.uid}"), 409)


def test_showing_the_secret_is_written_to_the_audit_trail(api, plugin):
    assert credentials.matches(api.get(f"/plugins/{plugin.uid}/secret").json()["secret"], plugin.secret_digest)
    event = AuditEvent.objects.get(verb="plugin.secret_revealed")
    assert (event.actor_name, event.details) == ("alice", {"by": "API key"})


def test_rotating_gives_a_new_secret_and_keeps_the_old_one_for_an_hour(api, plugin):
    old = credentials.decrypt(plugin.secret_encrypted)
    new = api.post(f"/plugins/{plugin.uid}/rotate-secret").json()["secret"]
    plugin.refresh_from_db()
    assert credentials.matches(new, plugin.secret_digest)
    assert credentials.matches(old, plugin.old_secret_digest)


def test_rotating_takes_at_most_a_day_of_the_old_one(api, plugin):
    answer = api.post(f"/plugins/{plugin.uid}/rotate-secret", {"keep_old_for_s": 86_401})
    refusal(answer, 400)
    assert paths(answer) == ["keep_old_for_s"]


def test_connections_are_listed_newest_first_with_the_refused_ones(api, plugin):
    Connection.objects.create(plugin=plugin, sid="1", state="open", was_accepted=True, address="10.0.0.1")
    Connection.objects.create(plugin=plugin, sid="2", state="quarantined", was_accepted=False, reason="Wrong secret.")
    shown = api.get(f"/plugins/{plugin.uid}/connections").json()
    assert [(row["accepted"], row["state"]) for row in shown["items"]] == [(False, "quarantined"), (True, "open")]


def test_a_plugin_is_quarantined_and_released(api, plugin):
    shown = api.post(f"/plugins/{plugin.uid}/quarantine", {"reason": "It draws nonsense."}).json()
    assert (shown["quarantine_reason"], shown["quarantined_at"] is None) == ("It draws nonsense.", False)
    assert api.post(f"/plugins/{plugin.uid}/release").json()["quarantined_at"] is None


CALLS = [
    ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/secret"), ("POST", "/rotate-secret"),
    ("POST", "/quarantine"), ("POST", "/release"), ("GET", "/connections"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "rest"), CALLS)
def test_a_stranger_gets_404(charlie, plugin, method, rest):
    refusal(
        Caller(charlie).call(method, f"/plugins/{plugin.uid}{rest}", {} if method in ("PATCH", "POST") else None), 404
    )


@pytest.mark.parametrize(
    ("method", "rest"), [call for call in CALLS if call not in (("GET", ""), ("GET", "/connections"))]
)
def test_a_viewer_gets_403_for_what_only_owners_may(bob, plugin, method, rest):
    body = {} if method in ("PATCH", "POST") else None
    assert "owner" in refusal(Caller(bob).call(method, f"/plugins/{plugin.uid}{rest}", body), 403)
