"""The pages of a project: what they show, what they change, and to whom they open."""

import pytest
from django.urls import reverse

from pluginhost.actions import projects, sessions
from pluginhost.models import Asset, Project, Task

from . import makers

TABS = (
    "project", "project_tools", "project_batches", "project_plugins", "project_sessions", "project_imports",
)  # fmt: skip


def page(client, name, *args, answer=200, **query):
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == answer, response.content.decode()[:2000]
    return response.content.decode()


# --- who sees what ---


@pytest.mark.parametrize("name", TABS)
def test_a_viewer_sees_every_tab(as_bob, project, name):
    assert "Streets" in page(as_bob, name, project.uid)


@pytest.mark.parametrize("name", TABS)
def test_a_stranger_gets_404_for_every_tab(as_charlie, project, name):
    assert "Streets" not in page(as_charlie, name, project.uid, answer=404)


@pytest.mark.parametrize("name", TABS)
def test_nobody_sees_a_tab_without_signing_in(client, project, name):
    assert client.get(reverse(name, args=[project.uid])).status_code == 302


@pytest.mark.parametrize("name", ["project_settings", "project_assets_add"])
def test_what_managers_change_is_not_for_viewers_and_not_there_for_strangers(client, bob, charlie, project, name):
    for user, answer in ((bob, 403), (charlie, 404)):
        client.force_login(user)
        page(client, name, project.uid, answer=answer)


def test_a_stranger_gets_404_for_an_asset(as_charlie, project):
    page(as_charlie, "asset", project.uid, 1, answer=404)


@pytest.mark.parametrize("name", ["project_delete", "project_tools", "project_batches", "project_settings"])
def test_a_viewer_changes_nothing(as_bob, project, name):
    assert as_bob.post(reverse(name, args=[project.uid]), {"name": "x"}).status_code == 403


@pytest.mark.parametrize("name", ["project_plugin_enable", "project_plugin_disable"])
def test_a_viewer_enables_and_disables_nothing(as_bob, project, plugin, name):
    assert as_bob.post(reverse(name, args=[project.uid, plugin.uid])).status_code == 403


def test_a_viewer_is_offered_no_buttons(as_bob, project, plugin):
    makers.enable(project, plugin)
    shown = page(as_bob, "project_plugins", project.uid) + page(as_bob, "project", project.uid)
    assert "Run a plugin" not in shown
    assert reverse("project_run", args=[project.uid, plugin.uid]) not in shown
    assert "Add assets" not in shown


# --- the list and making one ---


def test_the_list_shows_the_projects_of_ones_organizations(as_alice, project, charlie):
    makers.make_project(charlie, makers.make_organization(charlie), name="Secret")
    shown = page(as_alice, "projects")
    assert "Streets" in shown
    assert "Secret" not in shown


def test_the_list_is_searched_by_the_address(as_alice, alice, organization, project):
    makers.make_project(alice, organization, name="Fields")
    shown = page(as_alice, "projects", q="field")
    assert "Fields" in shown
    assert "Streets" not in shown


def test_an_empty_list_says_what_to_do(as_alice, organization):
    assert "No project yet" in page(as_alice, "projects")


def test_a_search_without_a_match_says_so(as_alice, project):
    assert "Nothing matches" in page(as_alice, "projects", q="zebra")


def test_making_a_project_leads_to_its_page(as_alice, organization):
    response = as_alice.post(reverse("project_new"), {"name": "Harbour", "description": "Cranes"})
    made = Project.objects.get(name="Harbour")
    assert response.headers["Location"] == reverse("project", args=[made.uid])
    assert made.organization == organization


def test_making_a_project_asks_for_the_organization_of_who_has_several(as_alice, alice, organization):
    other = makers.make_organization(alice)
    assert "Organization" in page(as_alice, "project_new")
    as_alice.post(reverse("project_new"), {"name": "Harbour", "organization": other.uid})
    assert Project.objects.get(name="Harbour").organization == other


def test_a_project_is_not_made_in_an_organization_of_others(as_alice, alice, organization, charlie):
    makers.make_organization(alice)
    foreign = makers.make_organization(charlie)
    response = as_alice.post(reverse("project_new"), {"name": "Harbour", "organization": foreign.uid})
    assert response.status_code == 200
    assert not Project.objects.filter(name="Harbour").exists()


def test_a_viewer_cannot_make_a_project(as_bob, organization):
    page(as_bob, "project_new", answer=403)
    assert "New project" not in page(as_bob, "projects")


def test_a_project_without_a_name_is_refused_at_the_field(as_alice, organization):
    response = as_alice.post(reverse("project_new"), {"name": " "})
    assert 'aria-invalid="true"' in response.content.decode()


# --- settings ---


def test_a_project_is_renamed(as_alice, project):
    as_alice.post(reverse("project_settings", args=[project.uid]), {"name": "Roads", "description": ""})
    project.refresh_from_db()
    assert project.name == "Roads"


def test_a_project_is_deleted_by_typing_its_name(as_alice, project):
    as_alice.post(reverse("project_delete", args=[project.uid]), {"typed_name": "Streets"})
    page(as_alice, "project", project.uid, answer=404)


def test_another_name_deletes_nothing(as_alice, project):
    response = as_alice.post(reverse("project_delete", args=[project.uid]), {"typed_name": "Street"})
    assert "This is not the project" in response.content.decode()
    assert Project.objects.present().filter(pk=project.pk).exists()


def test_a_project_with_an_open_session_is_not_deleted(as_alice, alice, project, plugin):
    makers.make_session(alice, project, plugin)
    response = as_alice.post(reverse("project_delete", args=[project.uid]), {"typed_name": "Streets"}, follow=True)
    assert "Cancel them first" in response.content.decode()


# --- assets ---


def test_the_grid_shows_the_assets_in_order(as_alice, project):
    shown = page(as_alice, "project", project.uid)
    places = [shown.index(f"image_{number:04}.jpg") for number in range(1, 6)]
    assert places == sorted(places)
    assert 'loading="lazy"' in shown
    assert 'referrerpolicy="no-referrer"' in shown


def test_pictures_may_come_from_anywhere_and_hear_nothing(as_alice, project):
    response = as_alice.get(reverse("project", args=[project.uid]))
    assert "img-src 'self' data: blob: https: http:" in response.headers["Content-Security-Policy"]
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_pre_labels_are_drawn_over_the_picture(as_alice, alice, project, plugin):
    makers.make_labels(project, plugin=plugin, objects={1: [makers.box("c" * 24, 10, 20, 30, 40)]})
    shown = page(as_alice, "project", project.uid)
    assert 'viewBox="0 0 640 480"' in shown
    assert '<rect x="10" y="20" width="30" height="40" fill="#d1495b"' in shown
    assert "1 box" in shown


def test_the_plain_grid_draws_nothing(as_alice, project, plugin):
    makers.make_labels(project, plugin=plugin, objects={1: [makers.box("c" * 24, 10, 20, 30, 40)]})
    assert "<rect x=" not in page(as_alice, "project", project.uid, draw="plain")


def test_the_list_view_counts_classes(as_alice, project, plugin):
    boxes = [makers.box("c" * 24), makers.box("c" * 24), makers.box("b" * 24)]
    makers.make_labels(project, plugin=plugin, objects={1: boxes})
    shown = page(as_alice, "project", project.uid, view="list")
    assert 'Car <span class="quiet">2</span>' in shown


def test_a_picture_of_unknown_size_is_sized_in_the_browser(as_alice, project):
    Asset.objects.filter(project=project, number=1).update(metadata=None)
    assert 'id="over-1" data-live data-size-unknown' in page(as_alice, "project", project.uid)


def test_a_text_is_shown_as_text(as_alice, project):
    Asset.objects.filter(project=project, number=1).update(data="Once <b>upon</b> a time")
    assert "Once &lt;b&gt;upon&lt;/b&gt; a time" in page(as_alice, "project", project.uid)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"q": "0003"}, [3]),
        ({"status": "Completed"}, [2]),
        ({"status": "TODO"}, [1, 3, 4, 5]),
        ({"prelabels": "yes"}, [4]),
        ({"prelabels": "no"}, [1, 2, 3, 5]),
        ({"status": "nonsense"}, [1, 2, 3, 4, 5]),
    ],
)
def test_assets_are_filtered_by_the_address(as_alice, project, plugin, query, numbers):
    second = Task.objects.filter(asset__project=project, asset__number=2)
    second.update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    makers.make_labels(project, plugin=plugin, objects={4: [makers.box("c" * 24)]})
    shown = page(as_alice, "project", project.uid, **query)
    assert [number for number in range(1, 6) if f"image_{number:04}.jpg" in shown] == numbers


def test_assets_are_filtered_by_batches(as_alice, alice, project):
    night = makers.make_batch(project, "night", [1, 2])
    dusk = makers.make_batch(project, "dusk", [2, 3])
    shown = page(as_alice, "project", project.uid, batch=[night.uid, dusk.uid])
    assert [number for number in range(1, 6) if f"image_{number:04}.jpg" in shown] == [1, 2, 3]


def test_filters_without_a_match_say_so(as_alice, project):
    assert "Nothing matches" in page(as_alice, "project", project.uid, q="zebra")


def test_an_empty_project_says_what_to_do(as_alice, alice, organization):
    empty = makers.make_project(alice, organization, name="Empty")
    assert "No assets yet" in page(as_alice, "project", empty.uid)


def test_pages_are_turned_by_the_number_at_their_edge(as_alice, project):
    makers.make_assets(project, 60)
    first = page(as_alice, "project", project.uid)
    assert "1–40 of 65" in first
    assert "after=40" in first
    second = page(as_alice, "project", project.uid, after="40")
    assert "41–65 of 65" in second
    assert "before=41" in second
    assert "1–40 of 65" in page(as_alice, "project", project.uid, before="41")


@pytest.mark.parametrize("name", ["project", "project_plugins", "project_tools", "project_imports", "projects"])
def test_more_of_everything_takes_no_more_queries(
    as_alice, alice, organization, project, plugin, django_assert_max_num_queries, name
):
    args = [] if name == "projects" else [project.uid]
    _fill(alice, organization, project, [plugin], range(1, 6))
    with django_assert_max_num_queries(60) as few:
        page(as_alice, name, *args)
    makers.make_assets(project, 45)
    more = [makers.make_plugin(alice, organization, name=f"Plugin {n}") for n in range(5)]
    _fill(alice, organization, project, more, range(6, 51))
    with django_assert_max_num_queries(len(few)):
        page(as_alice, name, *args)


def _fill(alice, organization, project, plugins, numbers):
    for plugin in plugins:
        makers.make_session(alice, project, plugin)
        makers.make_labels(project, plugin=plugin, objects={number: [makers.box("c" * 24)] for number in numbers})
    makers.make_project(alice, organization, name=f"Another {len(plugins)}")


def test_an_asset_shows_its_objects_and_where_they_come_from(as_alice, alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    given = makers.make_labels(project, plugin=plugin, session=session, objects={2: [makers.box("c" * 24)]})
    shown = page(as_alice, "asset", project.uid, 2)
    assert "Car" in shown
    assert reverse("session", args=[session.pk]) in shown
    assert reverse("imported", args=[given.pk]) in shown
    assert reverse("asset", args=[project.uid, 1]) in shown
    assert reverse("asset", args=[project.uid, 3]) in shown


def test_an_asset_that_people_labeled_shows_their_work(as_alice, project, plugin):
    makers.make_labels(project, plugin=plugin, objects={1: [makers.box("c" * 24)]})
    Task.objects.filter(asset__project=project, asset__number=1).update(
        answer={"tools": [{"schemaId": "b" * 24, "point": [1, 2]}]}
    )
    shown = page(as_alice, "asset", project.uid, 1)
    assert "By people" in shown
    assert '<rect x="' not in shown


def test_there_is_no_asset_past_the_last(as_alice, project):
    page(as_alice, "asset", project.uid, 6, answer=404)


def test_a_stored_picture_is_shown_by_a_signed_address(as_alice, project):
    Asset.objects.filter(project=project, number=1).update(data="/files/abc/street.jpg")
    assert 'src="/files/abc/street.jpg?t=' in page(as_alice, "project", project.uid)


# --- batches ---


def test_a_batch_is_made(as_alice, project):
    as_alice.post(reverse("project_batches", args=[project.uid]), {"name": "night"})
    assert "night" in page(as_alice, "project_batches", project.uid)


def test_a_batch_of_the_same_name_is_refused(as_alice, project):
    makers.make_batch(project, "night", [1])
    response = as_alice.post(reverse("project_batches", args=[project.uid]), {"name": "night"})
    assert "There is a batch of this name already" in response.content.decode()


# --- plugins ---


def test_enabling_maps_by_name(as_alice, project, plugin):
    response = as_alice.post(reverse("project_plugin_enable", args=[project.uid, plugin.uid]), follow=True)
    assert "2 of 2 mapped" in response.content.decode()


def test_disabling_takes_it_from_the_list(as_alice, project, plugin):
    makers.enable(project, plugin)
    as_alice.post(reverse("project_plugin_disable", args=[project.uid, plugin.uid]))
    assert not project.plugin_places.exists()


def test_a_plugin_of_another_organization_cannot_be_enabled(as_alice, project, charlie):
    foreign = makers.make_plugin(charlie, makers.make_organization(charlie))
    assert as_alice.post(reverse("project_plugin_enable", args=[project.uid, foreign.uid])).status_code == 404


def test_a_plugin_without_a_script_offers_to_queue(as_alice, project, plugin):
    makers.enable(project, plugin)
    shown = page(as_alice, "project_plugins", project.uid)
    assert "Queue run" in shown
    assert "Never connected" in shown


def test_a_plugin_with_a_script_offers_to_run(as_alice, project, plugin):
    makers.enable(project, plugin)
    makers.make_connection(plugin)
    shown = page(as_alice, "project_plugins", project.uid)
    assert "1 online" in shown
    assert "Queue run" not in shown


def test_a_class_whose_tool_was_deleted_is_said(as_alice, alice, project, plugin):
    makers.enable(project, plugin)
    tools = [tool for tool in project.category_schema["tools"] if tool["title"] != "Bus"]
    projects.set_category_schema(makers.principal(alice), project, {"tools": tools})
    shown = page(as_alice, "project_plugins", project.uid)
    assert "1 of 2 mapped. Left out, since the tool was deleted: Bus" in shown


# --- sessions ---


def test_the_sessions_tab_lists_this_projects_sessions(as_alice, alice, organization, project, plugin):
    here = makers.make_session(alice, project, plugin)
    elsewhere = makers.make_session(alice, makers.make_project(alice, organization, name="Else"), plugin)
    shown = page(as_alice, "project_sessions", project.uid)
    assert f"#{here.pk}<" in shown
    assert f"#{elsewhere.pk}<" not in shown


def test_the_figures_count_running_sessions(as_alice, alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    assert "1 queued" in page(as_alice, "project", project.uid)
    sessions.cancel(makers.principal(alice), session)
    assert "1 queued" not in page(as_alice, "project", project.uid)
