"""What is kept about a session is what its outcomes are, whatever comes, in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from pluginhost import authentication, summaries
from pluginhost.actions import import_rows, imports, ledger, reviews
from pluginhost.errors import Conflict
from pluginhost.models import Asset, Import, Session, SessionEvent, SessionReads, Task
from pluginhost.outcomes import outcomes_of
from pluginhost.protocol.numbers import NumberSet

from . import makers
from .recount import assert_kept_right
from .v2 import by_session, item, send

ASSETS = 8
SCOPE = 6


@pytest.fixture
def mixed(alice, organization):
    """Two assets of one name, one of which is completed; two of another, one of which is not in the scope."""
    project = makers.make_project(alice, organization, assets=ASSETS)
    Asset.objects.filter(project=project, number=2).update(external_id="image_0001.jpg")
    Asset.objects.filter(project=project, number=8).update(external_id="image_0003.jpg")
    completed = Task.objects.filter(project=project, asset__number__in=(2, 5))
    completed.update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    return project


def sent_by_chance(chance: random.Random) -> list[dict[str, Any]]:
    """Good ones and bad ones, for assets in the scope, beyond it, completed, and of no project."""
    found = []
    for number in chance.sample(range(1, ASSETS + 3), 4):
        width = chance.choice([30, 30, -1, 0, "wide"])
        found.append(item(number, makers.box(x=chance.randint(1, 2), width=width)))
    return found


def choices(alice: Any, session: Session, chance: random.Random) -> list[Callable[[], object]]:
    by_alice = makers.principal(alice)
    return [
        lambda: ledger.flip(by_alice, "undo", session),
        lambda: ledger.flip(by_alice, "redo", session),
        lambda: ledger.flip(by_alice, "apply", session),
        lambda: ledger.flip(by_alice, "discard", chance.choice(list(Import.objects.filter(session=session)))),
        lambda: reviews.accept(by_alice, session, without=chance.sample(range(1, SCOPE + 1), 3)),
        lambda: reviews.accept(by_alice, session, classes=[]),
    ]


@pytest.mark.parametrize("review_first", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_lists_and_pages_say_the_same(alice, mixed, plugin, seed, review_first):
    chance = random.Random(seed)
    v2, session = by_session(alice, mixed, plugin, scope={"first": SCOPE}, review_first=review_first)
    for _ in range(12):
        send(v2, mixed, *sent_by_chance(chance))
        assert_kept_right(mixed)
        try:
            chance.choice(choices(alice, session, chance))()
        except Conflict:
            continue
        assert_kept_right(mixed)


@pytest.fixture
def script_and_session(alice, project, plugin):
    return by_session(alice, project, plugin, review_first=True)


def counts(session: Session) -> dict[str, int]:
    session.refresh_from_db()
    return {name: count for name, count in summaries.counts_of(session).as_dict().items() if count}


def test_what_a_review_turned_down_is_not_accepted(alice, project, script_and_session):
    v2, session = script_and_session
    send(v2, project, item(1), item(2), item(3, makers.box(width=0)))
    assert counts(session)["accepted"] == 2
    reviews.accept(makers.principal(alice), session, without=[2])
    assert counts(session) == {"accepted": 1, "discarded": 1, "rejected": 1, "not_reached": 2, "objects": 1}
    assert list(outcomes_of(session).discarded) == [2]


def test_what_was_discarded_whole_is_not_accepted(alice, project, script_and_session):
    v2, session = script_and_session
    send(v2, project, item(1), item(2))
    ledger.flip(makers.principal(alice), "discard", session)
    assert counts(session) == {"discarded": 2, "not_reached": 3}
    sentence = "0 of 5 assets got pre-labels. 2 were turned down in a review, 3 were not reached."
    assert summaries.outcome_sentence(session, summaries.counts_of(session)) == sentence


def test_the_counts_of_an_ended_session_follow_a_later_review(alice, project, script_and_session):
    v2, session = script_and_session
    send(v2, project, *map(item, range(1, 6)))
    Session.objects.filter(pk=session.pk).update(state="succeeded", finished_at=session.started_at)
    assert counts(session) == {"accepted": 5, "objects": 5}
    reviews.accept(makers.principal(alice), session, without=[1, 2])
    assert counts(session) == {"accepted": 3, "discarded": 2, "objects": 3}


def test_what_was_turned_down_and_sent_again_is_accepted(alice, project, script_and_session):
    v2, session = script_and_session
    send(v2, project, item(1), item(2))
    ledger.flip(makers.principal(alice), "discard", session)
    assert send(v2, project, item(1))["accepted"] == 1
    assert counts(session) == {"accepted": 1, "discarded": 1, "not_reached": 3, "objects": 1}


def test_an_asset_whose_item_could_not_be_read_is_rejected(alice, project, plugin):
    """By whatever it was named: it is listed with its reason, and can be run again by itself."""
    by_id = {"_id": project.assets.get(number=2).uid, "objects": [makers.box(width=0)]}
    v2, session = by_session(alice, project, plugin)
    data = send(v2, project, item(1, makers.box(width=0)), by_id, {"externalId": "nobody", "objects": [7]}, 7)
    assert (data["rejected"], data["reasons"]) == (4, {"degenerate": 2, "bad_item": 2})
    found = outcomes_of(session)
    assert (list(found.rejected), found.outside) == ([1, 2], 2)
    assert counts(session) == {"rejected": 4, "outside": 2, "not_reached": 3}


def test_all_assets_of_a_name_are_rejected_with_their_item(alice, project, plugin):
    Asset.objects.filter(project=project, number__in=(2, 5)).update(external_id="image_0001.jpg")
    v2, session = by_session(alice, project, plugin, scope={"first": 3})
    data = send(v2, project, item(1, makers.box(width=0)))
    assert (data["rejected"], data["notices"]) == (1, {"passed_over": 2})
    assert list(outcomes_of(session).rejected) == [1, 2]
    assert counts(session) == {"rejected": 2, "not_reached": 1}


def test_what_is_undone_after_it_was_looked_at_is_counted_anew(alice, project, plugin, monkeypatch):
    """The first piece of the second import took the place of a result that is undone before the import is whole."""
    monkeypatch.setattr(import_rows, "CHUNK_ITEMS", 1)
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2))
    first = Import.objects.get()

    def items():
        yield item(1, makers.box(), makers.box("b" * 24))
        ledger.flip(makers.principal(alice), "undo", first)
        yield item(3)

    imports.receive(authentication.by_key(v2.key), project, items())
    session.refresh_from_db()
    assert (session.accepted, session.objects_count) == (3, 3)
    assert_kept_right(project)


def test_assets_that_keep_what_they_had_are_told_of(alice, project, plugin):
    """Skipped ones got a result, which shows only where nothing earlier does."""
    first, _ = by_session(alice, project, plugin)
    send(first, project, item(1))
    v2, session = by_session(alice, project, plugin, existing="skip")
    send(v2, project, item(1), item(2))
    told = SessionEvent.objects.get(session=session, kind="import").sentence
    assert told.endswith("2 assets, 2 objects, 1 asset had pre-labels and keeps them")


def test_a_namesake_beyond_the_scope_is_nothing_to_the_session(alice, project, plugin):
    Asset.objects.filter(project=project, number=5).update(external_id="image_0001.jpg")
    v2, session = by_session(alice, project, plugin, scope={"first": 1})
    send(v2, project, item(1))
    assert counts(session) == {"accepted": 1, "objects": 1}


def test_what_was_turned_down_is_not_left_to_run_again_unless_it_is_named(alice, project, plugin, script_and_session):
    v2, session = script_and_session
    send(v2, project, item(1), item(2))
    reads = SessionReads.objects.filter(session=session)
    reads.update(numbers_stored=NumberSet.of([1, 2, 3]).to_bytes())
    reviews.accept(makers.principal(alice), session, without=[2])
    Session.objects.filter(pk=session.pk).update(state="succeeded", finished_at=session.started_at)
    session.refresh_from_db()
    assert summaries.counts_of(session).left == {"no_result": 1, "not_reached": 2}
    left = {"from_session": session.pk}
    assert list(makers.make_session(alice, project, plugin, scope=left).scope.numbers) == [3, 4, 5]
    named = left | {"outcomes": ["discarded"]}
    assert list(makers.make_session(alice, project, plugin, scope=named).scope.numbers) == [2]
