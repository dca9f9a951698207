"""`/v2` assets taken away for good: numbers are never given again, and every count and page leaves them out."""

import pytest
from django.db import IntegrityError
from django.db.models.signals import pre_delete

from pluginhost.actions import deletions, endings, imports, scopes
from pluginhost.models import (
    Asset,
    AuditEvent,
    BatchAsset,
    Issue,
    PreLabel,
    Project,
    ProjectHead,
    Session,
    SessionReads,
    Task,
    TaskStep,
)
from pluginhost.outcomes import outcomes_of
from pluginhost.protocol.numbers import NumberSet
from pluginhost.summaries import counts_of, outcome_sentence

from . import makers
from .v2 import by_session, by_user, item, send


def uids(project, *numbers):
    return [Asset.objects.get(project=project, number=number).uid for number in numbers]


def delete(v2, project, *numbers):
    return v2.delete(f"project/{project.uid}/assets", {"project": project.uid, "assets": uids(project, *numbers)})


def numbers(data, kind="assets"):
    return [int(one["externalId"][6:10]) for one in data[kind]]


def test_it_works(alice, project):
    v2 = by_user(alice)
    makers.make_batch(project, "Day", [2, 3])
    task = Task.objects.get(asset__number=2)
    v2.posted(f"task/{task.uid}/status", {"status": "Completed"})
    v2.posted("issues", {"content": "x", "labelTask": task.uid})
    send(v2, project, item(2), item(4))
    assert delete(v2, project, 2, 4)[1]["data"] == {"assets": 2}
    head = ProjectHead.objects.get(project=project)
    assert (head.assets, head.last_number, head.pre_labeled) == (3, 5, 0)
    assert list(head.deleted) == [2, 4]
    assert list(Asset.objects.values_list("number", flat=True)) == [1, 3, 5]
    assert Task.objects.count() == 3
    assert not PreLabel.objects.exists()
    assert not TaskStep.objects.exists()
    assert not Issue.objects.exists()
    assert BatchAsset.objects.count() == 1
    assert AuditEvent.objects.get(verb="assets.deleted").details["count"] == 2


def test_numbers_are_never_given_again(alice, project):
    v2 = by_user(alice)
    delete(v2, project, 4, 5)
    v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": "https://example.org/new.jpg"}]})
    assert Asset.objects.get(external_id="new.jpg").number == 6
    head = ProjectHead.objects.get(project=project)
    assert (head.assets, list(head.numbers)) == (4, [1, 2, 3, 6])


def test_pages_have_no_gaps_and_an_exact_total(alice, organization):
    project = makers.make_project(alice, organization, assets=50)
    v2 = by_user(alice)
    delete(v2, project, *range(3, 43, 2))
    left = [number for number in range(1, 51) if number not in range(3, 43, 2)]
    for kind in ("assets", "tasks"):
        path, found = f"project/{project.uid}/{kind}", []
        for page in range(1, 6):
            data = v2.data(path, {"page": page, "limit": 7})
            assert data["total"] == 30
            found += numbers(data, kind)
        assert found == left
    assert numbers(v2.data(f"project/{project.uid}/tasks", {"sort": "-createdAt", "limit": 4}), "tasks") == left[:-5:-1]


def test_the_deleted_assets_of_a_running_session_drop_out(alice, project, plugin):
    v2, session = by_session(alice, project, plugin, scope={"first": 4})
    v2.data(f"project/{project.uid}/assets", {"limit": 2})
    send(v2, project, item(1), item(2))
    delete(by_user(alice), project, 2, 3)
    for kind in ("assets", "tasks"):
        data = v2.data(f"project/{project.uid}/{kind}")
        assert (numbers(data, kind), data["total"]) == ([1, 4], 2)
    send(v2, project, item(4))
    session.refresh_from_db()
    outcomes = outcomes_of(session)
    assert (list(outcomes.accepted), list(outcomes.not_reached), list(outcomes.no_result)) == ([1, 4], [], [])
    assert endings.ending_of(session, None) == (Session.State.SUCCEEDED, "")
    assert outcome_sentence(session, counts_of(session)) == "2 of 2 assets got pre-labels."


def test_the_page_of_assets_counts_those_that_are_left(as_alice, alice, project):
    delete(by_user(alice), project, 1, 3)
    page = as_alice.get(f"/projects/{project.uid}/").content.decode()
    assert "1–3 of 3" in page
    assert as_alice.get(f"/projects/{project.uid}/assets/3/").status_code == 404


def test_labels_for_a_deleted_asset_are_rejected(alice, project):
    v2 = by_user(alice)
    delete(v2, project, 2)
    outcome = send(v2, project, item(1), item(2))
    assert (outcome["accepted"], outcome["reasons"]) == (1, {"unknown_asset": 1})


def test_an_import_that_is_being_received_counts_what_is_left(alice, project, monkeypatch):
    """The items of an import come slowly; meanwhile one of its assets goes, and with it the row that was written."""
    monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", 1)
    principal = makers.principal(alice)

    def slowly():
        yield from (item(1), item(2), item(4))
        deletions.delete_assets(principal, project, uids(project, 2, 3))

    send(by_user(alice), project, item(3))
    imports.receive(principal, project, slowly())
    head = ProjectHead.objects.get(project=project)
    assert (head.pre_labeled, head.assets) == (2, 3)


def test_a_new_scope_is_of_what_is_there_and_reads_stay(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    v2.data(f"project/{project.uid}/assets")
    delete(by_user(alice), project, 1, 5)
    fresh = Project.objects.select_related("head").get(pk=project.pk)
    assert list(scopes.choose(fresh, {"all": True}).numbers) == [2, 3, 4]
    assert list(scopes.choose(fresh, {"first": 2}).numbers) == [2, 3]
    reads = SessionReads.objects.get(session=session)
    assert len(NumberSet.from_bytes(bytes(reads.numbers_stored))) == 5


def test_deleting_takes_the_role_manager(bob, rita, charlie, project):
    body = {"assets": uids(project, 1)}
    assert by_user(charlie).delete(f"project/{project.uid}/assets", body)[0] == 404
    for user in (bob, rita):
        assert by_user(user).delete(f"project/{project.uid}/assets", body)[0] == 403
    assert Asset.objects.count() == 5


def test_a_session_key_deletes_nothing(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    status, answer = delete(v2, project, 1)
    assert status == 403
    assert "session's key" in answer["message"]


def test_assets_of_other_projects_are_named_and_none_is_deleted(alice, organization, project):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    body = {"assets": [*uids(project, 1), *uids(other, 1)]}
    status, answer = by_user(alice).delete(f"project/{project.uid}/assets", body)
    assert (status, answer["errors"][0]["path"]) == (400, "assets[1]")
    assert Asset.objects.count() == 6


@pytest.mark.parametrize(
    "body", [{}, {"assets": []}, {"assets": "all"}, {"assets": [5]}, {"assets": ["0" * 24]}, {"assets": [""]}]
)
def test_what_means_nothing_is_400(alice, project, body):
    assert by_user(alice).delete(f"project/{project.uid}/assets", body)[0] == 400
    assert Asset.objects.count() == 5


def test_the_project_of_the_body_must_be_that_of_the_address(alice, project):
    body = {"project": "0" * 24, "assets": uids(project, 1)}
    assert by_user(alice).delete(f"project/{project.uid}/assets", body)[0] == 400


def test_a_thousand_are_deleted_some_at_a_time(alice, organization):
    project = makers.make_project(alice, organization, assets=1001)
    everything = list(Asset.objects.filter(project=project).values_list("uid", flat=True))
    assert deletions.delete_assets(makers.principal(alice), project, everything[:-1]) == 1000
    head = ProjectHead.objects.get(project=project)
    assert (head.assets, list(head.numbers)) == (1, [1001])


def test_what_was_deleted_before_it_broke_off_is_written_down(alice, project, monkeypatch):
    monkeypatch.setattr(deletions, "_CHUNK", 1)
    done = deletions._delete
    monkeypatch.setattr(
        deletions, "_delete", lambda project, numbers: 1 / 0 if 2 in numbers else done(project, numbers)
    )
    with pytest.raises(ZeroDivisionError):
        deletions.delete_assets(makers.principal(alice), project, uids(project, 1, 2))
    assert AuditEvent.objects.get(verb="assets.deleted").details["count"] == 1


def test_an_issue_that_is_made_meanwhile_goes_too(alice, project):
    """Of a row that came between the looking and the deleting, PostgreSQL says that it still points there."""
    left = [IntegrityError, IntegrityError]

    def says_so(**sent):
        if left:
            raise left.pop()

    pre_delete.connect(says_so, sender=Asset)
    try:
        assert deletions.delete_assets(makers.principal(alice), project, uids(project, 1)) == 1
    finally:
        pre_delete.disconnect(says_so, sender=Asset)
    assert ProjectHead.objects.get(project=project).assets == 4
