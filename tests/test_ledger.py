"""Applying, discarding, undoing and redoing imports: a flip of state, at once and whole."""

from __future__ import annotations

import pytest

from pluginhost import prelabels
from pluginhost.actions import imports, ledger, sessions
from pluginhost.errors import Conflict, NotFound
from pluginhost.models import (
    Asset,
    AuditEvent,
    Import,
    ImportAssets,
    PreLabel,
    Project,
    ProjectHead,
    Session,
    SessionEvent,
    Task,
)

from . import makers
from .ledgers import BUS, pre_labeled
from .recount import assert_kept_right
from .v2 import by_session, by_user, item, send


def shown(project, number):
    """The objects that the asset of this number shows, None when it shows no pre-labels."""
    asset = Asset.objects.get(project=project, number=number)
    found = prelabels.live([asset.pk]).get(asset.pk)
    return None if found is None else found["objects"]


def newest():
    return Import.objects.latest("pk")


@pytest.fixture
def by_alice(alice):
    return makers.principal(alice)


# --- undo and redo ---


def test_it_works(project, by_alice, sent):
    flip = ledger.flip(by_alice, "undo", sent)
    assert (flip.imports, flip.assets, flip.objects, flip.worked_on) == (1, 2, 3, [])
    assert (shown(project, 1), pre_labeled(project)) == (None, 0)
    ledger.flip(by_alice, "redo", sent)
    assert (shown(project, 1), pre_labeled(project)) == ([makers.box()], 2)
    assert_kept_right(project)


def test_what_an_import_hid_shows_again_when_it_is_undone(alice, project, plugin, by_alice):
    for x in (1, 2):
        v2, _ = by_session(alice, project, plugin)
        send(v2, project, item(1, makers.box(x=x)))
    assert newest().hid_assets == 1
    ledger.flip(by_alice, "undo", newest())
    assert shown(project, 1) == [makers.box(x=1)]
    assert pre_labeled(project) == 1
    ledger.flip(by_alice, "redo", newest())
    assert shown(project, 1) == [makers.box(x=2)]
    assert_kept_right(project)


def test_a_redone_import_has_the_place_that_it_had(alice, project, plugin, by_alice, sent):
    ledger.flip(by_alice, "undo", sent)
    v2, _ = by_session(alice, project, plugin)
    send(v2, project, item(1, makers.box(x=9)))
    ledger.flip(by_alice, "redo", sent)
    assert shown(project, 1) == [makers.box(x=9)]
    assert len(shown(project, 2)) == 2
    assert_kept_right(project)


def test_all_of_a_session_is_undone_at_once(alice, project, plugin, by_alice):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2))
    send(v2, project, item(2, makers.box(), makers.box(BUS)), item(3))
    send(by_user(alice), project, item(1), item(4))
    flip = ledger.flip(by_alice, "undo", session)
    assert (flip.imports, flip.assets, flip.objects) == (2, 3, 5)
    assert set(session.imports.values_list("state", flat=True)) == {"undone"}
    assert pre_labeled(project) == 2
    assert_kept_right(project)
    ledger.flip(by_alice, "redo", session)
    assert pre_labeled(project) == 4
    assert len(shown(project, 2)) == 2
    assert_kept_right(project)


def test_what_is_sent_again_after_an_undo_is_taken_as_new(alice, project, plugin, by_alice):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1))
    ledger.flip(by_alice, "undo", newest())
    assert send(v2, project, item(1))["accepted"] == 1
    session.refresh_from_db()
    assert (session.accepted, session.objects_count) == (1, 1)
    ledger.flip(by_alice, "redo", session)
    assert_kept_right(project)


def test_a_flip_between_two_chunks_of_an_import_is_counted(project, by_alice, sent):
    def items():
        yield item(1)
        yield item(3)
        ledger.flip(by_alice, "undo", sent)
        yield item(4)

    imports.receive(by_alice, project, items())
    assert pre_labeled(project) == 3
    assert_kept_right(project)


def test_an_undo_of_the_sessions_own_while_it_sends_again_is_counted(alice, project, plugin, by_alice):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2))
    first = newest()

    def items():
        yield item(1, makers.box(), makers.box(BUS))
        ledger.flip(by_alice, "undo", first)

    from_script = imports.receive(_by_key(session), project, items())
    assert from_script.imported.state == "applied"
    assert_kept_right(project)


def _by_key(session):
    return makers.authentication.Principal(user=session.started_by, session=session)


def test_who_and_when_is_kept(by_alice, alice, sent):
    ledger.flip(by_alice, "undo", sent)
    sent.refresh_from_db()
    assert sent.changed_by == alice
    assert sent.changed_at is not None
    event = AuditEvent.objects.get(verb="import.undone")
    assert (event.actor, event.details["objects"]) == (alice, 3)


def test_the_sessions_timeline_tells_of_it(by_alice, sent):
    ledger.flip(by_alice, "undo", sent.session)
    event = SessionEvent.objects.filter(session=sent.session, kind="undone").get()
    assert event.sentence == "1 import undone by alice: 2 assets, 3 objects"


def test_what_was_accepted_stays_what_it_was(project, by_alice, sent):
    ledger.flip(by_alice, "undo", sent)
    session = Session.objects.get(pk=sent.session_id)
    assert (session.accepted, session.objects_count) == (2, 0)


# --- refusals ---


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [
        ("redo", "is applied; only one that is undone can be redone"),
        ("apply", "is applied; only one that is staged can be applied"),
        ("discard", "is applied; only one that is staged can be discarded"),
    ],
)
def test_what_is_not_possible_is_said_with_the_state(by_alice, sent, verb, sentence):
    with pytest.raises(Conflict, match=sentence):
        ledger.flip(by_alice, verb, sent)
    assert not AuditEvent.objects.filter(verb__startswith="import.").exists()


def test_what_is_undone_cannot_be_undone_again(by_alice, sent):
    ledger.flip(by_alice, "undo", sent)
    with pytest.raises(Conflict, match="is undone; only one that is applied can be undone"):
        ledger.flip(by_alice, "undo", sent)


def test_an_import_that_is_still_received_is_left_alone(alice, project, by_alice):
    def items():
        yield item(1)
        with pytest.raises(Conflict, match="is receiving"):
            ledger.flip(by_alice, "undo", newest())

    imports.receive(by_alice, project, items())
    assert newest().state == "applied"


def test_an_import_that_broke_off_is_not_there(alice, project, by_alice):
    seen = []

    def items():
        yield item(1)
        seen.append(newest())
        raise Conflict("The line was cut.")

    with pytest.raises(Conflict, match="cut"):
        imports.receive(by_alice, project, items())
    with pytest.raises(NotFound, match="broke off"):
        ledger.flip(by_alice, "undo", seen[0])


def test_a_session_without_imports_has_nothing_to_undo(alice, project, plugin, by_alice):
    session = makers.make_session(alice, project, plugin)
    with pytest.raises(Conflict, match="has no applied imports, so there is nothing to undo"):
        ledger.flip(by_alice, "undo", session)


def test_more_than_a_thousand_objects_are_asked_about(project, by_alice, sent, monkeypatch):
    monkeypatch.setattr(ledger, "ASKED_ABOVE", 2)
    with pytest.raises(ledger.NeedsConfirmation, match="This changes 3 objects on 2 assets; confirm") as asked:
        ledger.flip(by_alice, "undo", sent)
    assert (asked.value.flip.objects, asked.value.status) == (3, 409)
    assert pre_labeled(project) == 2
    ledger.flip(by_alice, "undo", sent, confirmed=True)
    assert pre_labeled(project) == 0


def test_what_it_would_touch_is_said_before(project, by_alice, sent):
    assert ledger.foresee("undo", sent) == ledger.foresee("undo", sent.session)
    assert ledger.foresee("redo", sent).imports == 0
    assert ledger.flip(by_alice, "undo", sent) == ledger.Flip("undo", 1, 2, 3, [])


# --- work of people ---


def test_assets_where_people_have_worked_are_listed_and_not_changed(project, by_alice, sent):
    answer = {"tools": [makers.box(BUS)], "classifications": [], "relations": []}
    Task.objects.filter(asset__project=project, asset__number=2).update(answer=answer)
    flip = ledger.flip(by_alice, "undo", sent)
    assert flip.worked_on == [2]
    assert Task.objects.get(asset__project=project, asset__number=2).answer == answer


def test_who_sends_for_what_people_have_labeled_is_told(alice, project, plugin):
    answer = {"tools": [makers.box(BUS)], "classifications": [], "relations": []}
    Task.objects.filter(asset__project=project, asset__number=2).update(answer=answer)
    v2, _ = by_session(alice, project, plugin)
    told = send(v2, project, item(1), item(2))
    assert (told["accepted"], told["notices"]) == (2, {"labeled_by_people": 1})
    assert [(one["index"], one["path"]) for one in told["remarks"]] == [(1, "[1]")]
    assert Task.objects.get(asset__project=project, asset__number=2).answer == answer


# --- staged imports ---


def test_a_staged_import_is_applied(project, by_alice, staged):
    assert (shown(project, 1), pre_labeled(project)) == (None, 0)
    ledger.flip(by_alice, "apply", staged)
    staged.refresh_from_db()
    assert staged.state == "applied"
    assert staged.applied_at is not None
    assert (len(shown(project, 2)), pre_labeled(project)) == (2, 2)
    assert_kept_right(project)


def test_a_staged_import_is_discarded_for_good(project, by_alice, staged):
    ledger.flip(by_alice, "discard", staged)
    assert (shown(project, 1), pre_labeled(project)) == (None, 0)
    assert_kept_right(project)
    with pytest.raises(Conflict, match="is discarded"):
        ledger.flip(by_alice, "apply", staged)


def test_what_a_session_staged_is_applied_in_its_order(alice, project, plugin, by_alice):
    v2, session = by_session(alice, project, plugin, review_first=True)
    send(v2, project, item(1, makers.box(x=1)), item(2))
    send(v2, project, item(1, makers.box(x=2)))
    ledger.flip(by_alice, "apply", session)
    first, second = session.imports.order_by("pk")
    assert first.applied_seq < second.applied_seq
    assert (first.hid_assets, second.hid_assets) == (0, 1)
    assert shown(project, 1) == [makers.box(x=2)]
    assert pre_labeled(project) == 2
    assert_kept_right(project)


def test_an_applied_review_hides_what_was_there(alice, project, plugin, by_alice, sent):
    v2, session = by_session(alice, project, plugin, review_first=True)
    send(v2, project, item(1, makers.box(x=7)), item(3))
    ledger.flip(by_alice, "apply", session)
    assert session.imports.get().hid_assets == 1
    assert shown(project, 1) == [makers.box(x=7)]
    assert_kept_right(project)


# --- what is kept of them ---


def test_imports_that_are_older_than_their_sets_are_counted_from_their_rows(alice, project, plugin, by_alice):
    session = makers.make_session(alice, project, plugin)
    made = makers.make_import(session, accepted=[1, 2])
    ProjectHead.objects.filter(project=project).update(pre_labeled=2, last_applied=1)
    assert not ImportAssets.objects.exists()
    assert ledger.flip(by_alice, "undo", made).assets == 2
    assert pre_labeled(project) == 0


def test_deleted_assets_are_not_counted(alice, project, by_alice):
    v2 = by_user(alice)
    send(v2, project, item(1), item(2), item(3))
    uid = Asset.objects.get(project=project, number=2).uid
    v2.delete(f"project/{project.uid}/assets", {"project": project.uid, "assets": [uid]})
    ledger.flip(by_alice, "undo", newest())
    assert pre_labeled(project) == 0
    ledger.flip(by_alice, "redo", newest())
    assert pre_labeled(project) == 2
    assert_kept_right(project)


@pytest.mark.parametrize("existing", ["replace", "add", "skip"])
def test_what_is_hidden_depends_on_what_becomes_of_earlier_results(alice, project, plugin, existing, sent):
    v2, _ = by_session(alice, project, plugin, existing=existing)
    send(v2, project, item(1), item(3))
    assert newest().hid_assets == (1 if existing == "replace" else 0)


def test_a_flip_of_many_asks_no_more_queries_than_one_of_few(
    alice, plugin, organization, by_alice, django_assert_max_num_queries
):
    project = makers.make_project(alice, organization, assets=600)
    v2, session = by_session(alice, project, plugin)
    send(v2, project, *map(item, range(1, 601)))
    again, _ = by_session(alice, project, plugin)
    send(again, project, *(item(number, makers.box(x=3)) for number in range(301, 601)))
    with django_assert_max_num_queries(30):
        ledger.flip(by_alice, "undo", session)
    assert pre_labeled(project) == 300
    assert_kept_right(project)


def test_rows_never_change(by_alice, sent):
    before = list(PreLabel.objects.order_by("pk").values())
    ledger.flip(by_alice, "undo", sent)
    ledger.flip(by_alice, "redo", sent)
    assert list(PreLabel.objects.order_by("pk").values()) == before


def test_a_cancelled_sessions_results_can_be_undone(alice, project, by_alice, sent):
    sessions.cancel(by_alice, sent.session)
    ledger.flip(by_alice, "undo", sent.session)
    assert pre_labeled(project) == 0
    assert Project.objects.get(pk=project.pk).head.last_applied == 2


def test_a_session_replaces_what_was_applied_last_of_its_own(alice, project, plugin, by_alice):
    """The first that came is applied after the second, and so is the one that shows."""
    v2, session = by_session(alice, project, plugin, review_first=True)
    send(v2, project, item(1, makers.box(x=1), makers.box(BUS)))
    send(v2, project, item(1, makers.box(x=2)))
    first, second = session.imports.order_by("pk")
    ledger.flip(by_alice, "apply", second)
    ledger.flip(by_alice, "apply", first)
    assert len(shown(project, 1)) == 2
    assert_kept_right(project)
    assert send(v2, project, item(1, makers.box(x=1), makers.box(BUS)))["unchanged"] == 1
    send(v2, project, item(1, makers.box(x=3)))
    assert_kept_right(project)
