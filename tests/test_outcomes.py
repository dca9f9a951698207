"""What became of each asset of a scope."""

import pytest

from pluginhost.actions import deletions
from pluginhost.models import Asset, Import, ImportAssets, PreLabel, ProjectHead, Rejection, Session, SessionReads
from pluginhost.outcomes import outcomes_of
from pluginhost.protocol.numbers import NumberSet

from . import makers


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def found(session: Session) -> dict[str, list[int]]:
    return {name: list(numbers) for name, numbers in outcomes_of(session).items() if numbers}


def read(session: Session, *numbers: int) -> None:
    SessionReads.objects.filter(session=session).update(numbers_stored=NumberSet.of(numbers).to_bytes())


def test_it_works(session):
    read(session, 1, 2, 3, 4)
    makers.make_import(session, accepted=[1, 2], rejected=[3])
    assert found(session) == {"accepted": [1, 2], "rejected": [3], "no_result": [4], "not_reached": [5]}


def test_nothing_sent_and_nothing_read_is_not_reached(session):
    assert found(session) == {"not_reached": [1, 2, 3, 4, 5]}


def test_the_six_sets_are_the_scope(session):
    read(session, 2, 3)
    makers.make_import(session, accepted=[1], rejected=[2])
    assert outcomes_of(session).whole == session.scope.numbers


def test_what_was_mended_by_a_second_try_is_accepted(session):
    makers.make_import(session, rejected=[1])
    makers.make_import(session, accepted=[1])
    assert found(session)["accepted"] == [1]
    assert "rejected" not in found(session)


def test_an_import_that_is_still_received_counts_for_nothing(session):
    made = makers.make_import(session, accepted=[1])
    Import.objects.filter(pk=made.pk).update(state=Import.State.RECEIVING, applied_seq=None)
    assert "accepted" not in found(session)


@pytest.mark.parametrize("state", [Import.State.UNDONE, Import.State.STAGED])
def test_an_import_that_was_undone_or_waits_for_review_did_arrive(session, state):
    made = makers.make_import(session, accepted=[1])
    seq = made.applied_seq if state == Import.State.UNDONE else None
    Import.objects.filter(pk=made.pk).update(state=state, applied_seq=seq)
    assert found(session)["accepted"] == [1]


def test_unchanged_is_told_apart_where_nothing_was_accepted(session):
    made = makers.make_import(session, accepted=[1, 2])
    PreLabel.objects.filter(origin=made, asset__number=2).update(is_unchanged=True)
    Import.objects.filter(pk=made.pk).update(accepted=1, unchanged=1)
    assert found(session)["unchanged"] == [2]


def test_items_for_no_asset_of_the_scope_are_counted_outside(session):
    made = makers.make_import(session, accepted=[1])
    Rejection.objects.create(origin=made, index=1, external_id="nobody.jpg", code="unknown_asset", message="?")
    outcomes = outcomes_of(session)
    assert outcomes.outside == 1
    assert not outcomes.rejected


def test_a_refused_asset_that_is_not_in_the_scope_is_outside(alice, project, plugin):
    session = makers.make_running(alice, project, plugin, scope={"first": 2})
    made = makers.make_import(session)
    asset = Asset.objects.get(project=project, number=5)
    Rejection.objects.create(origin=made, index=0, asset=asset, code="out_of_scope", message="?")
    outcomes = outcomes_of(session)
    assert outcomes.outside == 1
    assert list(outcomes.not_reached) == [1, 2]


def test_another_sessions_import_is_not_ours(session, alice, project, plugin):
    other = makers.make_session(alice, project, plugin)
    makers.make_import(other, accepted=[1])
    assert "accepted" not in found(session)


def test_it_takes_a_fixed_number_of_queries(session, django_assert_num_queries):
    for number in range(1, 5):
        makers.make_import(session, accepted=[number])
    fresh = Session.objects.select_related("scope").get(pk=session.pk)
    with django_assert_num_queries(8):
        outcomes_of(fresh)


def test_the_sets_that_imports_keep_stand_for_their_rows(session):
    made = makers.make_import(session, accepted=[1, 2])
    makers.make_import(session, accepted=[3])
    ImportAssets.objects.create(origin=made, numbers_stored=NumberSet.of([1, 2]).to_bytes())
    assert found(session)["accepted"] == [1, 2, 3]


def test_a_deleted_asset_drops_out_of_a_set_that_is_kept(alice, project, session):
    made = makers.make_import(session, accepted=[1, 2])
    ImportAssets.objects.create(origin=made, numbers_stored=NumberSet.of([1, 2]).to_bytes())
    ProjectHead.objects.filter(project=project).update(pre_labeled=2)
    deletions.delete_assets(makers.principal(alice), project, [Asset.objects.get(project=project, number=2).uid])
    assert found(session)["accepted"] == [1]
