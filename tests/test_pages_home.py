"""Home: what wants a look, what runs, what ran lately; and the checklist of a new installation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboard import visits
from dashboard.activity import PERIODS, activity
from pluginhost.actions import demo, organizations, plugins, reports, sessions
from pluginhost.models import Connection, ManagedScript, ScriptInstance, Session

from . import makers
from .visitor import PASSWORD

HOME = reverse("home")
SEEN = reverse("home_seen")


def ended(session: Session, form: str = "text", body: str = "Done.") -> Session:
    reports.finish(session, None, form, body, timezone.now())
    return session


def page(client, query: str = "") -> str:
    response = client.get(HOME + query)
    assert response.status_code == 200
    return response.content.decode()


def wanted(client) -> list[str]:
    """What the rows that need attention say, in a word and a name."""
    rows = client.get(HOME).context.get("wanted") or []
    return [f"{row.word or row.state} {row.number or row.name}" for row in rows]


@pytest.fixture
def succeeded(alice, project, plugin):
    return ended(makers.make_running(alice, project, plugin))


@pytest.fixture
def failed(alice, project, plugin, succeeded):
    return ended(makers.make_running(alice, project, plugin), "error", "KeyError: 'car'\nmore")


# --- who sees it ---


def test_it_works(as_alice, succeeded, failed):
    html = page(as_alice)
    for words in (
        "Needs attention",
        "KeyError: &#x27;car&#x27;",
        "Nothing runs and nothing waits",
        "Detector",
        "Streets",
    ):
        assert words in html
    assert " style=" not in html


def test_who_is_not_signed_in_signs_in_first(client, db):
    assert client.get(HOME)["Location"].startswith("/sign-in/")


def test_a_stranger_sees_the_checklist_and_nothing_of_others(as_charlie, succeeded, failed):
    html = page(as_charlie)
    assert "From a script to pre-labels" in html
    for words in ("Detector", "Streets", "KeyError"):
        assert words not in html


def test_a_viewer_looks_and_is_offered_nothing_to_do(as_bob, failed):
    html = page(as_bob)
    assert f"#{failed.pk}" in html
    assert reverse("session_rerun", args=[failed.pk]) not in html
    assert reverse("plugin_new") not in html


# --- needs attention ---


def test_a_failed_session_wants_a_look_until_it_is_rerun(as_alice, alice, failed):
    assert wanted(as_alice) == [f"failed {failed.pk}"]
    sessions.rerun(makers.principal(alice), failed)
    assert wanted(as_alice) == []


@pytest.mark.parametrize("state", ["failed", "crashed", "timed_out"])
def test_what_ended_badly_wants_a_look(as_alice, succeeded, state):
    Session.objects.filter(pk=succeeded.pk).update(state=state)
    assert wanted(as_alice) == [f"{state} {succeeded.pk}"]


def test_what_was_cancelled_or_went_well_does_not(as_alice, succeeded):
    assert wanted(as_alice) == []
    Session.objects.filter(pk=succeeded.pk).update(state="cancelled")
    assert wanted(as_alice) == []


def test_a_lost_session_wants_a_look(as_alice, alice, project, plugin, succeeded):
    running = makers.make_running(alice, project, plugin)
    Session.objects.filter(pk=running.pk).update(state="lost", lost_at=timezone.now())
    assert wanted(as_alice) == [f"lost {running.pk}"]


def test_what_was_marked_as_seen_is_gone_and_the_next_comes_up(as_alice, alice, project, plugin, failed):
    assert as_alice.post(SEEN)["Location"] == HOME
    assert wanted(as_alice) == []
    again = ended(makers.make_running(alice, project, plugin), "error", "Again.")
    assert wanted(as_alice) == [f"failed {again.pk}"]


def test_what_failed_long_ago_is_no_news(as_alice, failed):
    Session.objects.filter(pk=failed.pk).update(finished_at=timezone.now() - timedelta(days=2))
    assert wanted(as_alice) == []


def test_what_failed_since_the_last_visit_is_news(as_alice, failed):
    Session.objects.filter(pk=failed.pk).update(finished_at=timezone.now() - timedelta(days=2))
    kept = as_alice.session
    kept["home"] = {"here": (timezone.now() - timedelta(days=3)).isoformat()}
    kept.save()
    assert wanted(as_alice) == [f"failed {failed.pk}"]
    assert wanted(as_alice) == [f"failed {failed.pk}"], "a reload is the same visit"


def test_a_page_that_fetches_itself_is_no_visit(as_alice, failed):
    as_alice.get(HOME, headers={"x-live": "1"})
    assert "home" not in as_alice.session


def test_a_visit_ends_after_half_an_hour(as_alice):
    now, kept = timezone.now(), as_alice.session
    visits.note(kept, now - timedelta(days=4))
    visits.note(kept, now - timedelta(days=4) + timedelta(minutes=10))
    assert "before" not in kept["home"]
    visits.note(kept, now)
    assert visits.news_since(kept, now) == now - timedelta(days=4) + timedelta(minutes=10)


def test_a_quarantined_plugin_and_an_old_secret_want_a_look(as_alice, alice, organization, plugin, succeeded):
    plugins.quarantine(makers.principal(alice), plugin, "It drew nonsense.")
    other = makers.make_plugin(alice, organization, name="Rotated")
    plugins.rotate_secret(makers.principal(alice), other, 3_600)
    assert sorted(wanted(as_alice)) == ["Quarantined Detector", "Secret ends Rotated"]
    assert "It drew nonsense." in page(as_alice)


def test_a_refused_script_wants_a_look_once(as_alice, plugin, succeeded):
    for address in ("10.0.0.7", "10.0.0.8"):
        Connection.objects.create(
            plugin=plugin, sid=address, state="quarantined", was_accepted=False, address=address, reason="Wrong secret."
        )
    assert wanted(as_alice) == ["Refused Detector"]
    assert "a script from 10.0.0.8 was turned away: Wrong secret." in page(as_alice)


# --- now ---


def test_what_runs_and_waits_can_be_cancelled(as_alice, alice, project, plugin, succeeded):
    running = makers.make_running(alice, project, plugin)
    Session.objects.filter(pk=running.pk).update(progress_done=2, progress_total=5)
    queued = makers.make_session(alice, project, plugin)
    html = page(as_alice)
    assert "2 of 5 assets done" in html
    assert "1st in the queue" in html
    for session in (running, queued):
        assert reverse("session_cancel", args=[session.pk]) in html
    assert "1 session is running, 1 waits" in html


def test_how_the_scripts_stand_is_counted(as_alice, alice, organization, plugin, succeeded):
    makers.make_plugin(alice, organization, name="Never here")
    assert as_alice.get(HOME).context["standings"] == {"all": 2, "online": 1, "quarantined": 0, "offline": 1}


# --- lately ---


def test_the_numbers_by_state(as_alice, succeeded, failed):
    groups = {group["name"]: group["count"] for group in as_alice.get(HOME).context["activity"].groups}
    assert groups == {"active": 0, "succeeded": 1, "partial": 0, "failed": 1, "cancelled": 0}


def test_the_list_shows_the_chosen_state(as_alice, succeeded, failed):
    def shown(query: str) -> list[int]:
        return [session.pk for session in as_alice.get(HOME + query).context["last"]]

    assert shown("") == [failed.pk, succeeded.pk]
    assert shown("?state=failed") == [failed.pk]
    assert shown("?state=nonsense&period=nonsense") == [failed.pk, succeeded.pk]


@pytest.mark.parametrize(("period", "back", "is_in"), [("24h", 20, True), ("24h", 26, False), ("7d", 150, True),
                                                       ("7d", 170, False), ("30d", 700, True)])  # fmt: skip
def test_a_period_ends_where_it_says(alice, succeeded, period, back, is_in):
    Session.objects.filter(pk=succeeded.pk).update(created_at=timezone.now() - timedelta(hours=back))
    assert activity(Session.objects.all(), PERIODS[period]).total == int(is_in)


def test_a_session_stands_in_the_bar_of_its_hour(alice, succeeded):
    now = timezone.now().replace(minute=30)
    Session.objects.filter(pk=succeeded.pk).update(created_at=now - timedelta(hours=2))
    shown = activity(Session.objects.all(), PERIODS["24h"], now)
    assert [place for place, bar in enumerate(shown.bars) if bar] == [21]


def test_the_chart_says_its_numbers_and_has_no_style(as_alice, succeeded, failed):
    html = page(as_alice, "?period=7d")
    assert 'aria-label="Sessions of the last 7 days: 1 succeeded, 1 failed or crashed"' in html


def test_small_tables_have_the_last_state_and_the_success_rate(as_alice, succeeded, failed):
    context = as_alice.get(HOME).context
    assert [(row["plugin"].name, row["succeeded"]) for row in context["plugins"]] == [("Detector", 50.0)]
    (project,) = context["projects"]
    assert (project["project"].name, project["last"].pk, project["succeeded"]) == ("Streets", failed.pk, 50.0)


def test_many_sessions_cost_no_query_more(as_alice, alice, organization, succeeded, django_assert_max_num_queries):
    first = makers.make_project(alice, organization, assets=2, name="Other")
    for number in range(4):
        other = makers.make_plugin(alice, organization, name=f"Plugin {number}")
        for _ in range(6):
            makers.make_session(alice, first, other)
    as_alice.get(HOME)
    with django_assert_max_num_queries(38):
        page(as_alice)


# --- the first run ---


def steps(client) -> dict[str, bool]:
    return {step.title: step.is_done for step in client.get(HOME).context["checklist"].steps}


def test_a_new_installation_begins_with_the_checklist(client, db):
    client.force_login(organizations.create_first_admin(PASSWORD))
    assert not any(steps(client).values())
    assert len(steps(client)) == 8
    assert "New project" in page(client)


def test_steps_tick_as_they_are_done(as_alice, alice, organization):
    project = makers.make_project(alice, organization, assets=2)
    done = steps(as_alice)
    assert [title for title, is_done in done.items() if is_done] == [
        "Create a project", "Add assets", "Make the labeling tools",
    ]  # fmt: skip
    plugin = makers.make_plugin(alice, organization)
    assert steps(as_alice)["Register a plugin"]
    assert not steps(as_alice)["Copy the filled-in script"]
    plugins.reveal_secret(makers.principal(alice), plugin)
    assert steps(as_alice)["Copy the filled-in script"]
    assert not steps(as_alice)["Start it and see it go green"]
    makers.make_connection(plugin)
    assert steps(as_alice)["Start it and see it go green"]
    makers.enable(project, plugin)
    assert list(steps(as_alice).values()) == [True] * 7 + [False]


def test_the_checklist_is_gone_after_the_first_session_that_went_well(as_alice, succeeded):
    assert as_alice.get(HOME).context["checklist"] is None


def test_while_nothing_went_well_both_are_shown(as_alice, alice, project, plugin):
    failed = ended(makers.make_running(alice, project, plugin), "error", "KeyError")
    html = page(as_alice)
    assert "From a script to pre-labels" in html
    assert "Needs attention" in html
    assert f"Open #{failed.pk}" in html


def test_a_script_that_was_turned_away_ticks_nothing(as_alice, plugin):
    Connection.objects.create(plugin=plugin, sid="x", state="quarantined", was_accepted=False)
    assert not steps(as_alice)["Start it and see it go green"]


def test_a_viewer_is_told_whom_to_ask(as_bob, organization):
    html = page(as_bob)
    assert "takes the role manager" in html
    assert reverse("project_new") not in html.partition("<main")[2]


def test_where_the_demo_is_its_script_is_told(client, settings, tmp_path, db):
    settings.PLUGINHOST_FILES_DIR = tmp_path
    admin = organizations.create_first_admin(PASSWORD)
    client.force_login(admin)
    assert "make shape-finder" not in page(client)
    demo.make(admin)
    html = page(client)
    assert "make shape-finder" in html
    assert "Run it in Shapes" in html


def test_the_checklist_costs_a_fixed_number_of_queries(as_alice, project, plugin, django_assert_max_num_queries):
    as_alice.get(HOME)
    with django_assert_max_num_queries(24):
        page(as_alice)


# --- managed scripts that do not stay up ---


def _troubled(plugin, state, **facts):
    script = ManagedScript.objects.create(plugin=plugin, source="demo", entry="shape_finder.py", wanted="running")
    return ScriptInstance.objects.create(script=script, number=1, state=state, reason="It ended with code 1.", **facts)


@pytest.mark.parametrize(("state", "word"), [("gave_up", "Gave up"), ("backing_off", "Backing off")])
def test_a_script_that_does_not_stay_up_wants_a_look(as_alice, alice, plugin, project, state, word):
    makers.make_session(alice, project, plugin)
    instance = _troubled(plugin, state)
    told = as_alice.get("/").content.decode()
    assert word in told
    assert "It ended with code 1." in told
    assert f"/plugins/{plugin.uid}/supervision/" in told
    ScriptInstance.objects.filter(pk=instance.pk).update(state="up")
    assert word not in as_alice.get("/").content.decode()


def test_one_that_was_stopped_wants_none(as_alice, alice, plugin, project):
    makers.make_session(alice, project, plugin)
    _troubled(plugin, "gave_up")
    ManagedScript.objects.update(wanted="stopped")
    assert "Gave up" not in as_alice.get("/").content.decode()


def test_the_project_says_so_too(as_alice, plugin, project):
    makers.enable(project, plugin)
    _troubled(plugin, "gave_up")
    told = as_alice.get(f"/projects/{project.uid}/plugins/").content.decode()
    assert "Gave up" in told
    assert f"/plugins/{plugin.uid}/supervision/" in told


def test_strangers_hear_nothing_of_it(client, alice, charlie, plugin, project):
    makers.make_session(alice, project, plugin)
    _troubled(plugin, "gave_up")
    client.force_login(charlie)
    assert "Gave up" not in client.get("/").content.decode()


def test_the_demos_script_is_started_with_one_click(client, alice, bob, organization):
    plugin = makers.make_plugin(alice, organization, name=demo.FINDER)
    client.force_login(bob)
    assert "Start it here" not in client.get("/").content.decode()
    client.force_login(alice)
    assert "Start it here" in client.get("/").content.decode()
    client.post(f"/plugins/{plugin.uid}/supervision/start-demo/")
    script = ManagedScript.objects.get(plugin=plugin)
    assert (script.source, script.wanted) == ("demo", "running")
    told = client.get("/").content.decode()
    assert "Start it here" not in told
    assert "kept running here" in told
