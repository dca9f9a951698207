"""A plugin's Connections tab: each stay with what is known of it, refused ones with the cure, and what owners ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pluginhost.actions import plugins
from pluginhost.models import AuditEvent, Connection, Plugin, Session, UnknownCaller

from . import makers

VERBS = ["connection_drain", "connection_fill", "connection_disconnect"]


def stay(plugin: Plugin, **fields) -> Connection:
    """A script's stay, as the gateway stores it."""
    known = {"sid": "s", "state": "open", "was_accepted": True, "address": "10.0.0.14", "transport": "websocket"}
    return Connection.objects.create(plugin=plugin, **{**known, **fields})


def shown(client, plugin: Plugin) -> str:
    return client.get(reverse("plugin_connections", args=[plugin.uid])).content.decode()


def post(client, verb: str, here: Connection):
    return client.post(reverse(verb, args=[here.plugin.uid, here.pk]))


def test_it_tells_each_stay(as_alice, plugin, project, alice):
    here = stay(plugin, round_trip_ms=12.4, slowest_ms=1_240.0, dialect="ango 1.1", instance="gpu-1")
    held = makers.make_session(alice, project, plugin)
    Session.objects.filter(pk=held.pk).update(state="running", connection=here, started_at=timezone.now())
    stay(plugin, state="quarantined", was_accepted=False, reason="The secret is wrong.", refusals=1_204)
    stay(plugin, state="closed", closed_at=timezone.now(), reason="The line broke.", noted=3, noted_reason="No dict.")
    told = shown(as_alice, plugin)
    for text in ("10.0.0.14", "ango 1.1", "gpu-1", "12 ms", "at most 1.2 s", "1/1", f"#{held.pk}"):
        assert text in told
    for text in ("1,204×", "The secret is wrong.", "Copy the secret", "The line broke.", "3 events"):
        assert text in told


def test_what_our_own_client_told_of_itself_is_there(as_alice, plugin):
    told = {"version": "1.0.0", "python": "3.11.2", "host": "gpu-box", "pid": 7719, "concurrency": 1}
    stay(plugin, told=told, dialect="pluginhost.client")
    assert "pluginhost.client · 1.0.0 · Python 3.11.2 · on gpu-box · pid 7719" in shown(as_alice, plugin)


def test_a_script_with_the_old_secret_is_told_since_when_there_is_another(as_alice, alice, plugin):
    plugins.rotate_secret(makers.principal(alice), plugin, 0)
    stay(plugin, state="quarantined", was_accepted=False, reason="The secret was rotated. Put the new one in.")
    assert f"another one since {plugin.secret_set_at:%-d %b %Y, %H:%M} UTC" in shown(as_alice, plugin)


def test_one_that_is_quarantined_is_told_how_it_gets_out(as_alice, alice, plugin):
    plugins.quarantine(makers.principal(alice), plugin, "GPU is away.")
    stay(plugin, state="quarantined", reason="GPU is away.")
    assert "Release the plugin" in shown(as_alice, plugin)


def test_who_names_no_plugin_from_here_is_shown_with_the_cure(as_alice, plugin):
    stay(plugin, address="10.0.0.14")
    now = timezone.now()
    for address, given, fields in (
        ("10.0.0.14", "<YOUR PLUGIN ID>", {}),
        ("127.0.0.1", "0123456789abcdef01234567", {}),
        ("127.0.0.1", "0123456789abcdef01234568", {"is_deleted": True}),
        ("192.0.2.7", "somebody else's", {}),
        ("10.0.0.14", "of long ago", {"last_at": now - timedelta(days=8)}),
    ):
        UnknownCaller.objects.create(address=address, given_id=given, tries=3, **fields)
    told = shown(as_alice, plugin)
    for text in ("&lt;YOUR PLUGIN ID&gt;", "This is no ID", "No plugin has this ID", "was deleted"):
        assert text in told
    for text in ("somebody else", "of long ago"):
        assert text not in told


def test_returns_of_the_last_day_are_counted(as_alice, plugin):
    stay(plugin)
    now = timezone.now()
    for hours in (1, 2, 30):
        stay(plugin, state="closed", closed_at=now - timedelta(hours=hours))
    assert "2×" in shown(as_alice, plugin)


def test_nobody_yet(as_alice, plugin):
    assert "No script has connected yet" in shown(as_alice, plugin)


def test_draining_and_back(as_alice, plugin):
    here = stay(plugin)
    answer = post(as_alice, "connection_drain", here)
    assert answer["Location"] == reverse("plugin_connections", args=[plugin.uid])
    here.refresh_from_db()
    assert here.is_draining
    assert "Draining" in shown(as_alice, plugin)
    assert "Fill again" in shown(as_alice, plugin)
    post(as_alice, "connection_fill", here)
    here.refresh_from_db()
    assert not here.is_draining


def test_disconnecting_is_noted_and_offered_no_more(as_alice, plugin):
    here = stay(plugin)
    assert f'data-opens="go-{here.pk}"' in shown(as_alice, plugin)
    post(as_alice, "connection_disconnect", here)
    here.refresh_from_db()
    assert here.is_to_go
    assert AuditEvent.objects.filter(verb="connection.disconnected", target_uid=plugin.uid).exists()
    assert f'data-opens="go-{here.pk}"' not in shown(as_alice, plugin)


def test_one_that_has_left_cannot_be_asked(as_alice, plugin):
    gone = stay(plugin, state="closed", closed_at=timezone.now())
    answer = as_alice.post(reverse("connection_drain", args=[plugin.uid, gone.pk]), follow=True)
    assert "This connection has gone already." in answer.content.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_members_read_and_owners_ask(client, bob, charlie, plugin, verb):
    here = stay(plugin)
    client.force_login(bob)
    assert client.get(reverse("plugin_connections", args=[plugin.uid])).status_code == 200
    assert "Drain" not in shown(client, plugin)
    assert post(client, verb, here).status_code == 403
    client.force_login(charlie)
    assert post(client, verb, here).status_code == 404


@pytest.mark.parametrize("verb", VERBS)
def test_a_connection_of_another_plugin_is_not_there(as_alice, alice, organization, plugin, verb):
    other = stay(makers.make_plugin(alice, organization, name="Other"))
    assert as_alice.post(reverse(verb, args=[plugin.uid, other.pk])).status_code == 404


def test_one_more_connection_costs_no_query_more(as_alice, alice, plugin, project):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            shown(as_alice, plugin)
        return len(seen)

    def add() -> None:
        held = makers.make_session(alice, project, plugin)
        Session.objects.filter(pk=held.pk).update(state="running", connection=stay(plugin), started_at=timezone.now())
        stay(plugin, state="closed", closed_at=timezone.now())
        stay(plugin, state="quarantined", was_accepted=False, reason="The secret is wrong.")

    add()
    one = queries()
    for _ in range(9):
        add()
    assert queries() == one
    assert one <= 19
