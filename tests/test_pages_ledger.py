"""Applying, discarding, undoing and redoing on pages: what it touches is said first, then it is done."""

from __future__ import annotations

import pytest
from django.db.models import F
from django.urls import reverse

from dashboard import flips
from pluginhost.models import Import, ImportAssets, PreLabel, ProjectHead, Session, Task
from pluginhost.protocol.numbers import NumberSet

from . import makers

State = Import.State


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def imported(session: Session, numbers, state: str = State.APPLIED) -> Import:
    made = makers.make_import(session, accepted=numbers)
    ImportAssets.objects.update_or_create(origin=made, defaults={"numbers_stored": NumberSet.of(numbers).to_bytes()})
    if state == State.APPLIED:
        ProjectHead.objects.filter(project=session.project_id).update(pre_labeled=F("pre_labeled") + len(numbers))
    else:
        seq = made.applied_seq if state == State.UNDONE else None
        Import.objects.filter(pk=made.pk).update(state=state, applied_seq=seq)
    made.refresh_from_db()
    return made


def of_import(made: Import, verb: str) -> str:
    return reverse("import_flip", args=[made.pk, verb])


def of_session(session: Session, verb: str) -> str:
    return reverse("session_imports_flip", args=[session.pk, verb])


def page(client, address: str, answer: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == answer
    return response.content.decode()


def state_of(made: Import) -> str:
    return Import.objects.values_list("state", flat=True).get(pk=made.pk)


def people_worked_on(project, number: int) -> None:
    Task.objects.filter(asset__project=project, asset__number=number).update(answer={"tools": []})


def test_it_says_what_undo_touches_and_then_does_it(as_alice, session):
    made = imported(session, [1, 2, 3])
    html = page(as_alice, of_import(made, "undo"))
    for words in (f"Undo import {made.pk}?", "3 objects", "3 assets", "Undo 3 objects"):
        assert words in html
    assert state_of(made) == State.APPLIED
    answer = as_alice.post(of_import(made, "undo"), follow=True)
    assert "1 import is undone: 3 objects on 3 assets." in answer.content.decode()
    assert state_of(made) == State.UNDONE


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        (State.APPLIED, "undo", State.UNDONE),
        (State.UNDONE, "redo", State.APPLIED),
        (State.STAGED, "apply", State.APPLIED),
        (State.STAGED, "discard", State.DISCARDED),
    ],
)
@pytest.mark.parametrize("of", ["import", "session", "project"])
def test_every_move_is_made_from_an_import_a_session_and_the_projects_list(as_alice, session, before, verb, after, of):
    made = imported(session, [1, 2], before)
    addresses = {
        "import": of_import(made, verb),
        "session": of_session(session, verb),
        "project": f"{reverse('project_imports_flip', args=[session.project.uid, verb])}?import={made.pk}",
    }
    page(as_alice, addresses[of])
    assert as_alice.post(addresses[of]).status_code == 302
    assert state_of(made) == after


def test_assets_that_people_worked_on_are_listed(as_alice, project, session):
    made = imported(session, [1, 2, 3])
    people_worked_on(project, 2)
    html = page(as_alice, of_import(made, "undo"))
    assert "image_0002.jpg" in html
    assert "image_0001.jpg" not in html


SHOWS_AGAIN = "took the place of earlier results, which show again"


def test_what_it_hid_is_said_to_show_again(as_alice, alice, project, plugin, session):
    imported(makers.make_session(alice, project, plugin), [2, 3, 4])
    made = imported(session, [1, 2, 3])
    html = page(as_alice, of_import(made, "undo"))
    assert f"On 2 assets it {SHOWS_AGAIN}" in html


def test_what_is_undone_as_well_does_not_show_again(as_alice, session):
    """Of one session the later took the place of the earlier; both go."""
    imported(session, [1, 2])
    later = imported(session, [2, 3])
    assert f"On 1 asset it {SHOWS_AGAIN}" in page(as_alice, of_import(later, "undo"))
    assert SHOWS_AGAIN not in page(as_alice, of_session(session, "undo"))


@pytest.mark.parametrize("beside", ["another plugin", "later"])
def test_what_it_did_not_hide_is_not_said_to(as_alice, alice, project, plugin, organization, session, beside):
    other = makers.make_plugin(alice, organization, name="Other") if beside == "another plugin" else plugin
    first = makers.make_session(alice, project, other)
    if beside == "later":
        made = imported(session, [1])
        imported(first, [1])
    else:
        imported(first, [1])
        made = imported(session, [1])
    assert SHOWS_AGAIN not in page(as_alice, of_import(made, "undo"))


def test_more_than_a_thousand_objects_must_be_typed(as_alice, session):
    made = imported(session, [1])
    Import.objects.filter(pk=made.pk).update(objects_count=1001)
    assert "since this changes more than 1,000 objects" in page(as_alice, of_import(made, "undo"))
    as_alice.post(of_import(made, "undo"))
    assert state_of(made) == State.APPLIED
    as_alice.post(of_import(made, "undo"), {"typed": "undo"})
    assert state_of(made) == State.UNDONE


def test_there_may_be_nothing_to_undo(as_alice, session):
    made = imported(session, [1], State.STAGED)
    assert "There is nothing to undo" in page(as_alice, of_import(made, "undo"))
    assert as_alice.post(of_import(made, "undo")).status_code == 409


def test_a_verb_that_is_none_is_404(as_alice, session):
    page(as_alice, of_import(imported(session, [1]), "burn"), 404)


def test_chosen_assets_undo_the_imports_they_came_with(as_alice, session):
    first, second = imported(session, [1, 2]), imported(session, [3])
    chosen = reverse("session_results_chosen", args=[session.pk])
    answer = as_alice.post(chosen, {"verb": "undo", "number": ["2"]})
    assert answer.url == f"{of_session(session, 'undo')}?number=2"
    html = page(as_alice, answer.url)
    assert "What you ticked (1 asset) came with 1 import" in html
    assert f"Undo import {first.pk}?" in html
    as_alice.post(answer.url)
    assert (state_of(first), state_of(second)) == (State.UNDONE, State.APPLIED)


def test_more_chosen_imports_than_are_listed_are_all_undone(as_alice, session, monkeypatch):
    monkeypatch.setattr(flips, "MOST_SHOWN", 1)
    made = [imported(session, [number]) for number in (1, 2, 3)]
    query = "&".join(f"import={one.pk}" for one in made)
    address = f"{reverse('project_imports_flip', args=[session.project.uid, 'undo'])}?{query}"
    assert "and 2 older" in page(as_alice, address)
    as_alice.post(address)
    assert {state_of(one) for one in made} == {State.UNDONE}


def test_another_projects_imports_are_not_reached(as_alice, alice, organization, plugin, session):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    made = imported(session, [1])
    address = f"{reverse('project_imports_flip', args=[other.uid, 'undo'])}?import={made.pk}"
    assert "There is nothing to undo" in page(as_alice, address)
    as_alice.post(address)
    assert state_of(made) == State.APPLIED


def test_a_viewer_may_not(client, bob, session):
    made = imported(session, [1])
    client.force_login(bob)
    for address in (of_import(made, "undo"), of_session(session, "undo")):
        page(client, address, 403)
        assert client.post(address).status_code == 403
    assert state_of(made) == State.APPLIED


def test_a_viewer_is_offered_nothing(client, bob, session):
    made = imported(session, [1])
    client.force_login(bob)
    for name, key in (("imported", made.pk), ("session_results", session.pk), ("project_imports", session.project.uid)):
        html = page(client, reverse(name, args=[key]))
        assert "/undo/" not in html
        assert "data-pick" not in html


def test_a_stranger_gets_404(client, charlie, session):
    made = imported(session, [1])
    client.force_login(charlie)
    for address in (of_import(made, "undo"), of_session(session, "undo")):
        page(client, address, 404)
        assert client.post(address).status_code == 404


def test_the_pages_of_an_import_a_session_and_a_project_lead_there(as_alice, session):
    made = imported(session, [1])
    assert of_import(made, "undo") in page(as_alice, reverse("imported", args=[made.pk]))
    assert of_session(session, "undo") in page(as_alice, reverse("session_results", args=[session.pk]))
    listed = page(as_alice, reverse("project_imports", args=[session.project.uid]))
    assert reverse("project_imports_flip", args=[session.project.uid, "undo"]) in listed


def test_many_imports_take_no_more_queries(as_alice, session, django_assert_max_num_queries):
    imported(session, [1])
    with django_assert_max_num_queries(25) as counted:
        page(as_alice, of_session(session, "undo"))
    for number in (2, 3, 4, 5):
        imported(session, [number])
    with django_assert_max_num_queries(len(counted)):
        page(as_alice, of_session(session, "undo"))


def test_an_asset_is_shown_as_a_session_has_it(as_alice, project, session):
    imported(session, [1], State.UNDONE)
    address = reverse("asset", args=[project.uid, 1])
    assert 'fill="#d1495b"' not in page(as_alice, address)
    html = page(as_alice, f"{address}?session={session.pk}")
    assert 'fill="#d1495b"' in html
    assert "(undone)" in html


def test_an_asset_is_not_shown_as_a_session_of_another_project_has_it(as_alice, alice, organization, session):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    page(as_alice, f"{reverse('asset', args=[other.uid, 1])}?session={session.pk}", 404)


def test_rows_that_are_undone_are_still_there(as_alice, session):
    made = imported(session, [1])
    as_alice.post(of_import(made, "undo"))
    assert PreLabel.objects.filter(origin=made).count() == 1
