"""A session's page: who sees it, what it says in each state, and what one may do with it."""

from __future__ import annotations

import asyncio
import json

import pytest
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from pluginhost.actions import organizations, reports, sessions
from pluginhost.models import Import, Rejection, Role, Session

from . import makers

TABS = ["session", "session_results", "session_inputs", "session_timeline"]
DOORS = [*TABS, "session_log"]


@pytest.fixture
def queued(alice, project, plugin):
    return makers.make_session(alice, project, plugin)


@pytest.fixture
def running(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def address(name: str, session: Session) -> str:
    return reverse(name, args=[session.pk])


def page(client, name: str, session: Session, query: str = "") -> str:
    response = client.get(address(name, session) + query)
    assert response.status_code == 200
    return response.content.decode()


def answered(session: Session, form: str = "text", body: str = "Done.") -> Session:
    reports.finish(session, None, form, body, timezone.now())
    session.refresh_from_db()
    return session


def imported(session: Session, accepted=(), rejected=()) -> Import:
    made = makers.make_import(session, accepted=accepted, rejected=rejected)
    accepted, rejected = len(list(accepted)), len(list(rejected))
    Session.objects.filter(pk=session.pk).update(accepted=accepted, rejected=rejected, objects_count=accepted)
    Import.objects.filter(pk=made.pk).update(reasons={"bad_geometry": rejected} if rejected else {})
    return made


# --- who ---


@pytest.mark.parametrize("name", DOORS)
def test_it_works(as_alice, running, name):
    assert as_alice.get(address(name, running)).status_code == 200


@pytest.mark.parametrize("name", DOORS)
def test_a_viewer_sees_it(as_bob, running, name):
    assert as_bob.get(address(name, running)).status_code == 200


@pytest.mark.parametrize("name", [*DOORS, "session_message"])
def test_a_stranger_gets_404(client, charlie, running, name):
    client.force_login(charlie)
    said = answered(running).responses.get()
    where = reverse(name, args=[running.pk, said.pk]) if name == "session_message" else address(name, running)
    assert client.get(where).status_code == 404
    assert client.get(where + "?format=text").status_code == 404


@pytest.mark.parametrize("name", DOORS)
def test_nobody_is_asked_to_sign_in(client, running, name):
    assert client.get(address(name, running)).status_code == 302


@pytest.mark.parametrize("name", ["session_cancel", "session_rerun", "session_rename"])
def test_a_viewer_may_do_nothing_with_it(as_bob, running, name):
    assert as_bob.post(address(name, running)).status_code == 403
    assert b"sticky-actions" not in as_bob.get(address("session", running)).content


@pytest.mark.parametrize("name", ["session_cancel", "session_rerun", "session_rename"])
def test_a_stranger_may_do_nothing_and_learns_nothing(client, charlie, running, name):
    client.force_login(charlie)
    assert client.post(address(name, running)).status_code == 404


@pytest.mark.parametrize("name", ["session_cancel", "session_rerun", "session_rename"])
def test_changing_things_is_post(as_alice, running, name):
    assert as_alice.get(address(name, running)).status_code == 405


def test_the_wires_identifier_finds_it_too(as_alice, running):
    assert as_alice.get(reverse("session", args=[running.uid])).status_code == 200


def test_a_number_that_is_none_is_404(as_alice, running):
    assert as_alice.get(reverse("session", args=["what"])).status_code == 404


# --- what it says ---


def test_waiting_tells_why(as_alice, queued):
    html = page(as_alice, "session", queued)
    assert "Waiting for the script to connect" in html
    assert "No log yet" in html
    assert "Cancel" in html
    assert "Rerun now" not in html
    assert ">Results" not in html


def test_running_shows_how_far_it_is(as_alice, running):
    imported(running, accepted=[1, 2], rejected=[3])
    html = page(as_alice, "session", running)
    assert 'aria-valuenow="3"' in html
    assert "Waiting for the first line" in html


def test_ended_shows_the_outcome_and_offers_to_run_again(as_alice, running):
    imported(running, accepted=[1, 2], rejected=[3])
    html = page(as_alice, "session", answered(running))
    assert "2 of 5 assets got pre-labels. 1 was rejected, 2 were not reached." in html
    assert "Rerun now" in html
    assert reverse("project_run", args=[running.project.uid, running.plugin.uid]) + f"?from={running.pk}" in html
    assert "player-stop" not in html


def test_a_message_is_markdown_without_harm(as_alice, running):
    body = "**Done** <script>alert(1)</script> [go](https://example.org) [bad](javascript:x) ![p](https://e.org/p.png)"
    html = page(as_alice, "session", answered(running, body=body))
    assert "<strong>Done</strong>" in html
    assert "<script>alert" not in html
    assert 'rel="noopener nofollow"' in html
    assert 'href="javascript:' not in html
    assert "<img" not in html


def test_an_object_is_shown_as_json(as_alice, running):
    html = page(as_alice, "session", answered(running, "json", '{"boxes":12}'))
    assert "&quot;boxes&quot;: 12" in html


def test_nothing_returned_is_said(as_alice, running):
    assert "The script returned nothing." in page(as_alice, "session", answered(running, "nothing", ""))


def test_bytes_are_told_by_size_and_downloaded_decoded(as_alice, running):
    said = answered(running, "bytes", "aGVsbG8=").responses.get()
    assert "of bytes" in page(as_alice, "session", running)
    response = as_alice.get(reverse("session_message", args=[running.pk, said.pk]))
    assert response.content == b"hello"
    assert "attachment" in response["Content-Disposition"]


def test_a_message_of_five_megabytes_is_shown_in_part_and_downloaded_whole(as_alice, running):
    said = answered(running, "text", "x" * 5_000_000).responses.get()
    html = page(as_alice, "session", running)
    assert len(html) < 200_000
    assert "Only the first part is shown" in html
    whole = as_alice.get(reverse("session_message", args=[running.pk, said.pk]))
    assert len(whole.content) == 5_000_000


def test_another_sessions_message_is_not_there(as_alice, running, alice, project, plugin):
    said = answered(running).responses.get()
    other = makers.make_session(alice, project, plugin)
    assert as_alice.get(reverse("session_message", args=[other.pk, said.pk])).status_code == 404


def test_a_failure_shows_its_error_and_the_way_to_the_log(as_alice, running):
    makers.make_lines(running, 1, level=40)
    html = page(as_alice, "session", answered(running, "error", "KeyError: 'car'"))
    assert "The script failed." in html
    assert "KeyError: &#x27;car&#x27;" in html
    assert "#first-error" in html


def test_what_came_late_is_shown_as_late(as_alice, running):
    answered(running)
    html = page(as_alice, "session", answered(running, body="Once more."))
    assert "came late" in html
    assert "Once more." in html


def test_attempts_are_linked(as_alice, running, alice):
    again = sessions.rerun(makers.principal(alice), answered(running))
    html = page(as_alice, "session", again)
    assert "Attempt 2 of 2" in html
    assert f'href="{address("session", running)}"' in html


def test_title_and_favicon_carry_the_state(as_alice, running):
    assert "▶ #" in page(as_alice, "session", running)
    html = page(as_alice, "session", answered(running))
    assert "✓ #" in html
    assert "state-succeeded.svg" in html


# --- the log tab ---


def test_the_last_lines_are_there_without_script(as_alice, running):
    makers.make_lines(running, 250)
    html = page(as_alice, "session", running)
    assert 'id="L250"' in html
    assert 'id="L51"' in html
    assert 'id="L50"' not in html
    assert "50 earlier lines are not shown here" in html


def test_a_line_is_text_and_nothing_else(as_alice, running):
    makers.make_lines(running, 1, text="<b>\x1b[31mred\x1b[0m</b>")
    assert "&lt;b&gt;red&lt;/b&gt;" in page(as_alice, "session", running)


def test_a_live_look_leaves_the_log_alone(as_alice, running):
    makers.make_lines(running, 5)
    html = as_alice.get(address("session", running), headers={"X-Live": "1"}).content.decode()
    assert 'id="session-head"' in html
    assert 'id="log"' not in html


def test_lines_as_json(as_alice, running):
    makers.make_lines(running, 3)
    answer = as_alice.get(address("session_log", running) + "?after=1&limit=1").json()
    assert [line["number"] for line in answer["lines"]] == [2]
    assert (answer["next"], answer["total"]) == (2, 3)


def test_a_filtered_list_comes_with_its_index(as_alice, running):
    makers.make_lines(running, 2)
    makers.make_lines(running, 1, level=40)
    answer = as_alice.get(address("session_log", running) + "?view=index&level=error").json()
    assert (answer["total"], answer["marks"]) == (1, [])
    assert as_alice.get(address("session_log", running) + "?view=numbers&level=error").json()["numbers"] == [3]


def test_news_for_a_page_without_a_socket(as_alice, running):
    makers.make_lines(running, 2)
    news = as_alice.get(address("session_log", running) + "?view=news&after=1").json()
    assert [line["number"] for line in news["lines"]] == [2]
    where = f"?view=news&after=2&event={news['event']}&version={news['version']}"
    assert as_alice.get(address("session_log", running) + where).json() == {}


def test_a_level_that_is_none_is_400(as_alice, running):
    response = as_alice.get(address("session_log", running) + "?level=loud")
    assert response.status_code == 400
    assert "no level" in response.json()["message"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("form", "ending"), [("text", "txt"), ("jsonl", "jsonl")])
def test_downloads(alice, running, form, ending):
    makers.make_lines(running, 3)
    client = AsyncClient()
    client.force_login(alice)

    async def download():
        response = await client.get(address("session_log", running) + f"?format={form}")
        return response, b"".join([piece async for piece in response.streaming_content])

    response, content = asyncio.run(download())
    assert content.count(b"\n") == 3
    assert f'-log.{ending}"' in response["Content-Disposition"]
    if form == "jsonl":
        assert [json.loads(line)["number"] for line in content.splitlines()] == [1, 2, 3]


def test_a_form_of_download_that_is_none_is_400(as_alice, running):
    assert as_alice.get(address("session_log", running) + "?format=pdf").status_code == 400


# --- results ---


def test_results_show_each_asset_with_its_outcome(as_alice, running):
    imported(running, accepted=[1, 2], rejected=[3])
    html = page(as_alice, "session_results", running)
    for words in ("All 5", "Accepted 2", "Rejected 1", "No result 0", "Not reached 2", "bad geometry", "width is 0"):
        assert words in html
    assert "image_0003.jpg" in html
    assert 'fill="#d1495b"' in html


def test_results_are_filtered_by_outcome(as_alice, running):
    imported(running, accepted=[1, 2], rejected=[3])
    html = page(as_alice, "session_results", running, "?outcome=rejected")
    assert "image_0003.jpg" in html
    assert "image_0001.jpg" not in html


def test_results_are_paged_by_number(as_alice, alice, organization, plugin):
    project = makers.make_project(alice, organization, assets=60, name="Many")
    session = makers.make_running(alice, project, plugin)
    imported(session, accepted=range(1, 61))
    first = page(as_alice, "session_results", session)
    assert "1–25 of 60" in first
    assert "after=25" in first
    second = page(as_alice, "session_results", session, "?after=25")
    assert "26–50 of 60" in second
    assert "before=26" in second
    assert "1–25 of 60" in page(as_alice, "session_results", session, "?before=26")
    assert "51–60 of 60" in page(as_alice, "session_results", session, "?after=50")


def test_an_outcome_that_no_asset_has_says_so(as_alice, running):
    assert "No asset of this session has this outcome." in page(
        as_alice, "session_results", running, "?outcome=rejected"
    )


def test_items_for_no_asset_are_listed_apart(as_alice, running):
    made = imported(running, accepted=[1])
    Rejection.objects.create(
        origin=made, index=1, external_id="nobody.jpg", code="unknown_asset", message="No such asset."
    )
    html = page(as_alice, "session_results", running)
    assert "1 item about no asset of the scope" in html
    assert "nobody.jpg" in html


def test_one_more_row_costs_no_query_more(as_alice, alice, organization, plugin, django_assert_max_num_queries):
    project = makers.make_project(alice, organization, assets=25, name="Many")
    session = makers.make_running(alice, project, plugin)
    imported(session, accepted=range(1, 20), rejected=range(20, 26))
    answered(session)
    with django_assert_max_num_queries(40):
        page(as_alice, "session_results", session)


def test_the_log_tab_takes_a_fixed_number_of_queries(as_alice, running, django_assert_max_num_queries):
    makers.make_lines(running, 300)
    with django_assert_max_num_queries(24):
        page(as_alice, "session", running)


# --- inputs and timeline ---


def test_inputs_are_shown_as_they_were_frozen(as_alice, running):
    html = page(as_alice, "session_inputs", running)
    for words in ("&quot;threshold&quot;: 0.5", "Car", "whole project", "Replace this plugin", running.uid, "24 h"):
        assert words in html


def test_the_timeline_tells_what_happened(as_alice, running):
    html = page(as_alice, "session_timeline", running)
    assert "Asked for by alice: 5 assets." in html
    assert "so far" in html


# --- what one may do ---


def test_cancel_takes_it_out_of_the_queue(as_alice, queued):
    response = as_alice.post(address("session_cancel", queued), follow=True)
    queued.refresh_from_db()
    assert queued.state == Session.State.CANCELLED
    assert "is cancelled" in response.content.decode()


def test_a_running_one_is_asked_to_stop(as_alice, running):
    as_alice.post(address("session_cancel", running))
    running.refresh_from_db()
    assert running.state == Session.State.CANCELLING
    assert "End now" in page(as_alice, "session", running)


def test_what_has_ended_cannot_be_cancelled_and_says_so(as_alice, running):
    response = as_alice.post(
        address("session_cancel", answered(running)), headers={"Referer": address("session", running)}, follow=True
    )
    assert "has ended already" in response.content.decode()


def test_rerun_leads_to_the_new_session(as_alice, running):
    response = as_alice.post(address("session_rerun", answered(running)))
    again = Session.objects.get(rerun_of=running)
    assert response["Location"] == address("session", again)


def test_a_runner_may_run_it_again(client, bob, organization, running):
    organizations.set_member(organization, bob, Role.RUNNER)
    client.force_login(bob)
    assert client.post(address("session_rerun", answered(running))).status_code == 302


def test_rename(as_alice, running):
    as_alice.post(address("session_rename", running), {"name": "Night batches"})
    assert "<h1>Night batches</h1>" in page(as_alice, "session", running)
