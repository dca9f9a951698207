"""Flips, imports, reviews, deletions and people at once: in the end a recount confirms every number that is kept."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pluginhost import authentication, prelabels
from pluginhost.actions import answers, deletions, imports, ledger, reviews, tasks
from pluginhost.actions.ledger import Verb
from pluginhost.errors import Conflict, NotFound
from pluginhost.models import Asset, Import, PreLabel, Project, ProjectHead, Session, Task, User
from pluginhost.principal import Principal
from pluginhost.protocol.task_answers import Annotation

from . import makers
from .at_once import PATIENCE_S, at_once
from .recount import assert_kept_right
from .v2 import by_session, by_user, item, send

pytestmark = pytest.mark.django_db(transaction=True)
VERBS: tuple[Verb, ...] = ("apply", "discard", "undo", "redo")
TURNS = 12


def possible(verb: Callable[..., object], *about: object, **choice: object) -> bool:
    """Do it; whether that was possible in the state that others left."""
    try:
        verb(*about, **choice)
    except (Conflict, NotFound):  # the state that others left, or an import that broke off
        return False
    return True


def flipper(principal: Principal, project: Project, seed: int) -> Callable[[], None]:
    """Somebody who presses whatever button there is, on imports and on sessions."""
    chance = random.Random(seed)

    def press() -> None:
        for _ in range(TURNS):
            verb = chance.choice(VERBS)
            about: Any = chance.choice([*Import.objects.filter(project=project), *Session.objects.all()])
            possible(ledger.flip, principal, verb, about, confirmed=True)

    return press


def sender(principal: Principal, project: Project, seed: int) -> Callable[[], None]:
    """A script, or somebody with a key, that imports now these and now those."""
    chance = random.Random(seed)

    def send_some() -> None:
        for _ in range(TURNS):
            numbers = chance.sample(range(1, 13), 5)
            items = [item(number, *[makers.box(x=chance.randint(1, 3))] * chance.randint(1, 2)) for number in numbers]
            imports.receive(principal, project, iter(items))

    return send_some


@pytest.fixture
def crowded(alice, organization):
    return makers.make_project(alice, organization, assets=12)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_done_at_once_a_recount_confirms_it(alice, crowded, plugin, seed):
    by_alice = makers.principal(alice)
    script, _ = by_session(alice, crowded, plugin)
    reviewed, _ = by_session(alice, crowded, plugin, review_first=True)
    keys = [authentication.by_key(v2.key) for v2 in (script, reviewed)]
    for v2 in (script, reviewed, by_user(alice)):
        send(v2, crowded, *map(item, range(1, 7)))
    at_once(
        *(sender(principal, crowded, seed + place) for place, principal in enumerate([*keys, by_alice])),
        *(flipper(by_alice, crowded, seed * 10 + place) for place in range(3)),
    )
    assert_kept_right(crowded)
    assert not Import.objects.filter(state="receiving").exists()
    places = Import.objects.filter(applied_seq__isnull=False).values_list("applied_seq", flat=True)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("seed", [1, 2])
def test_peoples_work_stays_whatever_is_done_at_once(alice, crowded, plugin, seed):
    """They label some assets and complete others while scripts send and somebody flips: each answer stays as it is."""
    by_alice, made = makers.principal(alice), {}
    script, _ = by_session(alice, crowded, plugin)
    key = authentication.by_key(script.key)
    send(script, crowded, *map(item, range(1, 13)))

    def label() -> None:
        for task in Task.objects.filter(project=crowded, asset__number__in=(1, 2, 3)):
            answers.annotate(by_alice, task, Annotation({"tools": [], "classifications": [], "relations": []}))
            made[task.pk] = Task.objects.get(pk=task.pk).answer

    def complete() -> None:
        for task in Task.objects.filter(project=crowded, asset__number__in=(4, 5, 6)):
            tasks.set_status(by_alice, task, Task.Status.COMPLETED)
            made[task.pk] = Task.objects.get(pk=task.pk).answer

    at_once(label, complete, sender(key, crowded, seed), flipper(by_alice, crowded, seed), _sender_of(alice, crowded))
    assert len(made) == 6
    assert {task.pk: task.answer for task in Task.objects.filter(pk__in=made)} == made
    assert not prelabels.live(list(Task.objects.filter(pk__in=made).values_list("asset", flat=True)))
    assert_kept_right(crowded)


def _sender_of(user: User, project: Project) -> Callable[[], None]:
    return sender(makers.principal(user), project, 77)


def test_of_two_who_undo_at_once_one_does(alice, project, plugin):
    script, _ = by_session(alice, project, plugin)
    send(script, project, item(1), item(2))
    by_alice, imported = makers.principal(alice), Import.objects.get()
    done = at_once(*[lambda: possible(ledger.flip, by_alice, "undo", imported)] * 4)
    assert sorted(done) == [False, False, False, True]
    assert_kept_right(project)


def test_a_flip_while_an_import_ends_is_counted(alice, project, plugin):
    """The import has read its last item when the flip begins; whoever is later counts what the other did."""
    script, _ = by_session(alice, project, plugin)
    send(script, project, item(1), item(2))
    by_alice, imported = makers.principal(alice), Import.objects.get()
    together = threading.Barrier(2, timeout=PATIENCE_S)

    def items() -> Iterator[dict[str, Any]]:
        yield item(2, makers.box(x=9))
        yield item(3)
        together.wait()

    def undo() -> object:
        together.wait()
        return ledger.flip(by_alice, "undo", imported)

    at_once(lambda: imports.receive(authentication.by_key(script.key), project, items()), undo)
    assert ProjectHead.objects.get(project=project).pre_labeled == 2
    assert_kept_right(project)


def test_a_reader_sees_all_of_a_flip_or_nothing(alice, organization, plugin):
    project = makers.make_project(alice, organization, assets=300)
    script, _ = by_session(alice, project, plugin)
    send(script, project, *map(item, range(1, 301)))
    by_alice, imported = makers.principal(alice), Import.objects.get()
    assets = list(Asset.objects.filter(project=project).values_list("pk", flat=True))
    is_over = threading.Event()

    def flip() -> set[int]:
        for _ in range(TURNS):
            ledger.flip(by_alice, "undo", imported)
            ledger.flip(by_alice, "redo", imported)
        is_over.set()
        return set()

    def look() -> set[int]:
        seen = set()
        while not is_over.is_set():
            seen.add(len(prelabels.live(assets)))
        return seen

    assert set().union(*at_once(flip, look, look)) <= {0, 300}


def test_a_reader_sees_no_half_import(alice, organization, plugin):
    project = makers.make_project(alice, organization, assets=2_500)
    script, _ = by_session(alice, project, plugin)
    is_over = threading.Event()

    def sent() -> set[int]:
        send(script, project, *map(item, range(1, 2_501)))
        is_over.set()
        return set()

    def look() -> set[int]:
        seen = set()
        while not is_over.is_set():
            live = PreLabel.objects.filter(asset__project=project, origin__state="applied", is_unchanged=False)
            seen.add(live.count())
        return seen

    assert set().union(*at_once(sent, look)) <= {0, 2_500}
    assert_kept_right(project)


def test_assets_that_are_deleted_meanwhile_are_not_counted(alice, organization, plugin):
    project = makers.make_project(alice, organization, assets=60)
    script, _ = by_session(alice, project, plugin)
    send(script, project, *map(item, range(1, 61)))
    by_alice, imported = makers.principal(alice), Import.objects.get()
    uids = list(Asset.objects.filter(project=project, number__lte=40).values_list("uid", flat=True))

    def flip() -> None:
        for _ in range(TURNS):
            ledger.flip(by_alice, "undo", imported)
            ledger.flip(by_alice, "redo", imported)

    def delete() -> None:
        for start in range(0, len(uids), 8):
            deletions.delete_assets(by_alice, project, uids[start : start + 8])

    at_once(flip, delete)
    assert ProjectHead.objects.get(project=project).pre_labeled == 20


def test_a_review_and_the_script_that_still_sends_get_along(alice, crowded, plugin):
    script, session = by_session(alice, crowded, plugin, review_first=True)
    send(script, crowded, *map(item, range(1, 7)))
    by_alice, key = makers.principal(alice), authentication.by_key(script.key)

    def review() -> None:
        for _ in range(TURNS):
            possible(reviews.accept, by_alice, session, classes=["c" * 24])

    at_once(review, sender(key, crowded, 7), flipper(by_alice, crowded, 8))
    assert_kept_right(crowded)
    assert not Import.objects.filter(state="receiving").exists()
