"""The run dialog: it asks, remembers, refuses at the field, and queues a session once."""

import json
import re

import pytest
from django.urls import reverse

from pluginhost.actions import organizations, projects
from pluginhost.models import Plugin, PluginInProject, Session

from . import makers

CAR, BUS, ROAD = "c" * 24, "b" * 24, "a" * 24


@pytest.fixture
def enabled(project, plugin):
    makers.enable(project, plugin)
    return plugin


def address(project, plugin, **query):
    return reverse("project_run", args=[project.uid, plugin.uid], query=query or None)


def asked(**changes):
    """What the dialog sends when nothing is touched."""
    return {
        "scope": "all", "class_0": CAR, "class_1": BUS, "config": '{"threshold": 0.5}', "existing": "replace",
        "name": "", "keep": "1", "idempotency_key": "once", **changes,
    }  # fmt: skip


def run(client, project, plugin, *, query=None, **changes):
    return client.post(address(project, plugin, **(query or {})), asked(**changes))


def text_of(response):
    return response.content.decode()


# --- it works ---


def test_it_works(as_alice, project, enabled):
    response = run(as_alice, project, enabled, name="First pass")
    session = Session.objects.get()
    assert response.headers["Location"] == reverse("session", args=[session.pk])
    assert (session.state, session.name, session.scope.count) == ("queued", "First pass", 5)
    assert session.inputs.class_mapping == {"Car": CAR, "Bus": BUS}
    assert json.loads(session.inputs.config) == {"threshold": 0.5}


def test_the_dialog_starts_from_what_is_kept(as_alice, project, enabled):
    shown = text_of(as_alice.get(address(project, enabled)))
    assert f'<option value="{CAR}" data-color="#d1495b" data-icon="square" selected>' in shown
    assert "&quot;threshold&quot;: 0.5" in shown
    assert "Queue run on 5 assets" in shown
    assert "No script is online" in shown


def test_the_button_runs_when_a_script_is_online(as_alice, project, enabled):
    makers.make_connection(enabled)
    shown = text_of(as_alice.get(address(project, enabled)))
    assert "Run on 5 assets" in shown
    assert "Queue run on" not in shown


def test_it_is_asked_once_however_often_it_is_sent(as_alice, project, enabled):
    first = run(as_alice, project, enabled)
    assert run(as_alice, project, enabled).headers["Location"] == first.headers["Location"]
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    ("scope", "count"),
    [({"scope": "all"}, 5), ({"scope": "first", "first": "3"}, 3), ({"scope": "first", "first": "1,000"}, 5)],
)
def test_the_scope_is_chosen(as_alice, project, enabled, scope, count):
    run(as_alice, project, enabled, **scope)
    assert Session.objects.get().scope.count == count


def test_batches_are_chosen_and_what_is_in_two_of_them_counts_once(as_alice, project, enabled):
    batches = [makers.make_batch(project, "night", [1, 2]).uid, makers.make_batch(project, "dusk", [2, 3]).uid]
    run(as_alice, project, enabled, scope="batches", batches=batches)
    session = Session.objects.get()
    assert list(session.scope.numbers) == [1, 2, 3]
    assert session.inputs.batches == batches
    count = as_alice.get(reverse("project_scope_count", args=[project.uid]), {"scope": "batches", "batches": batches})
    assert count.json() == {"assets": 3}


def test_assets_are_chosen_by_their_ids(as_alice, project, enabled):
    uids = list(project.assets.filter(number__in=[2, 4]).values_list("uid", flat=True))
    run(as_alice, project, enabled, scope="assets", assets="\n".join(uids))
    assert list(Session.objects.get().scope.numbers) == [2, 4]


def test_a_class_is_left_out(as_alice, project, enabled):
    run(as_alice, project, enabled, class_1="")
    assert Session.objects.get().inputs.class_mapping == {"Car": CAR, "Bus": None}


def test_existing_results_are_dealt_with_as_chosen(as_alice, project, enabled):
    run(as_alice, project, enabled, existing="skip")
    assert Session.objects.get().inputs.existing == "skip"


def test_a_thousand_classes_are_mapped(as_alice, alice, organization, project):
    many = makers.make_plugin(alice, organization, name="Many", class_names=[f"class {n}" for n in range(1_000)])
    makers.enable(project, many)
    run(as_alice, project, many, **{f"class_{n}": CAR for n in range(1_000)})
    assert len(Session.objects.get().inputs.category_schema) == 1_000


# --- what is kept for the next time ---


def test_mapping_and_config_are_kept_for_the_next_time(as_alice, project, enabled):
    run(as_alice, project, enabled, class_1=ROAD, config='{"threshold": 0.9}')
    place = project.plugin_places.get()
    assert place.class_mapping == {"Car": CAR, "Bus": ROAD}
    assert json.loads(place.config) == {"threshold": 0.9}


def test_nothing_is_kept_without_the_tick(as_alice, project, enabled):
    run(as_alice, project, enabled, class_1=ROAD, keep="")
    assert project.plugin_places.get().class_mapping == {"Car": CAR, "Bus": BUS}


def test_an_unchanged_default_is_not_copied_into_the_project(as_alice, project, enabled):
    run(as_alice, project, enabled, config=enabled.default_config)
    assert project.plugin_places.get().config == ""


def test_a_runner_runs_but_does_not_change_what_is_kept(client, bob, organization, project, enabled):
    organizations.set_member(organization, bob, "runner")
    client.force_login(bob)
    assert "Keep mapping" not in text_of(client.get(address(project, enabled)))
    assert run(client, project, enabled, class_1=ROAD).status_code == 302
    assert project.plugin_places.get().class_mapping == {"Car": CAR, "Bus": BUS}


# --- from an earlier session ---


def test_it_starts_from_an_earlier_session(as_alice, alice, project, enabled):
    earlier = makers.make_session(alice, project, enabled, scope={"first": 2}, config={"threshold": 0.1}, name="Try")
    shown = text_of(as_alice.get(address(project, enabled, **{"from": earlier.pk})))
    assert "&quot;threshold&quot;: 0.1" in shown
    assert "on 2 assets" in shown
    assert 'value="Try"' in shown


def test_a_rerun_does_not_offer_to_change_what_everybody_starts_from(as_alice, alice, project, enabled):
    earlier = makers.make_session(alice, project, enabled)
    page = as_alice.get(address(project, enabled, **{"from": earlier.pk})).content.decode()
    assert 'name="keep" value="1" >' in page
    page = as_alice.get(address(project, enabled)).content.decode()
    assert 'name="keep" value="1" checked>' in page


@pytest.mark.parametrize("first", ["²", "1e3", "-1", "9" * 5000, ""])
def test_a_number_that_is_none_is_said_at_its_field(as_alice, project, enabled, first):
    answer = run(as_alice, project, enabled, scope="first", first=first)
    assert answer.status_code == 200
    assert "Say how many assets" in answer.content.decode()


def test_a_rerun_with_changes_keeps_its_lineage_and_scope(as_alice, alice, project, enabled):
    earlier = makers.make_session(alice, project, enabled, scope={"first": 2})
    run(as_alice, project, enabled, query={"from": earlier.pk}, scope="same", config='{"threshold": 0.7}')
    again = Session.objects.get(rerun_of=earlier)
    assert (again.attempt, again.scope) == (2, earlier.scope)
    assert "0.7" in again.inputs.config


def test_a_rerun_may_choose_another_scope(as_alice, alice, project, enabled):
    earlier = makers.make_session(alice, project, enabled, scope={"first": 2})
    run(as_alice, project, enabled, query={"from": earlier.pk}, scope="all")
    assert Session.objects.get(rerun_of=earlier).scope.count == 5


def test_a_session_of_another_plugin_is_no_start(as_alice, alice, organization, project, enabled):
    other = makers.make_plugin(alice, organization, name="Other")
    earlier = makers.make_session(alice, project, other)
    assert as_alice.get(address(project, enabled, **{"from": earlier.pk})).status_code == 404


# --- filters, what a session left, a try and the rest ---


def ended(session, state="partial"):
    """With 1 accepted, 2 rejected, and the other three not reached."""
    makers.make_import(session, accepted=[1], rejected=[2])
    Session.objects.filter(pk=session.pk).update(state=state, accepted=1, rejected=1, finished_at=session.created_at)
    session.refresh_from_db()
    return session


def test_a_filter_is_chosen(as_alice, alice, project, enabled):
    ended(makers.make_session(alice, project, enabled))
    asked = {"scope": "filter", "status": "TODO", "pre_labeled": "no", "external_id": "IMAGE_"}
    count = as_alice.get(reverse("project_scope_count", args=[project.uid]), asked)
    assert count.json() == {"assets": 4}
    run(as_alice, project, enabled, **asked)
    session = Session.objects.latest("pk")
    assert list(session.scope.numbers) == [2, 3, 4, 5]
    expected = {"filter": {"status": "TODO", "pre_labeled": False, "external_id": "IMAGE_"}}
    assert session.inputs.scope_asked == expected
    shown = text_of(as_alice.get(address(project, enabled, **{"from": session.pk})))
    assert 'value="IMAGE_"' in shown
    assert '<option value="no" selected>' in shown


def test_what_nothing_passes_counts_none(as_alice, project, enabled):
    count = as_alice.get(
        reverse("project_scope_count", args=[project.uid]), {"scope": "filter", "external_id": "nowhere"}
    )
    assert count.json() == {"assets": 0}


def test_the_count_of_what_is_not_asked_well_is_none(as_alice, project, enabled):
    for asked in ({}, {"scope": "filter"}, {"scope": "left"}, {"scope": "what"}, {"scope": "batches", "batches": "x"}):
        assert as_alice.get(reverse("project_scope_count", args=[project.uid]), asked).json() == {"assets": 0}


def test_what_a_session_left_is_shown_before_it_is_run_again(as_alice, alice, project, enabled):
    earlier = ended(makers.make_session(alice, project, enabled))
    shown = text_of(as_alice.get(address(project, enabled, **{"from": earlier.pk}, scope="left")))
    assert "Only what was not accepted in" in shown
    assert "Rejected <b>1</b>" in shown
    assert "Not reached <b>3</b>" in shown
    assert "image_0003.jpg, image_0004.jpg, image_0005.jpg" in shown
    assert "Without result" not in shown
    assert "Queue run on 4 assets" in shown


def test_the_dialog_asks_a_few_things_however_much_was_left(
    as_alice, alice, project, enabled, django_assert_max_num_queries
):
    for number in range(12):
        makers.make_batch(project, f"batch {number}", [1, 2])
    makers.make_assets(project, 300)
    where = address(project, enabled, **{"from": ended(makers.make_session(alice, project, enabled)).pk})
    as_alice.get(where)
    with django_assert_max_num_queries(32):
        as_alice.get(where)


def test_only_what_was_left_is_run_again(as_alice, alice, project, enabled):
    earlier = ended(makers.make_session(alice, project, enabled))
    asked = {"scope": "left", "outcomes": ["not_reached"]}
    run(as_alice, project, enabled, query={"from": earlier.pk}, **asked)
    again = Session.objects.get(rerun_of=earlier)
    assert list(again.scope.numbers) == [3, 4, 5]
    assert again.inputs.scope_asked == {"from_session": earlier.pk, "outcomes": ["not_reached"]}


def test_a_session_that_still_runs_offers_nothing_that_it_left(as_alice, alice, project, enabled):
    running = makers.make_running(alice, project, enabled)
    query = {"from": running.pk}
    assert "was not accepted in" not in text_of(as_alice.get(address(project, enabled, **query, scope="left")))
    asked = {"scope": "left", "outcomes": ["not_reached"]}
    response = run(as_alice, project, enabled, query=query, **asked)
    assert response.status_code == 302
    assert Session.objects.count() == 1


def test_a_try_is_on_the_first_three_and_waits_for_review(as_alice, project, enabled):
    assert "Try on <span data-tried>3 assets</span>" in text_of(as_alice.get(address(project, enabled)))
    run(as_alice, project, enabled, **{"try": "1"})
    session = Session.objects.get()
    assert list(session.scope.numbers) == [1, 2, 3]
    assert session.inputs.review_first
    assert session.inputs.scope_asked == {"first": 3}


def test_a_try_is_on_the_first_of_what_was_chosen(as_alice, alice, project, enabled):
    batch = makers.make_batch(project, "night", [1, 2, 4, 5])
    run(as_alice, project, enabled, scope="batches", batches=[batch.uid], **{"try": "1"})
    session = Session.objects.get()
    assert list(session.scope.numbers) == [1, 2, 4]
    assert session.inputs.batches == [batch.uid]
    shown = text_of(as_alice.get(address(project, enabled, **{"from": session.pk}, scope="rest")))
    assert "The rest, on which" in shown
    assert "Queue run on 1 asset<" in shown


def test_a_rerun_is_tried_on_the_first_of_the_same_assets(as_alice, alice, project, enabled):
    uids = list(project.assets.filter(number__gte=2).values_list("uid", flat=True))
    earlier = makers.make_session(alice, project, enabled, scope={"assets": uids})
    run(as_alice, project, enabled, query={"from": earlier.pk}, scope="same", **{"try": "1"})
    assert list(Session.objects.get(rerun_of=earlier).scope.numbers) == [2, 3, 4]


def press_try(client, project, plugin, **fields):
    return client.post(reverse("project_try", args=[project.uid, plugin.uid]), fields)


def test_a_row_of_the_plugins_page_tries_it_in_one_click(as_alice, project, enabled):
    page = text_of(as_alice.get(reverse("project_plugins", args=[project.uid])))
    assert f'Try on 3<span class="sr"> with {enabled.name}</span>' in page
    response = press_try(as_alice, project, enabled)
    session = Session.objects.get()
    assert response.headers["Location"] == reverse("session", args=[session.pk])
    assert (session.scope.count, session.inputs.review_first, session.inputs.scope_asked) == (3, True, {"first": 3})
    assert session.inputs.class_mapping == {"Car": CAR, "Bus": BUS}


def test_a_try_pressed_twice_is_one_session(as_alice, project, enabled):
    page = text_of(as_alice.get(reverse("project_plugins", args=[project.uid])))
    key = re.search(r'name="idempotency_key" value="(try-[^"]+)"', page)[1]
    press_try(as_alice, project, enabled, idempotency_key=key)
    press_try(as_alice, project, enabled, idempotency_key=key)
    assert Session.objects.count() == 1
    assert key not in text_of(as_alice.get(reverse("project_plugins", args=[project.uid])))


def test_a_project_without_assets_says_why_there_is_nothing_to_try(as_alice, alice, organization, plugin):
    empty = makers.make_project(alice, organization, name="Empty")
    makers.enable(empty, plugin)
    assert "no assets to try it on" in text_of(as_alice.get(reverse("project_plugins", args=[empty.uid])))
    fields = {"follow": True, "headers": {"Referer": reverse("project_plugins", args=[empty.uid])}}
    response = as_alice.post(reverse("project_try", args=[empty.uid, plugin.uid]), **fields)
    assert "has no assets to try it on yet. Add some first." in text_of(response)
    assert not Session.objects.exists()


def test_what_cannot_be_tried_as_it_is_is_mended_in_the_dialog(as_alice, project, enabled):
    Plugin.objects.update(config_schema=json.dumps({"type": "object", "required": ["weights"]}))
    response = press_try(as_alice, project, enabled)
    assert response.headers["Location"] == address(project, enabled)
    assert "weights" in text_of(as_alice.get(response.headers["Location"]))
    assert not Session.objects.exists()


def test_only_who_may_run_may_try(client, bob, charlie, project, enabled):
    client.force_login(bob)
    assert "Try on 3" not in text_of(client.get(reverse("project_plugins", args=[project.uid])))
    assert press_try(client, project, enabled).status_code == 403
    client.force_login(charlie)
    assert press_try(client, project, enabled).status_code == 404


def test_a_run_from_the_same_page_after_a_try_is_another_session(as_alice, project, enabled):
    run(as_alice, project, enabled, **{"try": "1"})
    run(as_alice, project, enabled, **{"try": "1"})
    run(as_alice, project, enabled)
    assert sorted(Session.objects.values_list("scope__count", flat=True)) == [3, 5]


def test_it_goes_on_with_the_rest(as_alice, alice, project, enabled):
    tried = makers.make_session(alice, project, enabled, scope={"first": 3}, review_first=True)
    run(as_alice, project, enabled, query={"from": tried.pk}, scope="rest")
    again = Session.objects.get(rerun_of=tried)
    assert (list(again.scope.numbers), again.inputs.review_first) == ([4, 5], False)


def test_a_run_is_reviewed_first(as_alice, project, enabled):
    run(as_alice, project, enabled, review_first="1")
    session = Session.objects.get()
    assert session.inputs.review_first
    shown = text_of(as_alice.get(address(project, enabled, **{"from": session.pk})))
    assert 'id="id_review_first" value="1" checked>' in shown


# --- what is refused, at the field ---


def test_config_that_is_no_json_is_refused_by_line_and_column(as_alice, project, enabled):
    response = run(as_alice, project, enabled, config='{\n  "threshold": ,\n}', name="Kept")
    shown = text_of(response)
    assert "Line 2, column 16" in shown
    assert 'id="config-error"' in shown
    assert '<a href="#id_config">Config JSON: Line 2, column 16' in shown
    assert 'value="Kept"' in shown
    assert not Session.objects.exists()


def test_config_that_the_schema_refuses_is_said(as_alice, alice, organization, project):
    schema = {"type": "object", "properties": {"threshold": {"type": "number"}}}
    strict = makers.make_plugin(alice, organization, name="Strict", config_schema=schema)
    makers.enable(project, strict)
    assert 'id="config-error"' in text_of(run(as_alice, project, strict, config='{"threshold": "high"}'))


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ({"scope": "first", "first": "0"}, "Say how many assets, from 1."),
        ({"scope": "first", "first": "many"}, "Say how many assets, from 1."),
        ({"scope": "batches"}, "Choose at least one batch."),
        ({"scope": "assets", "assets": " "}, "Paste at least one asset ID."),
        ({"scope": "assets", "assets": "zzz"}, "There is no asset zzz in this project."),
        ({"scope": "same"}, "Choose which assets are sent."),
        ({"scope": "left"}, "Choose which assets are sent."),
        ({"scope": "rest"}, "Choose which assets are sent."),
        ({"scope": "filter"}, "Choose what to filter by"),
        ({"scope": "filter", "external_id": "nowhere"}, "No asset of the project passes this filter now"),
    ],
)
def test_a_scope_that_means_nothing_is_refused(as_alice, project, enabled, scope, sentence):
    assert sentence in text_of(run(as_alice, project, enabled, **scope))
    assert not Session.objects.exists()


def test_a_class_whose_tool_was_deleted_is_left_out_and_said_to_be(as_alice, alice, project, enabled):
    tools = [tool for tool in project.category_schema["tools"] if tool["title"] != "Bus"]
    projects.set_category_schema(makers.principal(alice), project, {"tools": tools})
    assert "Left out, since its tool «Bus» was deleted." in text_of(as_alice.get(address(project, enabled)))
    assert run(as_alice, project, enabled, class_1="").status_code == 302


def test_a_tool_that_is_gone_is_said_and_must_be_replaced(as_alice, project, enabled):
    PluginInProject.objects.update(class_mapping={"Car": "c" * 24, "Bus": "gone"})
    assert "The tool was removed" in text_of(as_alice.get(address(project, enabled)))
    assert "to mend" in text_of(run(as_alice, project, enabled, class_1="gone"))
    assert run(as_alice, project, enabled, class_1="").status_code == 302


def test_a_plugin_that_is_not_enabled_cannot_run(as_alice, project, plugin):
    response = as_alice.get(address(project, plugin))
    assert response.status_code == 409
    assert "not enabled" in text_of(response)
    run(as_alice, project, plugin)
    assert not Session.objects.exists()


def test_a_viewer_cannot_run(client, bob, project, enabled):
    client.force_login(bob)
    assert client.get(address(project, enabled)).status_code == 403
    assert run(client, project, enabled).status_code == 403


def test_a_stranger_gets_404(client, charlie, project, enabled):
    client.force_login(charlie)
    assert client.get(address(project, enabled)).status_code == 404
    assert run(client, project, enabled).status_code == 404
