"""The labeling tools of a project: who may set them, what is refused, and what is said before something goes."""

import html
import json
import re
from types import SimpleNamespace

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings

from pluginhost import tool_uses
from pluginhost.actions import organizations, projects
from pluginhost.models import AuditEvent, Import, PluginInProject, PreLabel, Task
from pluginhost.protocol import category_schema

from . import makers
from .test_category_schema import SCHEMAS

CAR, BUS, ROAD = "c" * 24, "b" * 24, "a" * 24
QUESTION = {
    "tool": "radio", "title": "Weather", "schemaId": "w",
    "options": [{"value": "sun", "schemaId": "s"}, {"value": "rain", "schemaId": "r"}],
}  # fmt: skip


def address(project, name="project_tools"):
    return reverse(name, args=[project.uid])


def said(response):
    """What the page says, without its tags."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def save(client, project, schema, **fields):
    """What the page sends; `project` as it was when it was opened."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return client.post(address(project), {"schema": text, "schema_version": project.schema_version, **fields})


def digest_in(response):
    return re.search(r'name="is_meant" value="(\w+)"', response.content.decode())[1]


def text_in(response):
    return html.unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", response.content.decode(), re.S)[1])


def tools_now(project):
    project.refresh_from_db()
    return [tool["title"] for tool in project.category_schema["tools"]]


def without(project, *titles):
    schema = project.category_schema
    return {**schema, "tools": [tool for tool in schema["tools"] if tool["title"] not in titles]}


def retyped(project, title, kind):
    changed = [{**tool, "tool": kind} if tool["title"] == title else tool for tool in project.category_schema["tools"]]
    return {**project.category_schema, "tools": changed}


def ask_about_the_weather(project, alice):
    schema = {**project.category_schema, "classifications": [QUESTION]}
    return projects.set_category_schema(makers.principal(alice), project, schema)


# --- saving ---


def test_it_works(as_alice, project):
    schema = {"tools": [*project.category_schema["tools"], {"tool": "point", "title": "Nose"}]}
    response = save(as_alice, project, schema)
    assert (response.status_code, response.url) == (302, address(project))
    assert tools_now(project) == ["Car", "Bus", "Road", "Nose"]


def test_a_renamed_tool_keeps_its_schema_id_and_what_is_mapped_to_it(as_alice, project, plugin):
    makers.enable(project, plugin)
    schema = json.loads(json.dumps(project.category_schema).replace('"Car"', '"Automobile"'))
    assert save(as_alice, project, schema).status_code == 302
    assert tools_now(project)[0] == "Automobile"
    assert project.category_schema["tools"][0]["schemaId"] == CAR
    assert PluginInProject.objects.get().class_mapping["Car"] == CAR


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(schema=SCHEMAS)
def test_opening_and_saving_loses_nothing(as_alice, alice, project, schema):
    set_before = projects.set_category_schema(makers.principal(alice), project, schema).category_schema
    shown = text_in(as_alice.get(address(project)))
    assert save(as_alice, project, shown).status_code == 302
    project.refresh_from_db()
    assert project.category_schema == set_before


def test_each_saving_is_in_the_audit_trail(as_alice, project, plugin):
    makers.enable(project, plugin)
    response = save(as_alice, project, without(project, "Car"))
    save(as_alice, project, without(project, "Car"), is_meant=digest_in(response))
    event = AuditEvent.objects.filter(verb="project.labeling_tools_set").first()
    assert (event.actor_name, event.details["left_out"]) == ("alice", {"Detector": ["Car"]})


# --- who may ---


@pytest.mark.parametrize("name", ["project_tools", "project_tools_check"])
def test_a_viewer_may_not_change_them(as_bob, project, name):
    assert as_bob.post(address(project, name), {"schema": "{}", "schema_version": 1}).status_code == 403


@pytest.mark.parametrize("name", ["project_tools", "project_tools_check"])
def test_a_stranger_gets_404(as_charlie, project, name):
    assert as_charlie.post(address(project, name), {"schema": "{}", "schema_version": 1}).status_code == 404


def test_a_stranger_sees_none(as_charlie, project):
    assert as_charlie.get(address(project)).status_code == 404


def test_a_runner_may_not_change_them(as_bob, bob, organization, project):
    organizations.set_member(organization, bob, "runner")
    assert as_bob.post(address(project), {"schema": "{}", "schema_version": 1}).status_code == 403


def test_a_viewer_sees_what_is_there_and_no_button_that_does_nothing(as_bob, alice, project, plugin):
    makers.enable(project, plugin)
    ask_about_the_weather(project, alice)
    response = as_bob.get(address(project))
    shown = said(response)
    assert all(word in shown for word in ("Car", "Bounding box", "Detector: Car", "Weather", "sun, rain", CAR))
    assert b"<form" not in response.content.split(b"<main")[1].split(b"</main>")[0]
    assert b"js/tools/main.js" not in response.content


def test_a_viewer_of_nothing_is_told_who_adds_them(as_bob, alice, organization):
    empty = projects.create(makers.principal(alice), organization, "Empty")
    assert "Adding one takes the role manager." in said(as_bob.get(address(empty)))


def test_the_check_takes_posts_only(as_alice, project):
    assert as_alice.get(address(project, "project_tools_check")).status_code == 405


# --- what is refused ---


def test_what_is_not_json_is_named_by_line_and_stays_in_the_field(as_alice, project):
    response = save(as_alice, project, '{\n  "tools": [,]\n}')
    assert "Line 2: Line 2, column 13" in said(response)
    assert text_in(response) == '{\n  "tools": [,]\n}'
    assert tools_now(project) == ["Car", "Bus", "Road"]


def test_what_is_wrong_is_named_by_line_and_path(as_alice, project):
    response = save(as_alice, project, '{\n "tools": [\n  {"tool": "box",\n   "title": ""}]}')
    assert "Line 3: categorySchema.tools[0].tool: This must be one of" in said(response)
    assert "Line 4: categorySchema.tools[0].title: Give it a title" in said(response)


@pytest.mark.parametrize("version", ["", "x", "-1", None])
def test_a_form_that_is_not_from_the_page_is_refused(as_alice, project, version):
    fields = {"schema": "{}"} if version is None else {"schema": "{}", "schema_version": version}
    assert "Reload the page" in said(as_alice.post(address(project), fields))
    assert tools_now(project) == ["Car", "Bus", "Road"]


def test_too_much_is_refused(as_alice, project):
    schema = {"tools": [], "more": "x" * (4 * 2**20)}
    assert "larger than 4,096 KB" in said(save(as_alice, project, schema))


def test_text_comes_out_as_text(as_alice, as_bob, project):
    title = "</textarea><script>alert(1)</script>"
    save(as_alice, project, {"tools": [*project.category_schema["tools"], {"tool": "point", "title": title}]})
    for client in (as_alice, as_bob):
        assert b"<script>alert" not in client.get(address(project)).content


# --- the check of what is being edited ---


def check(client, project, schema):
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return client.post(address(project, "project_tools_check"), {"schema": text}).json()["problems"]


def test_the_check_names_errors_with_level_line_and_path(as_alice, project):
    assert check(as_alice, project, '{"tools":\n[{"tool": "point"}]}') == [
        {
            "level": "error", "line": 2, "path": "categorySchema.tools[0].title",
            "message": "Give it a title of at most 500 characters.",
        }
    ]  # fmt: skip


def test_the_check_names_what_is_not_json(as_alice, project):
    (problem,) = check(as_alice, project, '{\n\n"tools"}')
    assert (problem["level"], problem["line"]) == ("error", 3)


def test_the_check_advises_on_what_can_be_saved(as_alice, project):
    (problem,) = check(as_alice, project, {"tools": [{"tool": "point", "title": "A", "color": "red"}]})
    assert (problem["level"], problem["path"]) == ("advice", "categorySchema.tools[0].color")


def test_the_check_changes_nothing(as_alice, project):
    check(as_alice, project, {})
    assert tools_now(project) == ["Car", "Bus", "Road"]


# --- what goes is said first ---


def test_deleting_is_asked_first_and_done_when_it_is_meant(as_alice, project, plugin):
    makers.enable(project, plugin)
    response = save(as_alice, project, without(project, "Car"))
    assert "Car , bounding box, is deleted." in said(response)
    assert "Detector maps its class Car to it, which is left out of its next sessions until mapped again." in said(
        response
    )
    assert tools_now(project) == ["Car", "Bus", "Road"]
    assert json.loads(text_in(response)) == without(project, "Car")
    save(as_alice, project, without(project, "Car"), is_meant=digest_in(response))
    assert tools_now(project) == ["Bus", "Road"]


def test_what_was_meant_is_what_was_read(as_alice, project):
    response = save(as_alice, project, without(project, "Car"))
    again = save(as_alice, project, without(project, "Car", "Bus"), is_meant=digest_in(response))
    assert "Bus , bounding box, is deleted." in said(again)
    assert tools_now(project) == ["Car", "Bus", "Road"]


def test_a_mapping_to_what_was_deleted_becomes_null_and_says_so(as_alice, project, plugin):
    makers.enable(project, plugin)
    response = save(as_alice, project, without(project, "Car"))
    save(as_alice, project, without(project, "Car"), is_meant=digest_in(response))
    place = PluginInProject.objects.get()
    assert (place.class_mapping, place.left_out) == ({"Car": None, "Bus": BUS}, {"Car": "Car"})
    shown = said(as_alice.get(address(project, "project_plugins")))
    assert "1 of 2 mapped. Left out, since the tool was deleted: Car" in shown


def test_mapping_anew_forgets_what_was_left_out(alice, project, plugin):
    makers.enable(project, plugin)
    projects.set_category_schema(makers.principal(alice), project, without(project, "Car"))
    projects.enable_plugin(makers.principal(alice), project, plugin, class_mapping={"Car": ROAD})
    assert PluginInProject.objects.get().left_out == {}


def test_pre_labels_are_counted(as_alice, project, plugin):
    Import.objects.create(project=project, plugin=plugin, state="applied", applied_seq=1, classes={CAR: 1_204, BUS: 1})
    Import.objects.create(project=project, plugin=plugin, state="applied", applied_seq=2, classes={CAR: 2})
    Import.objects.create(project=project, plugin=plugin, state="undone", applied_seq=3, classes={CAR: 50})
    shown = said(save(as_alice, project, without(project, "Car", "Bus")))
    assert "1,206 pre-labeled objects were drawn with it and stay in sight, in grey." in shown
    assert "1 pre-labeled object was drawn with it and stays in sight, in grey." in shown


def test_of_very_many_imports_the_newest_are_counted(as_alice, project, monkeypatch):
    monkeypatch.setattr(tool_uses, "MOST_IMPORTS", 2)
    for number in range(1, 5):
        Import.objects.create(project=project, state="applied", applied_seq=number, classes={CAR: 10})
    assert "At least 20 pre-labeled objects" in said(save(as_alice, project, without(project, "Car")))


def test_peoples_answers_are_counted(as_alice, project):
    answer = {"tools": [{"schemaId": CAR}, {"schemaId": CAR}], "classifications": []}
    Task.objects.filter(project=project, asset__number__lte=2).update(answer=answer)
    assert "People used it on 2 assets; their answers stay" in said(save(as_alice, project, without(project, "Car")))


def test_of_very_many_answers_the_newest_are_counted(as_alice, project, monkeypatch):
    monkeypatch.setattr(tool_uses, "MOST_ANSWERS", 2)
    Task.objects.filter(project=project).update(answer={"tools": [{"schemaId": CAR}]})
    assert "People used it on at least 2 assets" in said(save(as_alice, project, without(project, "Car")))


def test_open_sessions_are_named(as_alice, alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    shown = said(save(as_alice, project, without(project, "Car")))
    assert f"Session #{session.pk} was asked for with it and keeps that: what it sends for it is rejected." in shown


def test_another_kind_is_said_and_keeps_the_mapping(as_alice, project, plugin):
    makers.enable(project, plugin)
    schema = retyped(project, "Car", "polygon")
    response = save(as_alice, project, schema)
    assert "Car , bounding box, becomes polygon." in said(response)
    assert "Detector maps its class Car to it: what it sends as bounding box is rejected from then on." in said(
        response
    )
    assert "Change 1, and save" in said(response)
    save(as_alice, project, schema, is_meant=digest_in(response))
    assert PluginInProject.objects.get().class_mapping["Car"] == CAR


def test_a_deleted_option_is_said_with_who_chose_it(as_alice, alice, project, plugin):
    project = ask_about_the_weather(project, alice)
    made = makers.make_labels(project, {1: []}, plugin)
    PreLabel.objects.filter(origin=made).update(
        content=json.dumps({"objects": [], "classifications": [{"schemaId": "w", "answer": "rain"}]})
    )
    given = {"classifications": [{"schemaId": "w", "answer": ["rain", "sun"]}]}
    Task.objects.filter(project=project, asset__number=2).update(answer=given)
    schema = json.loads(json.dumps(project.category_schema))
    schema["classifications"][0]["options"].pop()
    shown = said(save(as_alice, project, schema))
    assert "rain , an option of Weather, is deleted." in shown
    assert "Pre-labels of 1 asset chose it; they stay as they are. People used it on 1 asset" in shown


def test_a_deleted_question_is_said_with_who_answered_it(as_alice, alice, project, plugin):
    project = ask_about_the_weather(project, alice)
    made = makers.make_labels(project, {1: [], 2: []}, plugin)
    nested = {"objects": [{"schemaId": CAR, "classifications": [{"schemaId": "w", "answer": "sun"}]}]}
    PreLabel.objects.filter(origin=made).update(content=json.dumps(nested))
    shown = said(save(as_alice, project, {**project.category_schema, "classifications": []}))
    assert "Weather , one of several, is deleted. Pre-labels of 2 assets answer it" in shown


def test_what_nobody_uses_goes_after_one_question(as_alice, project):
    response = save(as_alice, project, without(project, "Road"))
    assert "Road , polygon, is deleted. Nothing uses it." in said(response)
    assert "Delete 1, and save" in said(response)


def test_a_whole_that_goes_with_very_much_is_cut_short(as_alice, alice, project):
    many = {"tools": [{"tool": "point", "title": f"Point {number}"} for number in range(130)]}
    project = projects.set_category_schema(makers.principal(alice), project, many)
    assert "And 30 more." in said(save(as_alice, project, {}))


# --- two at once ---


def test_who_saves_over_a_newer_one_is_told_and_loses_nothing(as_alice, bob, organization, project):
    organizations.set_member(organization, bob, "manager")
    opened = SimpleNamespace(uid=project.uid, schema_version=project.schema_version)
    newer = {"tools": [*project.category_schema["tools"], {"tool": "point", "title": "Nose"}]}
    projects.set_category_schema(makers.principal(bob), project, newer)
    mine = {"tools": [*project.category_schema["tools"][:3], {"tool": "point", "title": "Ear"}]}
    response = save(as_alice, opened, mine)
    assert "Somebody saved other labeling tools while you were editing. It was bob" in said(response)
    assert "Nose , point, is deleted." in said(response)
    assert json.loads(text_in(response)) == mine
    assert tools_now(project)[-1] == "Nose"
    save(as_alice, project, mine, is_meant=digest_in(response))
    assert tools_now(project)[-1] == "Ear"


def test_the_action_refuses_a_version_that_is_not_the_newest(alice, project):
    with pytest.raises(projects.Conflict):
        projects.set_category_schema(makers.principal(alice), project, {}, based_on=project.schema_version - 1)


# --- starts ---


@pytest.fixture
def empty(alice, organization):
    return projects.create(makers.principal(alice), organization, "Empty")


@pytest.mark.parametrize("name", ["objects", "regions", "classes", "words"])
def test_a_start_is_filled_in_and_can_be_saved(as_alice, empty, name):
    shown = text_in(as_alice.get(address(empty), {"template": name}))
    assert save(as_alice, empty, shown).status_code == 302
    empty.refresh_from_db()
    assert sum(1 for _ in category_schema.everything(empty.category_schema)) >= 3


def test_a_start_is_saved_by_nobody_but_who_saves_it(as_alice, empty):
    as_alice.get(address(empty), {"template": "objects"})
    assert tools_now(empty) == []


def test_a_start_never_takes_the_place_of_what_is_there(as_alice, project):
    assert "Bicycle" not in text_in(as_alice.get(address(project), {"template": "objects"}))


# --- speed ---


def test_the_page_asks_the_database_little(as_alice, project, plugin, django_assert_max_num_queries):
    makers.enable(project, plugin)
    with django_assert_max_num_queries(18):
        as_alice.get(address(project))


def test_the_losses_of_many_tools_ask_no_more_than_those_of_one(
    as_alice, alice, project, plugin, django_assert_max_num_queries
):
    makers.enable(project, plugin)
    many = {"tools": [{"tool": "point", "title": f"Point {number}"} for number in range(100)]}
    project = projects.set_category_schema(makers.principal(alice), project, many)
    with django_assert_max_num_queries(25):
        save(as_alice, project, {})


def test_the_foot_tells_the_version_of_pluginhost_and_not_of_the_tools(as_alice, project, settings):
    shown = as_alice.get(reverse("project_tools", args=[project.uid])).content.decode()
    assert f"<span>{settings.VERSION}</span>" in shown
