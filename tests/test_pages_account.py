"""What is one's own: API keys and notifications; and what the bar says of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboard.templatetags.account_tags import link_of
from pluginhost import authentication
from pluginhost.actions import api_keys, notifications, organizations, reports
from pluginhost.errors import Unauthenticated
from pluginhost.models import ApiKey, Member, Notification, Session

from . import makers

KEYS = reverse("api_keys")
NOTES = reverse("notifications")


def page(client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def key_in(response) -> str:
    found = re.search(r'id="new-key">(ph_[^<]+)<', response.content.decode())
    assert found
    return found.group(1)


# --- API keys ---


def test_a_key_is_made_and_shown_this_once(as_alice, alice):
    response = as_alice.post(KEYS, {"name": "import script"})
    key = key_in(response)
    assert "no-store" in response["Cache-Control"]
    assert authentication.by_key(key).user == alice
    html = page(as_alice, KEYS)
    assert key not in html
    assert key[:8] in html
    assert "import script" in html
    assert not ApiKey.objects.filter(digest__icontains=key).exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_key_needs_a_name(as_alice, name):
    response = as_alice.post(KEYS, {"name": name})
    assert response.status_code == 422
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused(as_alice, alice):
    key = key_in(as_alice.post(KEYS, {"name": "old"}))
    as_alice.post(reverse("api_key_revoke", args=[ApiKey.objects.get().pk]))
    with pytest.raises(Unauthenticated):
        authentication.by_key(key)
    assert "revoked" in page(as_alice, KEYS)


def test_others_keys_are_not_there(as_charlie, alice):
    makers.make_api_key(alice)
    key = ApiKey.objects.get()
    assert as_charlie.post(reverse("api_key_revoke", args=[key.pk])).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None
    assert key.prefix not in page(as_charlie, KEYS)


def test_a_key_is_revoked_by_a_post_alone(as_alice, alice):
    makers.make_api_key(alice)
    assert as_alice.get(reverse("api_key_revoke", args=[ApiKey.objects.get().pk])).status_code == 405


def test_there_is_an_end_to_keys(as_alice, alice, monkeypatch):
    monkeypatch.setattr(api_keys, "MOST_KEYS", 1)
    makers.make_api_key(alice)
    response = as_alice.post(KEYS, {"name": "one more"})
    assert "Revoke one that is no longer used." in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_one_more_key_costs_no_query_more(as_alice, alice, django_assert_max_num_queries):
    for _ in range(12):
        makers.make_api_key(alice)
    with django_assert_max_num_queries(6):
        page(as_alice, KEYS)


# --- notifications: how they come about ---


def ended(alice, project, plugin, form: str = "text", body: str = "Done.", took: int = 5) -> Session:
    session = makers.make_running(alice, project, plugin)
    Session.objects.filter(pk=session.pk).update(started_at=timezone.now() - timedelta(seconds=took))
    session.refresh_from_db()
    reports.finish(session, None, form, body, timezone.now())
    return session


def test_a_session_that_failed_is_told_to_who_started_it(alice, bob, project, plugin):
    session = ended(alice, project, plugin, "error", "KeyError: 'car'\nTraceback")
    told = Notification.objects.get()
    assert told.user == alice
    assert told.title == f"#{session.pk} Detector: failed"
    assert told.message == "On Streets. KeyError: 'car'"
    assert told.link == f"/sessions/{session.pk}/"


def test_a_session_that_took_long_is_told_and_a_short_one_is_not(alice, project, plugin):
    ended(alice, project, plugin, took=5)
    assert not Notification.objects.exists()
    ended(alice, project, plugin, took=61)
    assert Notification.objects.get().title.endswith("succeeded")


def test_who_is_no_member_any_more_is_not_told(alice, bob, organization, project, plugin):
    organizations.set_member(organization, bob, "runner")
    session = makers.make_running(bob, project, plugin)
    Member.objects.filter(user=bob).delete()
    reports.finish(session, None, "error", "No.", timezone.now())
    assert not Notification.objects.exists()


# --- notifications: the page ---


@pytest.fixture
def told(alice, organization):
    return Notification.objects.create(
        user=alice, organization=organization, title="Hello", message="Look at <b>this</b>."
    )


def test_it_works(as_alice, told):
    html = page(as_alice, NOTES)
    assert "Look at &lt;b&gt;this&lt;/b&gt;." in html
    assert 'aria-label="Notifications: 1 unread"' in html
    assert "Mark all as read" in html


def test_others_notifications_are_not_there(as_bob, told):
    assert "Hello" not in page(as_bob, NOTES)
    assert as_bob.post(reverse("notification_read", args=[told.pk])).status_code == 404
    as_bob.post(reverse("notifications_read"))
    told.refresh_from_db()
    assert told.read_at is None


def test_one_is_marked_as_read(as_alice, told):
    as_alice.post(reverse("notification_read", args=[told.pk]))
    assert 'aria-label="Notifications"' in page(as_alice, NOTES)


def test_all_are_marked_as_read(as_alice, alice, organization, told):
    Notification.objects.create(user=alice, organization=organization, message="Second")
    as_alice.post(reverse("notifications_read"))
    assert not Notification.objects.filter(read_at=None).exists()
    assert "Nothing is unread." in page(as_alice, f"{NOTES}?show=unread")


def test_what_was_read_stays_read_since_then(alice, told):
    notifications.mark_read(makers.principal(alice))
    told.refresh_from_db()
    first = told.read_at
    assert notifications.mark_read(makers.principal(alice)) == 0
    told.refresh_from_db()
    assert told.read_at == first


def test_a_page_of_ours_is_opened_and_the_notification_read(as_alice, told):
    Notification.objects.filter(pk=told.pk).update(link="/sessions/12/")
    response = as_alice.post(reverse("notification_read", args=[told.pk]), {"open": "1"})
    assert response["Location"] == "/sessions/12/"
    told.refresh_from_db()
    assert told.read_at is not None


def test_a_link_out_is_never_a_redirect_of_ours(as_alice, told):
    Notification.objects.filter(pk=told.pk).update(link="https://example.org/a")
    assert as_alice.post(reverse("notification_read", args=[told.pk]), {"open": "1"})["Location"] == NOTES
    html = page(as_alice, NOTES)
    assert 'href="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow"' in html


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "ftp://x/y", "https://[", ""],
)
def test_other_links_lead_nowhere(as_alice, told, link):
    Notification.objects.filter(pk=told.pk).update(link=link)
    assert not any(link_of(link))
    rows = page(as_alice, NOTES).partition('id="notifications"')[2]
    assert not re.search(r"<a [^>]*btn|>Open<", rows)


def test_nothing_yet_is_said(as_alice):
    assert "Nothing yet" in page(as_alice, NOTES)


def test_pages_of_fifty_by_key(as_alice, alice, organization):
    Notification.objects.bulk_create(
        Notification(user=alice, organization=organization, message=f"{number}") for number in range(120)
    )
    newest = as_alice.get(NOTES).context["page"]
    assert len(newest.rows) == 50
    assert len(as_alice.get(f"{NOTES}?after={newest.more}").context["page"].rows) == 50
    assert 'class="count">99+<' in page(as_alice, NOTES)


def test_one_more_notification_costs_no_query_more(as_alice, alice, organization, django_assert_max_num_queries):
    Notification.objects.bulk_create(
        Notification(user=alice, organization=organization, sender=alice, message=f"{number}") for number in range(20)
    )
    with django_assert_max_num_queries(6):
        page(as_alice, NOTES)
