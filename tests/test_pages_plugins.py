"""Plugins' pages: what they show, who may do what, and that one more plugin costs no query more."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard import snippets
from pluginhost import credentials
from pluginhost.actions import organizations
from pluginhost.models import AuditEvent, Connection, Plugin, Role, Session

from . import makers

TABS = ["plugin", "plugin_development", "plugin_connections", "plugin_sessions", "plugin_settings"]
FOR_OWNERS = ["plugin_secret", "plugin_rotate", "plugin_quarantine", "plugin_release", "plugin_delete"]
FIELDS = {
    "name": "Detector 2",
    "description": "Finds cars.",
    "class_names": "Car\n\n Bus ",
    "default_config": '{"threshold": 0.5}',
    "config_schema": "",
    "concurrency": "2",
    "timeout_s": "2 h",
    "idle_timeout_s": "20 min",
}


def page(response) -> str:
    return response.content.decode()


def stay(plugin: Plugin, **fields) -> Connection:
    """A script's stay, as the gateway stores it."""
    known = {"sid": "s", "state": "open", "was_accepted": True, "address": "10.0.0.14", "transport": "websocket"}
    return Connection.objects.create(plugin=plugin, **{**known, **fields})


# --- the list ---


def test_the_list_works(as_alice, plugin, project, alice):
    stay(plugin)
    makers.make_session(alice, project, plugin)
    shown = page(as_alice.get("/plugins/"))
    assert "Detector" in shown
    assert "1 online" in shown
    assert "Last 1 sessions: 1 queued" in shown


def test_an_empty_list_says_what_a_plugin_is(client, alice, organization, bob):
    client.force_login(alice)
    assert "No plugin yet" in page(client.get("/plugins/"))
    assert reverse("plugin_new") in page(client.get("/plugins/"))
    client.force_login(bob)
    assert reverse("plugin_new") not in page(client.get("/plugins/"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=detec", True),
        ("q=bus", True),
        ("q=alice", True),
        ("q=zebra", False),
        ("state=online", False),
        ("state=offline", True),
        ("state=mine", True),
        ("state=odd&page=99", True),
    ],
)
def test_search_and_filter_stand_in_the_address(as_alice, plugin, query, found):
    shown = page(as_alice.get(f"/plugins/?{query}"))
    assert (f"/plugins/{plugin.uid}/" in shown) == found
    assert ("Nothing matches" in shown) != found


def test_online_ones_come_first(as_alice, alice, organization):
    makers.make_plugin(alice, organization, name="Aaa")
    late = makers.make_plugin(alice, organization, name="Zzz")
    stay(late)
    shown = page(as_alice.get("/plugins/"))
    assert shown.index("Zzz") < shown.index("Aaa")


def test_one_more_plugin_costs_no_query_more(as_alice, alice, organization, project):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert as_alice.get("/plugins/").status_code == 200
        return len(seen)

    def add() -> None:
        added = makers.make_plugin(alice, organization)
        stay(added)
        for _ in range(3):
            makers.make_session(alice, project, added)

    add()
    one = queries()
    for _ in range(29):
        add()
    assert queries() == one
    assert one <= 14


# --- registering ---


def test_registering_works(as_alice, organization):
    response = as_alice.post("/plugins/new/", FIELDS)
    registered = Plugin.objects.get(name="Detector 2")
    assert response["Location"] == reverse("plugin_development", args=[registered.uid])
    assert registered.class_names == ["Car", "Bus"]
    assert (registered.concurrency, registered.timeout_s, registered.idle_timeout_s) == (2, 7_200, 1_200)
    assert (registered.organization, registered.owner.username) == (organization, "alice")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Give the plugin a name."),
        ("default_config", '{\n  "a": 1,\n}', "Line 3, column 1"),
        ("default_config", "[]", "This must be a JSON object, in curly brackets."),
        ("config_schema", '{"type": "odd"}', "This is not a JSON Schema"),
        ("config_schema", '{"required": ["size"]}', "required property"),
        ("concurrency", "0", "greater than or equal to 1"),
        ("timeout_s", "long", "Write a number and a unit"),
        ("timeout_s", "900 d", "This must be a whole number from 1"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(as_alice, organization, field, value, sentence):
    response = as_alice.post("/plugins/new/", {**FIELDS, field: value})
    shown = page(response)
    assert response.status_code == 422
    assert sentence in shown.replace("&quot;", '"')
    assert re.search(r'aria-invalid="true"', shown)
    assert not Plugin.objects.filter(name="Detector 2").exists()


def test_what_was_typed_stays_in_the_form(as_alice, organization):
    shown = page(as_alice.post("/plugins/new/", {**FIELDS, "timeout_s": "long"}))
    assert 'value="Detector 2"' in shown
    assert 'value="long"' in shown


def test_the_organization_is_asked_only_of_those_who_can_choose(as_alice, alice, organization):
    assert 'name="organization"' not in page(as_alice.get("/plugins/new/"))
    second = organizations.create("Second", alice)
    assert 'name="organization"' in page(as_alice.get("/plugins/new/"))
    as_alice.post("/plugins/new/", {**FIELDS, "organization": second.uid})
    assert Plugin.objects.get(name="Detector 2").organization == second


def test_nobody_registers_in_an_organization_of_strangers(as_alice, alice, charlie, organization):
    organizations.create("Second", alice)
    theirs = organizations.create("Theirs", charlie)
    response = as_alice.post("/plugins/new/", {**FIELDS, "organization": theirs.uid})
    assert response.status_code == 422
    assert "Choose one of your organizations." in page(response)


def test_a_viewer_may_not_register(as_bob, organization):
    for response in (as_bob.get("/plugins/new/"), as_bob.post("/plugins/new/", FIELDS)):
        assert response.status_code == 403
        assert "takes the role manager" in page(response)


# --- who sees what ---


@pytest.mark.parametrize("name", TABS + FOR_OWNERS)
def test_a_stranger_gets_404_everywhere(client, charlie, plugin, name):
    client.force_login(charlie)
    address = reverse(name, args=[plugin.uid])
    response = client.get(address) if name in TABS else client.post(address)
    assert response.status_code == 404


@pytest.mark.parametrize("name", TABS + FOR_OWNERS)
def test_who_is_not_signed_in_is_sent_to_sign_in(client, plugin, name):
    address = reverse(name, args=[plugin.uid])
    response = client.get(address) if name in TABS else client.post(address)
    assert response["Location"].startswith("/sign-in/?next=/plugins/")


@pytest.mark.parametrize("name", [*FOR_OWNERS, "plugin_settings"])
def test_a_viewer_may_not_do_what_owners_do(as_bob, plugin, name):
    response = as_bob.post(reverse(name, args=[plugin.uid]), {"keep_old_for_s": "0", "typed_name": plugin.name})
    plugin.refresh_from_db()
    assert response.status_code == 403
    assert "Only the plugin" in page(response)
    assert plugin.deleted_at is None
    assert not plugin.is_quarantined()


def test_a_viewer_is_not_offered_what_is_not_theirs(as_bob, plugin):
    shown = page(as_bob.get(reverse("plugin_development", args=[plugin.uid])))
    assert plugin.uid in shown
    for name in [*FOR_OWNERS, "plugin_settings"]:
        assert reverse(name, args=[plugin.uid]) not in shown


def test_a_manager_owns_only_what_is_theirs(client, alice, organization, plugin):
    dora = makers.make_user("dora")
    organizations.set_member(organization, dora, Role.MANAGER)
    own = makers.make_plugin(dora, organization, name="Dora's")
    client.force_login(dora)
    assert client.get(reverse("plugin_settings", args=[own.uid])).status_code == 200
    assert client.get(reverse("plugin_settings", args=[plugin.uid])).status_code == 403


@pytest.mark.parametrize("uid", ["0" * 24, "odd", "%00"])
def test_a_plugin_that_is_not_there_is_404(as_alice, uid, organization):
    assert as_alice.get(f"/plugins/{uid}/").status_code == 404


# --- the tabs ---


def test_until_the_first_connection_development_comes_first(as_alice, plugin):
    address = reverse("plugin", args=[plugin.uid])
    assert as_alice.get(address)["Location"] == reverse("plugin_development", args=[plugin.uid])
    stay(plugin)
    assert as_alice.get(address).status_code == 200


def test_the_overview_shows_runs_projects_and_queue(as_alice, alice, plugin, project):
    session = makers.make_session(alice, project, plugin)
    shown = page(as_alice.get(reverse("plugin", args=[plugin.uid])))
    assert f"/sessions/{session.pk}/" in shown
    assert project.name in shown
    assert "0 running, 1 waiting" in shown


def test_the_sessions_tab_pages_by_key(as_alice, alice, plugin, project):
    made = [makers.make_session(alice, project, plugin) for _ in range(51)]
    first = page(as_alice.get(reverse("plugin_sessions", args=[plugin.uid])))
    assert f'href="/sessions/{made[-1].pk}/"' in first
    assert f'href="/sessions/{made[0].pk}/"' not in first
    assert f"after={made[1].pk}" in first


def test_every_tab_watches_the_plugin(as_alice, plugin):
    stay(plugin)
    for name in TABS:
        assert f'data-watch="plugin:{plugin.uid}"' in page(as_alice.get(reverse(name, args=[plugin.uid])))


def test_retries_are_set_on_the_settings_tab(as_alice, plugin):
    address = reverse("plugin_settings", args=[plugin.uid])
    as_alice.post(address, {**FIELDS, "retries": "3", "retries_after_imports": "on"})
    plugin.refresh_from_db()
    assert (plugin.retries, plugin.retries_after_imports) == (3, True)
    stay(plugin)
    assert "3 of a crashed session" in page(as_alice.get(reverse("plugin", args=[plugin.uid])))
    answer = as_alice.post(address, {**FIELDS, "retries": "6"})
    assert answer.status_code == 422
    as_alice.post(address, FIELDS)
    plugin.refresh_from_db()
    assert (plugin.retries, plugin.retries_after_imports) == (0, False)


# --- the Development box ---


def test_the_box_has_host_id_and_both_samples_but_no_secret(as_alice, plugin):
    shown = page(as_alice.get(reverse("plugin_development", args=[plugin.uid])))
    secret = credentials.decrypt(plugin.secret_encrypted)
    assert "http://testserver" in shown
    assert plugin.uid in shown
    assert secret not in shown
    assert secret[-4:] not in re.sub(r"csrfmiddlewaretoken[^>]*>", "", shown).replace(plugin.uid, "")
    assert "imerit_ango.plugins" in shown
    assert ">callback</span>(**data)" in shown
    assert "setuptools&lt;81" in shown


def test_the_snippets_are_the_files_of_examples(settings, plugin):
    from_file = (settings.BASE_DIR / "examples" / "batch_model_1_4.py").read_text()
    filled = from_file.replace("<YOUR HOST>", "https://h").replace("<YOUR PLUGIN ID>", "i")
    assert plain(snippet("new", "file", "s")) == filled.replace("<YOUR PLUGIN SECRET>", "s").rstrip()
    assert "<YOUR PLUGIN SECRET>" in plain(snippet("new", "file", ""))


def test_the_form_with_variables_is_python_and_names_them_all(plugin):
    text = plain(snippet("old", "environment", ""))
    compile(text, "sample", "exec")
    for name in ("PLUGINHOST_URL", "PLUGINHOST_ID", "PLUGINHOST_SECRET"):
        assert f'os.environ["{name}"]' in text
    assert "import os\n" in text


def snippet(client: str, form: str, secret: str) -> str:
    made = snippets.snippets("https://h", "i", secret)
    return next(one.code for one in made if (one.client.key, one.form) == (client, form))


def plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


def test_the_configured_address_wins_over_the_requests(as_alice, plugin, settings):
    settings.PLUGINHOST_URL = "https://plugins.example.org"
    shown = page(as_alice.get(reverse("plugin_development", args=[plugin.uid])))
    assert "https://plugins.example.org" in shown
    assert "http://testserver" not in shown


def test_revealing_shows_the_secret_and_is_written_down(as_alice, alice, plugin):
    response = as_alice.post(reverse("plugin_secret", args=[plugin.uid]), headers={"accept": "application/json"})
    assert response.json() == {"secret": credentials.decrypt(plugin.secret_encrypted)}
    assert "no-store" in response["Cache-Control"]
    noted = AuditEvent.objects.get(verb="plugin.secret_revealed")
    assert (noted.actor, noted.target_uid) == (alice, plugin.uid)


def test_revealing_works_without_script(as_alice, plugin):
    response = as_alice.post(reverse("plugin_secret", args=[plugin.uid]), headers={"accept": "text/html"})
    assert page(response).count(credentials.decrypt(plugin.secret_encrypted)) >= 3
    assert "no-store" in response["Cache-Control"]


def test_looking_does_not_reveal(as_alice, plugin):
    response = as_alice.get(reverse("plugin_secret", args=[plugin.uid]))
    assert response["Location"] == reverse("plugin_development", args=[plugin.uid])
    assert not AuditEvent.objects.filter(verb="plugin.secret_revealed").exists()


@pytest.mark.parametrize("keep", [86_400, 3_600, 0])
def test_rotating_keeps_the_old_secret_as_long_as_asked(as_alice, plugin, keep):
    old = credentials.decrypt(plugin.secret_encrypted)
    response = as_alice.post(reverse("plugin_rotate", args=[plugin.uid]), {"keep_old_for_s": str(keep)})
    plugin.refresh_from_db()
    assert response["Location"] == reverse("plugin_development", args=[plugin.uid])
    assert credentials.decrypt(plugin.secret_encrypted) != old
    left = plugin.old_secret_until - timezone.now()
    assert timedelta(seconds=keep - 60) < left <= timedelta(seconds=keep)


@pytest.mark.parametrize("keep", ["", "5", "-1", "odd"])
def test_another_time_is_refused_in_a_sentence(as_alice, plugin, keep):
    before = plugin.secret_digest
    response = as_alice.post(reverse("plugin_rotate", args=[plugin.uid]), {"keep_old_for_s": keep}, follow=True)
    plugin.refresh_from_db()
    assert plugin.secret_digest == before
    assert "Choose" in "".join(str(message) for message in response.context["messages"])


def test_the_checklist_waits_then_turns_green(as_alice, alice, plugin, project):
    address = reverse("plugin_development", args=[plugin.uid])
    assert "0 of 3" in page(as_alice.get(address))
    stay(plugin)
    assert "2 of 3" in page(as_alice.get(address))
    session = makers.make_session(alice, project, plugin)
    assert "is queued" in page(as_alice.get(address))
    Session.objects.filter(pk=session.pk).update(state="succeeded", finished_at=timezone.now(), message_head="Done it.")
    shown = page(as_alice.get(address))
    assert "Done it." in shown
    assert shown.count('<li class="done">') == 3


def test_a_refused_script_is_told_with_address_reason_and_count(as_alice, plugin):
    stay(plugin, state="quarantined", was_accepted=False, reason="The secret is wrong.", refusals=12)
    shown = page(as_alice.get(reverse("plugin_development", args=[plugin.uid])))
    assert "1 of 3" in shown
    assert "Refused lately" in shown
    assert "12×" in shown
    assert "The secret is wrong." in shown


# --- settings and the danger zone ---


def test_settings_can_be_changed(as_alice, plugin):
    address = reverse("plugin_settings", args=[plugin.uid])
    assert 'value="24 h"' in page(as_alice.get(address))
    assert as_alice.post(address, FIELDS)["Location"] == address
    plugin.refresh_from_db()
    assert (plugin.name, plugin.version, plugin.timeout_s) == ("Detector 2", 2, 7_200)


def test_settings_that_cannot_be_used_change_nothing(as_alice, plugin):
    response = as_alice.post(reverse("plugin_settings", args=[plugin.uid]), {**FIELDS, "default_config": "{"})
    plugin.refresh_from_db()
    assert response.status_code == 422
    assert "Line 1, column 2" in page(response)
    assert plugin.name == "Detector"


def test_what_was_typed_is_not_run_as_markup(as_alice, plugin):
    odd = "<img src=x onerror=alert(1)>"
    as_alice.post(reverse("plugin_settings", args=[plugin.uid]), {**FIELDS, "name": odd, "class_names": odd})
    stay(plugin)
    for name in TABS:
        assert odd not in page(as_alice.get(reverse(name, args=[plugin.uid])))


def test_quarantine_and_release(as_alice, plugin):
    as_alice.post(reverse("plugin_quarantine", args=[plugin.uid]), {"reason": "It labels twice."})
    plugin.refresh_from_db()
    assert plugin.quarantine_reason == "It labels twice."
    assert "It labels twice." in page(as_alice.get(reverse("plugin_development", args=[plugin.uid])))
    as_alice.post(reverse("plugin_release", args=[plugin.uid]))
    plugin.refresh_from_db()
    assert not plugin.is_quarantined()


def test_deleting_takes_the_typed_name(as_alice, plugin):
    address = reverse("plugin_delete", args=[plugin.uid])
    response = as_alice.post(address, {"typed_name": "Detecto"}, follow=True)
    plugin.refresh_from_db()
    assert plugin.deleted_at is None
    assert "Nothing was deleted" in "".join(str(message) for message in response.context["messages"])
    assert as_alice.post(address, {"typed_name": " Detector "})["Location"] == "/plugins/"
    plugin.refresh_from_db()
    assert plugin.deleted_at is not None
    assert as_alice.get(reverse("plugin_development", args=[plugin.uid])).status_code == 404


def test_a_plugin_with_open_sessions_cannot_be_deleted(as_alice, alice, plugin, project):
    makers.make_session(alice, project, plugin)
    address = reverse("plugin_delete", args=[plugin.uid])
    response = as_alice.post(address, {"typed_name": plugin.name}, follow=True)
    assert "Cancel them first" in "".join(str(message) for message in response.context["messages"])
    plugin.refresh_from_db()
    assert plugin.deleted_at is None


@pytest.mark.parametrize("name", ["plugin_rotate", "plugin_quarantine", "plugin_release", "plugin_delete"])
def test_nothing_changes_by_a_get(as_alice, plugin, name):
    assert as_alice.get(reverse(name, args=[plugin.uid])).status_code == 405
