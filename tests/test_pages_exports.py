"""The Exports tab: what was asked for and by whom, a download that needs no key, and asking for one more."""

import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pluginhost.actions import exports, reports
from pluginhost.export_choice import Choice
from pluginhost.models import Export, StoredFile
from pluginhost.tasks import build_exports

from . import makers
from .v2 import by_user


def page(client, project, answer=200, **query):
    response = client.get(reverse("project_exports", args=[project.uid]), query)
    assert response.status_code == answer
    return response.content.decode()


def ask(client, project, **fields):
    given = {"shape": "tasks", "format": "json", **fields}
    return client.post(reverse("project_exports", args=[project.uid]), given)


def link_in(shown):
    return shown.split('href="/files/')[1].split('"')[0]


def test_it_works(as_alice, client, project):
    assert ask(as_alice, project).status_code == 302
    waiting = page(as_alice, project)
    assert "Queued" in waiting
    assert "Download" not in waiting
    build_exports()
    shown = page(as_alice, project)
    assert "Ready" in shown
    as_alice.logout()
    answer = client.get("/files/" + link_in(shown))
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.read(archive.namelist()[0]).count(b"taskId") == 5


def test_a_choice_is_kept_to(as_alice, project):
    batch = makers.make_batch(project, "Night", [1, 2])
    ask(as_alice, project, shape="assets", format="ndjson", stages=["Label"], batches=[batch.uid])
    build_exports()
    made = Export.objects.get()
    assert (made.shape, made.is_lines, made.items) == ("assets", True, 2)
    assert "Label, Night" in page(as_alice, project)


def test_an_empty_tab_says_what_an_export_is(as_alice, project):
    assert "No export yet" in page(as_alice, project)


@pytest.mark.parametrize(
    "wrong", [{"shape": "cubes"}, {"format": "xml"}, {"stages": ["Nowhere"]}, {"batches": ["0" * 24]}]
)
def test_a_wrong_choice_is_refused(as_alice, project, wrong):
    answer = ask(as_alice, project, **wrong)
    assert answer.status_code == 200
    assert "valid choice" in answer.content.decode()
    assert not Export.objects.exists()


def test_a_batch_of_another_project_is_refused(as_alice, alice, organization, project):
    other = makers.make_batch(makers.make_project(alice, organization, assets=1, name="Other"), "Night", [1])
    assert ask(as_alice, project, batches=[other.uid]).status_code == 200
    assert not Export.objects.exists()


def test_a_viewer_may_export_what_he_may_read(as_bob, project):
    assert ask(as_bob, project).status_code == 302
    assert "bob" in page(as_bob, project)


def test_a_stranger_gets_404(as_charlie, project):
    page(as_charlie, project, answer=404)
    assert ask(as_charlie, project).status_code == 404
    assert not Export.objects.exists()


def test_one_that_failed_says_why(as_alice, project):
    ask(as_alice, project)
    Export.objects.update(state="failed", error="The disk is full.", finished_at=timezone.now())
    assert "The disk is full." in page(as_alice, project)


def test_a_file_that_was_deleted_says_so_where_its_link_stood(as_alice, project):
    ask(as_alice, project)
    build_exports()
    StoredFile.objects.update(deleted_at=timezone.now(), deleted_why="Deleted after 30 days.")
    shown = page(as_alice, project)
    assert "Deleted after 30 days." in shown
    assert "Download" not in shown


def test_one_of_a_session_names_it(as_alice, alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    Export.objects.create(project=project, session=session, asked_by=alice, shape="issues")
    shown = page(as_alice, project)
    assert f"#{session.pk}" in shown
    assert "Issues" in shown


def test_too_many_under_way_are_refused_with_a_sentence(as_alice, alice, project):
    for _ in range(exports.MOST_UNDER_WAY):
        Export.objects.create(project=project, asked_by=alice, shape="issues")
    assert ask(as_alice, project).status_code == 302
    assert "8 exports under way" in page(as_alice, project)
    assert Export.objects.count() == exports.MOST_UNDER_WAY


def test_other_projects_exports_are_not_listed(as_alice, alice, organization, project):
    other = makers.make_project(alice, organization, name="Other")
    exports.ask(makers.principal(alice), other, "tasks", Choice(), is_lines=False)
    assert "No export yet" in page(as_alice, project)


def test_more_exports_take_no_more_queries(as_alice, alice, project, django_assert_max_num_queries):
    ask(as_alice, project)
    with django_assert_max_num_queries(40) as counted:
        page(as_alice, project)
    few = len(counted)
    for number in range(5):
        ask(as_alice, project, batches=[makers.make_batch(project, f"Night {number}", [1]).uid])
    build_exports()
    with django_assert_max_num_queries(few + 2):
        page(as_alice, project)


# --- what an export plugin returns is an address ---


@pytest.fixture
def uploaded(alice, project):
    """The address at which something was put, as a script gets it."""
    address = by_user(alice).data("getUploadUrl", {"name": "cars.json", "project": project.uid, "type": "exports"})
    Client().put(address["uploadUrl"], b"[]")
    return address["uploadUrl"]


def said(client, session, message):
    reports.finish(session, None, "text", message, timezone.now())
    return client.get(reverse("session", args=[session.pk])).content.decode()


@pytest.mark.parametrize("ending", ["", "?t=1.expired"])
def test_the_address_that_a_script_returned_is_signed_anew(as_alice, alice, project, plugin, uploaded, ending):
    session = makers.make_running(alice, project, plugin)
    shown = said(as_alice, session, uploaded.split("?")[0] + ending)
    answer = Client().get("/files/" + link_in(shown))
    assert b"".join(answer.streaming_content) == b"[]"


def test_the_address_of_another_project_s_file_is_a_text(as_alice, alice, organization, project, plugin, uploaded):
    other = makers.make_project(alice, organization, name="Other")
    session = makers.make_running(alice, other, plugin)
    assert 'href="/files/' not in said(as_alice, session, uploaded)


def test_a_text_with_an_address_in_it_is_a_text(as_alice, alice, project, plugin, uploaded):
    session = makers.make_running(alice, project, plugin)
    assert 'href="/files/' not in said(as_alice, session, f"It is at {uploaded}")
