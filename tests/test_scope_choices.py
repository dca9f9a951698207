"""Which assets a run is about: every way to ask for them, and what is refused."""

from __future__ import annotations

import pytest

from pluginhost.actions import deletions, reads, scopes, sessions, tasks
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Import, PreLabel, Session, Task

from . import makers


def chosen(project, **asked):
    project.refresh_from_db()
    return list(scopes.chosen(project, asked))


def ended(session, state="partial"):
    """With 1 accepted, 2 rejected, 3 read without result, 4 and 5 not reached."""
    makers.make_import(session, accepted=[1], rejected=[2])
    reads.note_read(session, [1, 2, 3])
    Session.objects.filter(pk=session.pk).update(state=state, accepted=1, rejected=1, finished_at=session.created_at)
    session.refresh_from_db()
    return session


def delete_assets(alice, project, *numbers):
    uids = list(project.assets.filter(number__in=numbers).values_list("uid", flat=True))
    deletions.delete_assets(makers.principal(alice), project, uids)


@pytest.fixture
def session(alice, project, plugin):
    return ended(makers.make_session(alice, project, plugin))


def refused(project, path, **asked):
    with pytest.raises(Invalid) as wrong:
        chosen(project, **asked)
    assert [error["path"] for error in wrong.value.errors] == [path]
    return wrong.value.sentence


# --- filters ---


def test_by_status(alice, project):
    Task.objects.filter(project=project, asset__number__in=[2, 4]).update(status="Completed", stage="Complete")
    assert chosen(project, filter={"status": "Completed"}) == [2, 4]
    assert chosen(project, filter={"status": "TODO"}) == [1, 3, 5]


def test_by_pre_label(project, session):
    assert chosen(project, filter={"pre_labeled": True}) == [1]
    assert chosen(project, filter={"pre_labeled": False}) == [2, 3, 4, 5]


def test_what_is_undone_or_only_staged_is_no_pre_label(project, session):
    Import.objects.update(state="undone")
    assert chosen(project, filter={"pre_labeled": False}) == [1, 2, 3, 4, 5]
    Import.objects.update(state="staged", applied_seq=None)
    assert chosen(project, filter={"pre_labeled": False}) == [1, 2, 3, 4, 5]


def test_what_people_labeled_shows_no_pre_label(project, session):
    Task.objects.filter(asset__number=1).update(answer={"tools": []})
    assert 1 in chosen(project, filter={"pre_labeled": False})


def test_by_a_part_of_the_external_id_whatever_its_case(project):
    project.assets.filter(number__in=[1, 3]).update(external_id="Night_100%.jpg")
    assert chosen(project, filter={"external_id": "night"}) == [1, 3]
    assert chosen(project, filter={"external_id": "0%"}) == [1, 3]
    assert chosen(project, filter={"external_id": "image_"}) == [2, 4, 5]


def test_all_parts_of_a_filter_hold_at_once(project, session):
    asked = {"status": "TODO", "pre_labeled": False, "external_id": "000"}
    assert chosen(project, filter=asked) == [2, 3, 4, 5]


def test_a_filter_asks_the_database_a_few_things_however_many_assets_there_are(
    project, session, django_assert_max_num_queries
):
    asked = {"status": "TODO", "pre_labeled": False, "external_id": "a"}
    assert chosen(project, filter=asked) == [2, 3, 4, 5]
    with django_assert_max_num_queries(5):
        scopes.chosen(project, {"filter": asked})


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({}, "scope.filter"),
        ({"stage": "Label"}, "scope.filter"),
        ({"status": "Done"}, "scope.filter.status"),
        ({"status": ["TODO"]}, "scope.filter.status"),
        ({"pre_labeled": "yes"}, "scope.filter.pre_labeled"),
        ({"external_id": ""}, "scope.filter.external_id"),
        ({"external_id": "\0"}, "scope.filter.external_id"),
        ({"external_id": "x" * 1001}, "scope.filter.external_id"),
        ({"external_id": "nothing has this"}, "scope.filter"),
        ({"status": "Completed"}, "scope.filter"),
    ],
)
def test_a_filter_that_means_nothing_or_finds_nothing_is_refused(project, asked, path):
    refused(project, path, filter=asked)


# --- from a session ---


@pytest.mark.parametrize(
    ("outcomes", "numbers"),
    [
        (["rejected"], [2]),
        (["no_result"], [3]),
        (["not_reached"], [4, 5]),
        (["failed"], [4, 5]),
        (["failed", "not_reached"], [4, 5]),
        (["not_reached", "rejected"], [2, 4, 5]),
        (None, [2, 3, 4, 5]),
    ],
)
def test_what_a_session_left(project, session, outcomes, numbers):
    assert chosen(project, from_session=session.pk, **({"outcomes": outcomes} if outcomes else {})) == numbers


@pytest.mark.parametrize("state", ["crashed", "cancelled", "timed_out", "failed", "succeeded"])
def test_however_it_ended(project, session, state):
    Session.objects.filter(pk=session.pk).update(state=state)
    assert chosen(project, from_session=session.pk) == [2, 3, 4, 5]


def test_assets_that_were_deleted_meanwhile_are_not_among_them(alice, project, session):
    delete_assets(alice, project, 4)
    assert chosen(project, from_session=session.pk, outcomes=["not_reached"]) == [5]


def test_a_session_that_has_not_ended_left_nothing_yet(alice, project, plugin):
    running = makers.make_running(alice, project, plugin)
    with pytest.raises(Conflict, match="has not ended"):
        chosen(project, from_session=running.pk)


def test_a_session_that_left_nothing_is_no_scope(project, session):
    PreLabel.objects.all().delete()
    makers.make_import(session, accepted=[1, 2, 3, 4, 5])
    sentence = refused(project, "scope.outcomes", from_session=session.pk, outcomes=["rejected", "not_reached"])
    assert f"No asset of session #{session.pk} was rejected or not reached" in sentence


def test_a_session_of_another_project_is_not_there(alice, organization, session):
    other = makers.make_project(alice, organization, assets=2, name="Other")
    assert "no such session" in refused(other, "scope.from_session", from_session=session.pk)


@pytest.mark.parametrize("value", [0, -1, True, "1", 10**30, [1]])
def test_what_is_no_session_is_refused(project, value):
    refused(project, "scope.from_session", from_session=value)


@pytest.mark.parametrize("outcomes", [[], ["accepted"], "rejected", [1], {"rejected": 1}, [["rejected"]]])
def test_outcomes_that_mean_nothing_are_refused(project, session, outcomes):
    refused(project, "scope.outcomes", from_session=session.pk, outcomes=outcomes)


def test_it_is_lineage_where_the_plugin_is_the_same(alice, organization, project, plugin, session):
    again = makers.make_session(alice, project, plugin, scope={"from_session": session.pk})
    assert (again.rerun_of, again.attempt) == (session, 2)
    other = makers.make_plugin(alice, organization, name="Other")
    assert makers.make_session(alice, project, other, scope={"from_session": session.pk}).rerun_of is None


def test_a_crashed_one_does_not_come_back_to_life_beside_it(alice, project, plugin, session):
    Session.objects.filter(pk=session.pk).update(state="crashed")
    makers.make_session(alice, project, plugin, scope={"from_session": session.pk})
    session.refresh_from_db()
    assert session.key_revoked_at is not None


def test_its_script_is_told_of_the_same_batches(alice, project, plugin):
    batch = makers.make_batch(project, "night", [1, 2, 3])
    first = ended(makers.make_session(alice, project, plugin, scope={"batches": [batch.uid]}))
    again = makers.make_session(alice, project, plugin, scope={"from_session": first.pk})
    assert (list(again.scope.numbers), again.inputs.batches) == ([2, 3], [batch.uid])


# --- the first of something, and the rest ---


def test_the_first_of_all(project):
    assert chosen(project, first=2) == [1, 2]
    assert chosen(project, first=1000) == [1, 2, 3, 4, 5]


def test_the_first_leave_out_what_was_deleted(alice, project):
    delete_assets(alice, project, 1)
    assert chosen(project, first=2) == [2, 3]


def test_the_first_of_batches_of_a_filter_and_of_a_session(project, session):
    batch = makers.make_batch(project, "night", [2, 4, 5])
    assert chosen(project, first=2, of={"batches": [batch.uid]}) == [2, 4]
    assert chosen(project, first=2, of={"filter": {"pre_labeled": False}}) == [2, 3]
    assert chosen(project, first=2, of={"from_session": session.pk}) == [2, 3]
    assert chosen(project, first=2, of={"same_as": session.pk}) == [1, 2]
    assert chosen(project, first=2, of={"first": 1}) == [1]


def test_the_rest_is_what_the_first_left_of_them(alice, project, plugin):
    batch = makers.make_batch(project, "night", [2, 4, 5])
    tried = makers.make_session(alice, project, plugin, scope={"first": 1, "of": {"batches": [batch.uid]}})
    assert tried.inputs.batches == [batch.uid]
    assert chosen(project, rest_of=tried.pk) == [4, 5]
    assert list(scopes.rest_of(makers.make_session(alice, project, plugin, scope={"first": 3}))) == [4, 5]


def test_there_is_no_rest_of_all(project, session):
    refused(project, "scope.rest_of", rest_of=session.pk)


def test_there_is_no_rest_of_a_batch_that_is_gone(alice, project, plugin):
    batch = makers.make_batch(project, "night", [2, 4, 5])
    tried = makers.make_session(alice, project, plugin, scope={"first": 1, "of": {"batches": [batch.uid]}})
    batch.delete()
    refused(project, "scope.rest_of", rest_of=tried.pk)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"all": True, "first": 1}, "scope"),
        ({"all": True, "of": {"all": True}}, "scope.of"),
        ({"first": 1, "of": {"first": 2, "of": {"all": True}}}, "scope.of"),
        ({"first": 1, "of": {"what": 1}}, "scope.of"),
        ({"first": 1, "of": [1]}, "scope.of"),
        ({"first": 1, "of": {"batches": ["x"]}}, "scope.of.batches[0]"),
        ({"all": True, "outcomes": ["rejected"]}, "scope.outcomes"),
        ({"rest_of": 10**6}, "scope.rest_of"),
        ({"same_as": 10**6}, "scope.same_as"),
    ],
)
def test_what_does_not_go_together_is_refused(project, asked, path):
    refused(project, path, **asked)


# --- one row for one set ---


def test_equal_sets_are_one_row_however_they_were_asked_for(alice, project, plugin, session):
    again = sessions.rerun(makers.principal(alice), session)
    by_batch = makers.make_batch(project, "every one", [1, 2, 3, 4, 5])
    other = makers.make_session(alice, project, plugin, scope={"batches": [by_batch.uid]})
    assert again.scope_id == other.scope_id == session.scope_id


def test_a_scope_stays_what_it_was_when_the_project_changes(alice, project, plugin):
    asked = {"filter": {"status": "TODO"}}
    first = makers.make_session(alice, project, plugin, scope=asked)
    makers.make_assets(project, 2)
    tasks.set_status(makers.principal(alice), Task.objects.get(asset__number=1, project=project), "Completed")
    again = sessions.rerun(makers.principal(alice), first)
    assert list(again.scope.numbers) == [1, 2, 3, 4, 5]
    assert chosen(project, **asked) == [2, 3, 4, 5, 6, 7]
