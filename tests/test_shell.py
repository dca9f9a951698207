"""The frame of every page: its words and drawings, its error pages, and what the top bar counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from dashboard import words
from dashboard.standings import Standing
from dashboard.templatetags import pluginhost_tags as tags
from dashboard.views import doors
from pluginhost.errors import Conflict, Forbidden, NotFound
from pluginhost.models import Session

from . import makers

NOW = datetime(2026, 11, 22, 14, 2, 7, tzinfo=UTC)


# --- words ---


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.42, "0.4 s"),
        (9.96, "10 s"),
        (42, "42 s"),
        (59.7, "1m 00s"),
        (192, "3m 12s"),
        (3_840, "1h 04m"),
        (273_600, "3d 04h"),
        (timedelta(minutes=2), "2m 00s"),
        (-5, "0 s"),
    ],
)
def test_a_duration_reads_well(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "now"),
        (42, "42 s ago"),
        (200, "3 min ago"),
        (7300, "2 h ago"),
        (90000, "1 day ago"),
        (260000, "3 days ago"),
        (40 * 86400, "13 Oct 2026"),
        (-200, "in 3 min"),
    ],
)
def test_how_long_ago_reads_well(seconds, text):
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(("seconds", "text"), [(86_400, "24 h"), (1_800, "30 min"), (90, "90 s"), (5_400, "90 min")])
def test_a_limit_reads_well(seconds, text):
    assert words.span(seconds) == text


def test_numbers_are_grouped_and_have_their_noun():
    assert tags.grouped(1_204) == "1,204"
    assert tags.grouped(None) == "–"
    assert tags.noun(1, "asset,assets") == "1 asset"
    assert tags.noun(1_204, "asset,assets") == "1,204 assets"
    assert (tags.percent(96.44), tags.percent(100.0), tags.percent(None)) == ("96.4 %", "100 %", "–")


@pytest.mark.parametrize("state", Session.State.values)
def test_every_state_has_an_icon_of_the_sprite_and_a_word(state):
    badge = tags.badge(state)
    icon = words.shown(state).icon
    assert f'id="{icon}"' in (settings.BASE_DIR / "static" / "icons.svg").read_text()
    assert f'data-state="{state}"' in badge
    assert f"#{icon}" in badge
    assert Session.State(state).label in badge


def test_a_badge_escapes_its_word():
    assert "<b>" not in tags.badge("running", word="<b>")


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        (Standing("online", 2, None), "2 online"),
        (Standing("offline", 0, None), "Never connected"),
        (Standing("offline", 0, NOW), "Offline since"),
        (Standing("paused", 1, None), "Quarantined"),
    ],
)
def test_a_plugins_standing_has_a_word(standing, text):
    assert text in tags.standing_badge(standing)


def test_a_time_says_itself_in_full_and_for_machines():
    shown = tags.ago(NOW)
    assert 'datetime="2026-11-22T14:02:07.000Z"' in shown
    assert 'title="22 Nov 2026, 14:02:07 UTC"' in shown
    assert (tags.ago(None), tags.clock(None), tags.moment(None)) == ("never", "–", "–")


def test_a_stackbar_is_drawn_with_attributes_and_told_in_words():
    bar = Template("{% load pluginhost_tags %}{% stackbar 742 9 total=1204 %}").render(Context())
    assert 'aria-label="742 accepted, 9 rejected, 453 of 1,204 without a result"' in bar
    assert '<rect x="742" width="9" height="10" class="s-partial"/>' in bar
    assert "style" not in bar


def test_a_stackbar_of_nothing_can_be_drawn():
    assert "<rect" not in Template("{% load pluginhost_tags %}{% stackbar 0 0 %}").render(Context())


def test_a_tape_has_one_tick_a_session_and_tells_them(alice, project, plugin):
    sessions = [makers.make_session(alice, project, plugin) for _ in range(3)]
    Session.objects.filter(pk=sessions[0].pk).update(
        state="failed", started_at=NOW, finished_at=NOW + timedelta(seconds=9)
    )
    shown = Template("{% load pluginhost_tags %}{% tape sessions linked=True %}").render(
        Context({"sessions": Session.objects.order_by("id")})
    )
    assert shown.count("<rect") == 3
    assert 'aria-label="Last 3 sessions: 1 failed, 2 queued"' in shown
    assert f'href="/sessions/{sessions[0].pk}/"' in shown


def test_a_tape_keeps_the_newest(alice, project, plugin):
    sessions = [makers.make_session(alice, project, plugin) for _ in range(24)]
    shown = Template("{% load pluginhost_tags %}{% tape sessions %}").render(Context({"sessions": sessions}))
    assert shown.count("<rect") == 22
    assert f"#{sessions[0].pk} " not in shown


# --- error pages ---


def test_an_address_that_is_not_there_gets_our_page(client, alice):
    client.force_login(alice)
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_a_stranger_to_the_site_gets_the_page_without_the_bar(client, db):
    page = client.get("/nothing/").content.decode()
    assert "There is nothing at this address" in page
    assert 'class="top"' not in page


@pytest.mark.parametrize("name", ["400", "403_csrf", "429", "500"])
def test_pages_for_bad_days_need_no_request_and_no_database(name):
    assert "<h1>" in render_to_string(f"{name}.html")


def test_our_errors_become_pages(alice):
    request = RequestFactory().get("/")
    request.user = alice
    for error, status in ((NotFound("Gone."), 404), (Forbidden("Not you."), 403), (Conflict("Not now."), 409)):
        response = doors.page_of(request, error)
        assert response.status_code == status
        assert error.sentence in response.content.decode()


def test_after_a_post_one_goes_back_only_to_pages_of_ours():
    here = RequestFactory().post("/", headers={"referer": "http://testserver/plugins/"})
    elsewhere = RequestFactory().post("/", headers={"referer": "https://example.org/"})
    assert doors.came_from(here) == "http://testserver/plugins/"
    assert doors.came_from(elsewhere) == "/"


# --- the bar ---


def test_home_is_a_page_of_its_own(client, alice):
    client.force_login(alice)
    assert client.get("/").status_code == 200


def test_the_bar_counts_what_runs_for_its_people_only(client, alice, charlie, project, plugin):
    session = makers.make_session(alice, project, plugin)
    Session.objects.filter(pk=session.pk).update(state="running", started_at=timezone.now())
    client.force_login(alice)
    assert 'title="Sessions running now" >' in client.get("/plugins/").content.decode()
    client.force_login(charlie)
    assert 'title="Sessions running now" hidden>' in client.get("/plugins/").content.decode()


def test_the_bar_says_where_one_is(client, alice):
    client.force_login(alice)
    page = client.get("/plugins/").content.decode()
    assert '<a href="/plugins/" aria-current="page">Plugins</a>' in page


def test_only_staff_is_led_to_the_administration(client, alice):
    client.force_login(alice)
    assert "Administration" not in client.get("/plugins/").content.decode()


def test_every_stylesheet_and_script_is_one_of_ours(client, alice):
    client.force_login(alice)
    response = client.get("/plugins/")
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_a_page_that_fetches_itself_leaves_the_messages_to_the_next_one(client, alice, plugin):
    client.force_login(alice)
    client.post(f"/plugins/{plugin.uid}/quarantine/", {"reason": "Odd."})
    assert "is quarantined: its scripts" not in client.get("/plugins/", headers={"x-live": "1"}).content.decode()
    assert "is quarantined: its scripts" in client.get("/plugins/").content.decode()
    assert "is quarantined: its scripts" not in client.get("/plugins/").content.decode()
