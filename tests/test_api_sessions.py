"""Running, watching, stopping and repeating sessions through the own API."""

import asyncio
import json

import pytest
from django.test import AsyncClient
from django.utils import timezone

from pluginhost.models import Batch, BatchAsset, LogHead, LogLine, Response, Session

from . import makers
from .api import Caller, paths, refusal


@pytest.fixture
def api(alice, organization):
    return Caller(alice)


@pytest.fixture
def place(api, project, plugin):
    path = f"/projects/{project.uid}/plugins/{plugin.uid}"
    api.put(path)
    return f"{path}/sessions"


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_session(alice, project, plugin)


def end(session, state=Session.State.SUCCEEDED):
    Session.objects.filter(pk=session.pk).update(state=state, finished_at=timezone.now())


def add_lines(session, *messages, level=20):
    last = session.log_head.last
    for number, message in enumerate(messages, last + 1):
        LogLine.objects.create(session=session, number=number, at=timezone.now(), level=level, message=message)
    LogHead.objects.filter(session=session).update(last=last + len(messages), info=last + len(messages))
    session.log_head.refresh_from_db()


# --- run ---


def test_a_run_is_queued_with_frozen_inputs(api, place, plugin, project, alice):
    answer = api.post(place, {"config": {"threshold": 0.7}, "scope": {"first": 2}, "name": "Try"})
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["state"], shown["name"], shown["attempt"]) == ("queued", "Try", 1)
    assert (shown["plugin"], shown["project"], shown["started_by"]) == (plugin.uid, project.uid, alice.uid)
    assert shown["inputs"] == {
        "config": {"threshold": 0.7},
        "class_mapping": {"Car": "c" * 24, "Bus": "b" * 24},
        "category_schema": [
            {"schemaId": "c" * 24, "modelClass": "Car"},
            {"schemaId": "b" * 24, "modelClass": "Bus"},
        ],
        "scope": {"first": 2},
        "existing": "replace",
        "review_first": False,
        "asset_count": 2,
        "plugin_version": 1,
    }
    assert shown["waiting"]["position"] == 1
    assert shown["counts"] == {
        "accepted": 0, "rejected": 0, "unchanged": 0, "discarded": 0, "no_result": 0, "not_reached": 2, "objects": 0,
    }  # fmt: skip


def test_a_run_with_nothing_said_is_about_the_whole_project(api, place):
    assert api.post(place).json()["inputs"]["asset_count"] == 5
    assert api.post(place, {"scope": {"all": True}}).json()["inputs"]["asset_count"] == 5


def test_a_run_may_be_about_batches_or_single_assets(api, place, project):
    batch = Batch.objects.create(project=project, name="Night")
    asset = project.assets.get(number=3)
    BatchAsset.objects.create(batch=batch, asset=asset)
    assert api.post(place, {"scope": {"batches": [batch.uid]}}).json()["inputs"]["asset_count"] == 1
    assert api.post(place, {"scope": {"assets": [asset.uid]}}).json()["inputs"]["asset_count"] == 1


def test_a_run_may_be_about_what_passes_a_filter(api, place):
    asked = {"filter": {"status": "TODO", "pre_labeled": False, "external_id": "image_0003"}}
    assert api.post(place, {"scope": asked}).json()["inputs"]["asset_count"] == 1


def test_a_run_may_be_reviewed_first(api, place):
    assert api.post(place, {"review_first": True, "scope": {"first": 3}}).json()["inputs"]["review_first"] is True


def test_a_run_is_about_what_a_session_left(api, place, session):
    makers.make_import(session, accepted=[1], rejected=[2])
    Session.objects.filter(pk=session.pk).update(accepted=1, rejected=1)
    scope = {"from_session": session.pk, "outcomes": ["rejected", "failed"]}
    assert "has not ended" in refusal(api.post(place, {"scope": scope}), 409)
    end(session, Session.State.PARTIAL)
    again = api.post(place, {"scope": scope}).json()
    assert (again["inputs"]["asset_count"], again["inputs"]["scope"]) == (4, scope)
    assert (again["rerun_of"], again["attempt"]) == (session.pk, 2)
    assert api.get(f"/sessions/{session.pk}").json()["reruns"] == [again["id"]]


def test_a_try_goes_on_with_the_rest(api, place, project):
    batch = makers.make_batch(project, "night", [2, 3, 5])
    scope = {"first": 1, "of": {"batches": [batch.uid]}}
    tried = api.post(place, {"scope": scope, "review_first": True}).json()
    assert tried["inputs"]["asset_count"] == 1
    rest = {"scope": {"rest_of": tried["id"]}, "review_first": False}
    again = api.post(f"/sessions/{tried['id']}/rerun", rest).json()
    assert (again["inputs"]["asset_count"], again["inputs"]["review_first"]) == (2, False)


def test_config_may_come_as_json_text(api, place):
    assert api.post(place, {"config": '{"threshold": 1}'}).json()["inputs"]["config"] == {"threshold": 1}


def test_the_same_idempotency_key_gives_the_same_session(api, place):
    first, second = (api.post(place, {"idempotency_key": "once"}).json()["id"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("fields", "status", "path"),
    [
        ({"config": "{"}, 400, "config"),
        ({"config": [1]}, 400, "config"),
        ({"class_mapping": {"Car": "nowhere"}}, 400, "class_mapping.Car"),
        ({"class_mapping": {"Car": 1}}, 422, "class_mapping.Car"),
        ({"scope": {"first": 0}}, 400, "scope.first"),
        ({"scope": {"first": "2"}}, 422, "scope.first"),
        ({"scope": {}}, 400, "scope"),
        ({"scope": {"all": True, "first": 1}}, 400, "scope"),
        ({"scope": {"batches": []}}, 400, "scope.batches"),
        ({"scope": {"assets": ["0" * 24]}}, 400, "scope.assets[0]"),
        ({"scope": {"what": 1}}, 422, "scope.what"),
        ({"scope": {"from_session": 1, "outcomes": ["rejected"]}}, 400, "scope.from_session"),
        ({"scope": {"filter": {"status": "Done"}}}, 422, "scope.filter.status"),
        ({"scope": {"filter": {}}}, 400, "scope.filter"),
        ({"scope": {"filter": {"external_id": "nowhere"}}}, 400, "scope.filter"),
        ({"scope": {"all": True, "outcomes": ["rejected"]}}, 400, "scope.outcomes"),
        ({"scope": {"first": 1, "of": {"first": 0}}}, 400, "scope.of.first"),
        ({"scope": {"from_session": 10**30}}, 400, "scope.from_session"),
        ({"review_first": "yes"}, 422, "review_first"),
        ({"existing": "keep"}, 422, "existing"),
        ({"name": "x" * 201}, 422, "name"),
    ],
)
def test_what_is_wrong_with_a_run_is_named(api, place, fields, status, path):
    answer = api.post(place, fields)
    refusal(answer, status)
    assert paths(answer) == [path]
    assert not Session.objects.exists()


# --- the history and one of it ---


def test_the_history_pages_by_key_newest_first(api, alice, project, plugin):
    made = [makers.make_session(alice, project, plugin).pk for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/sessions?limit=2{cursor}").json()
        assert page["total"] == 5
        seen += [row["id"] for row in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert seen == made[::-1]


def test_the_history_is_filtered(api, alice, project, plugin, session):
    other = makers.make_session(alice, project, plugin, name="Night run")
    end(other)

    def found(query):
        return [row["id"] for row in api.get(f"/sessions?{query}").json()["items"]]

    assert found("state=queued") == [session.pk]
    assert found("state=queued&state=succeeded") == [other.pk, session.pk]
    assert found(f"plugin={plugin.uid}&project={project.uid}&started_by={alice.uid}") == [other.pk, session.pk]
    assert found("started_by=alice") == [other.pk, session.pk]
    assert found("started_by=bob") == found(f"plugin={'0' * 24}") == []
    assert found("q=night") == found(f"q=%23{other.pk}") == [other.pk]


def test_a_state_that_there_is_not_is_refused(api):
    answer = api.get("/sessions?state=sleeping")
    refusal(answer, 422)
    assert paths(answer) == ["state[0]"]


def test_the_history_asks_no_more_of_the_database_for_more_rows(
    api, alice, project, plugin, django_assert_max_num_queries
):
    for _ in range(12):
        makers.make_session(alice, project, plugin)
    api.get("/sessions")
    with django_assert_max_num_queries(4):
        assert len(api.get("/sessions").json()["items"]) == 12


def test_a_session_is_found_by_its_number_and_by_its_id_on_the_wire(api, session):
    assert api.get(f"/sessions/{session.pk}").json() == api.get(f"/sessions/{session.uid}").json()


def test_a_session_shows_its_message_whole(api, session):
    end(session)
    Response.objects.create(session=session, form="text", body="Done.\nTwo lines.")
    shown = api.get(f"/sessions/{session.pk}").json()
    assert (shown["message"], shown["message_form"], shown["waiting"]) == ("Done.\nTwo lines.", "text", None)
    assert shown["finished_at"].endswith("Z")


@pytest.mark.parametrize("id", ["0", "-1", "999999", "1e3", "x", "%00", "9" * 400, "٣", "f" * 24, "1.0", "%F0%9F"])
def test_an_id_that_is_none_is_404(api, organization, id):
    refusal(api.get(f"/sessions/{id}"), 404)
    refusal(api.get(f"/imports/{id}"), 404)
    refusal(api.get(f"/plugins/{id}"), 404)
    refusal(api.get(f"/projects/{id}"), 404)


# --- cancel and rerun ---


def test_cancelling_a_queued_session_ends_it(api, session):
    assert api.post(f"/sessions/{session.pk}/cancel").json()["state"] == "cancelled"


def test_an_ended_session_cannot_be_cancelled(api, session):
    end(session)
    assert "has ended already" in refusal(api.post(f"/sessions/{session.pk}/cancel"), 409)


def test_a_rerun_has_the_same_inputs(api, session):
    answer = api.post(f"/sessions/{session.pk}/rerun")
    assert answer.status_code == 201
    again = answer.json()
    assert (again["rerun_of"], again["attempt"]) == (session.pk, 2)
    assert again["attempts"] == [session.pk, again["id"]]
    assert again["inputs"] == api.get(f"/sessions/{session.pk}").json()["inputs"]
    assert api.post(f"/sessions/{session.pk}/rerun", {}).json()["attempt"] == 3


def test_a_rerun_takes_any_of_the_runs_fields(api, session):
    again = api.post(f"/sessions/{session.pk}/rerun", {"config": {"threshold": 0.1}, "scope": {"first": 1}}).json()
    assert (again["inputs"]["config"], again["inputs"]["asset_count"]) == ({"threshold": 0.1}, 1)
    assert again["inputs"]["class_mapping"] == {"Car": "c" * 24, "Bus": "b" * 24}


def test_a_rerun_of_what_was_left_keeps_the_rest_as_it_was_frozen(api, session, plugin, project):
    end(session)
    project.category_schema["tools"] = []
    project.save()
    again = api.post(f"/sessions/{session.pk}/rerun", {"scope": {"from_session": session.pk}}).json()
    assert again["inputs"]["class_mapping"] == {"Car": "c" * 24, "Bus": "b" * 24}


def test_a_rerun_is_refused_like_a_run(api, session):
    answer = api.post(f"/sessions/{session.pk}/rerun", {"scope": {"first": -1}})
    refusal(answer, 400)
    assert paths(answer) == ["scope.first"]


def test_a_session_is_renamed(api, session):
    assert api.patch(f"/sessions/{session.pk}", {"name": "Night run"}).json()["name"] == "Night run"
    refusal(api.patch(f"/sessions/{session.pk}", {"name": "x" * 201}), 422)


# --- the log ---


def test_the_log_is_read_after_a_number(api, session):
    add_lines(session, *(f"line {number}" for number in range(1, 6)))
    page = api.get(f"/sessions/{session.pk}/log?after=1&limit=2").json()
    assert [(line["number"], line["message"]) for line in page["lines"]] == [(2, "line 2"), (3, "line 3")]
    assert (page["next"], page["total"]) == (3, 5)
    assert api.get(f"/sessions/{session.pk}/log?after=3").json()["next"] is None


def test_the_log_is_filtered_by_level_and_text(api, session):
    add_lines(session, "all is well")
    add_lines(session, "it broke", level=40)
    assert [line["number"] for line in api.get(f"/sessions/{session.pk}/log?level=error").json()["lines"]] == [2]
    assert [line["number"] for line in api.get(f"/sessions/{session.pk}/log?q=WELL").json()["lines"]] == [1]
    refusal(api.get(f"/sessions/{session.pk}/log?level=loud"), 400)


@pytest.mark.parametrize("query", ["after=-1", "after=x", f"after={'9' * 5000}", "limit=0", "limit=501", "format=pdf"])
def test_odd_numbers_for_the_log_are_refused(api, session, query):
    answer = api.get(f"/sessions/{session.pk}/log?{query}")
    refusal(answer, 422)
    assert paths(answer) == [query.split("=")[0]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_the_whole_log_is_a_download(alice, project, plugin, form):
    session = makers.make_session(alice, project, plugin)
    add_lines(session, "one", "two")
    key = makers.make_api_key(alice)

    async def download():
        answer = await AsyncClient().get(
            f"/api/v1/sessions/{session.pk}/log?format={form}", headers={"Authorization": f"Bearer {key}"}
        )
        return answer, b"".join([piece async for piece in answer])

    answer, body = asyncio.run(download())
    assert answer["Content-Disposition"].startswith("attachment")
    lines = body.decode().splitlines()
    assert len(lines) == 2
    assert "one" in lines[0]
    if form == "jsonl":
        assert json.loads(lines[1])["message"] == "two"


# --- who may ---


def test_a_stranger_gets_404(charlie, session):
    api = Caller(charlie)
    for rest in ("", "/log", "/imports"):
        refusal(api.get(f"/sessions/{session.pk}{rest}"), 404)
    for rest in ("/cancel", "/rerun"):
        refusal(api.post(f"/sessions/{session.pk}{rest}"), 404)
    assert api.get("/sessions").json()["total"] == 0


def test_a_viewer_may_look_and_not_touch(bob, session):
    api = Caller(bob)
    assert api.get(f"/sessions/{session.pk}").status_code == 200
    for rest in ("/cancel", "/rerun"):
        assert "role runner" in refusal(api.post(f"/sessions/{session.pk}{rest}"), 403)
