"""A review takes what passes of what a session has staged, and discards the rest."""

from __future__ import annotations

import json

import pytest

from pluginhost import prelabels
from pluginhost.actions import ledger, reviews
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Asset, AuditEvent, Import, PreLabel, ProjectHead, SessionEvent
from pluginhost.review_choice import Choice

from . import makers
from .at_once import at_once
from .recount import assert_kept_right
from .v2 import by_session, item, send

CAR, BUS = "c" * 24, "b" * 24


def sure(confidence, schema_id=CAR, **more):
    return {**makers.box(schema_id), "confidence": confidence, **more}


def shown(project, number):
    asset = Asset.objects.get(project=project, number=number)
    found = prelabels.live([asset.pk]).get(asset.pk)
    return None if found is None else [(one["schemaId"], one.get("confidence")) for one in found["objects"]]


def states(session):
    return dict(session.imports.order_by("pk").values_list("pk", "state"))


@pytest.fixture
def by_alice(alice):
    return makers.principal(alice)


@pytest.fixture
def v2_and_session(alice, project, plugin):
    return by_session(alice, project, plugin, review_first=True)


@pytest.fixture
def session(project, v2_and_session):
    """Staged: a sure car and an unsure bus, an unsure car, and a box that does not say how sure it is."""
    v2, session = v2_and_session
    send(v2, project, item(1, sure(0.9), sure(0.3, BUS)), item(2, sure(0.2)), item(3))
    return session


def test_it_works(project, by_alice, session):
    flip = reviews.accept(by_alice, session, least_confidence=0.5)
    assert (flip.assets, flip.objects) == (2, 2)
    assert [shown(project, number) for number in (1, 2, 3)] == [[(CAR, 0.9)], None, [(CAR, None)]]
    assert_kept_right(project)


def test_all_is_applied_as_it_came(project, by_alice, session):
    reviews.accept(by_alice, session)
    assert list(states(session).values()) == ["applied"]
    assert len(shown(project, 1)) == 2
    assert_kept_right(project)


def test_classes_are_chosen(project, by_alice, session):
    reviews.accept(by_alice, session, classes=[BUS])
    assert [shown(project, number) for number in (1, 2, 3)] == [[(BUS, 0.3)], None, None]
    assert ProjectHead.objects.get(project=project).pre_labeled == 1
    assert_kept_right(project)


def test_single_assets_are_left_out(project, by_alice, session):
    reviews.accept(by_alice, session, without=[1, 3])
    assert [shown(project, number) for number in (1, 2, 3)] == [None, [(CAR, 0.2)], None]
    assert_kept_right(project)


def test_the_new_import_says_of_which_it_holds_what_was_taken(by_alice, alice, session):
    staged = session.imports.get()
    reviews.accept(by_alice, session, least_confidence=0.5)
    staged.refresh_from_db()
    taken = session.imports.get(reviewed_from=staged)
    assert (staged.state, staged.changed_by) == ("discarded", alice)
    assert (taken.state, taken.items, taken.accepted, taken.objects_count) == ("applied", 2, 2, 2)
    assert (taken.classes, taken.plugin, taken.existing) == ({CAR: 2}, staged.plugin, staged.existing)


def test_what_was_taken_can_be_undone(project, by_alice, session):
    reviews.accept(by_alice, session, least_confidence=0.5)
    ledger.flip(by_alice, "undo", session)
    assert shown(project, 1) is None
    assert_kept_right(project)


def test_nothing_may_pass(project, by_alice, session):
    flip = reviews.accept(by_alice, session, classes=[])
    assert (flip.assets, flip.objects) == (0, 0)
    assert list(states(session).values()) == ["discarded"]
    assert_kept_right(project)


def test_that_nothing_is_on_an_asset_is_a_result_that_passes(project, by_alice, v2_and_session):
    v2, session = v2_and_session
    send(v2, project, {"externalId": "image_0001.jpg", "objects": []}, item(2))
    reviews.accept(by_alice, session, classes=[BUS])
    assert [shown(project, number) for number in (1, 2)] == [[], None]


def test_of_two_results_for_an_asset_the_later_is_reviewed(project, by_alice, v2_and_session):
    v2, session = v2_and_session
    send(v2, project, item(1, sure(0.9)), item(2, sure(0.9)))
    send(v2, project, item(1, sure(0.1)))
    reviews.accept(by_alice, session, least_confidence=0.5)
    assert [shown(project, number) for number in (1, 2)] == [None, [(CAR, 0.9)]]
    assert_kept_right(project)


def test_relations_go_with_their_objects(by_alice):
    content = {
        "objects": [sure(0.9, objectId="a"), sure(0.9, objectId="b"), sure(0.1, objectId="c")],
        "classifications": [],
        "relations": [{"from": "a", "to": "b"}, {"from": "a", "to": "c"}, {"group": ["b", "c"]}],
    }
    assert Choice(least_confidence=0.5).of(content)["relations"] == [{"from": "a", "to": "b"}]


def test_what_it_would_take_is_said_before(by_alice, session):
    for choice in (Choice(least_confidence=0.5), Choice(classes=[BUS]), Choice(without=[1]), Choice()):
        foreseen = reviews.foresee(session, choice)
        assert foreseen.imports == 1
        assert list(states(session).values()) == ["staged"]
    assert (reviews.foresee(session, Choice(classes=[CAR])).objects, foreseen.objects) == (3, 4)


def test_it_is_written_down(by_alice, alice, session):
    reviews.accept(by_alice, session, least_confidence=0.5)
    event = AuditEvent.objects.get(verb="session.review_accepted")
    assert (event.actor, event.details["objects"]) == (alice, 2)
    told = SessionEvent.objects.get(session=session, kind="reviewed").sentence
    assert told == "Reviewed by alice: 2 objects on 2 assets were accepted, the rest was discarded."


# --- refusals ---


def test_a_session_with_nothing_staged_has_nothing_to_review(alice, project, plugin, by_alice):
    session = makers.make_session(alice, project, plugin)
    with pytest.raises(Conflict, match="has nothing staged"):
        reviews.accept(by_alice, session, classes=[CAR])
    with pytest.raises(Conflict, match="has no staged imports"):
        reviews.accept(by_alice, session)


@pytest.mark.parametrize("least", [-0.1, 1.1, float("nan")])
def test_a_confidence_is_from_0_to_1(by_alice, session, least):
    with pytest.raises(Invalid, match="from 0 to 1"):
        reviews.accept(by_alice, session, least_confidence=least)


def test_more_than_a_thousand_objects_are_asked_about(by_alice, session, monkeypatch):
    monkeypatch.setattr(reviews, "ASKED_ABOVE", 2)
    with pytest.raises(ledger.NeedsConfirmation, match="3 objects on 3 assets"):
        reviews.accept(by_alice, session, classes=[CAR])
    assert reviews.accept(by_alice, session, least_confidence=0.5).objects == 2


def test_what_changed_while_it_was_reviewed_leaves_nothing_behind(project, by_alice, session, monkeypatch):
    begin = reviews._begin

    def begin_late(origin):
        ledger.flip(by_alice, "discard", origin)
        return begin(origin)

    monkeypatch.setattr(reviews, "_begin", begin_late)
    with pytest.raises(Conflict, match="changed meanwhile; look at it again"):
        reviews.accept(by_alice, session, classes=[CAR])
    assert list(states(session).values()) == ["discarded"]
    assert not PreLabel.objects.exclude(origin__in=session.imports.all()).exists()
    assert_kept_right(project)


@pytest.mark.django_db(transaction=True)
def test_of_two_reviews_at_once_one_counts(project, by_alice, session):
    def accept():
        try:
            return reviews.accept(by_alice, session, least_confidence=0.5).objects
        except Conflict:
            return 0

    assert sorted(at_once(accept, accept)) == [0, 2]
    assert Import.objects.filter(state="applied").count() == 1
    assert not Import.objects.filter(state="receiving").exists()
    assert_kept_right(project)


def test_a_review_goes_through_many_in_pieces(alice, plugin, organization, by_alice, monkeypatch):
    monkeypatch.setattr("pluginhost.review_choice._AT_ONCE", 7)
    project = makers.make_project(alice, organization, assets=20)
    v2, session = by_session(alice, project, plugin, review_first=True)
    send(v2, project, *(item(number, sure(number / 20)) for number in range(1, 21)))
    assert reviews.accept(by_alice, session, least_confidence=0.5).objects == 11
    taken = session.imports.get(state="applied")
    texts = taken.pre_labels.values_list("content", flat=True)
    assert sorted(json.loads(text)["objects"][0]["confidence"] for text in texts) == [n / 20 for n in range(10, 21)]
    assert_kept_right(project)
