"""What becomes of imports once they are whole: applied or discarded, undone and redone.

Each is a flip of state in one transaction, so that all of it is true at once or not at all. The project's head orders
whoever comes at once: flips, imports that become whole, and assets that are deleted.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Literal

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit, bulk, import_assets, import_overlap
from pluginhost.actions.timeline import tell
from pluginhost.asset_numbers import numbers_of
from pluginhost.errors import Conflict, NotFound, PluginhostError
from pluginhost.models import Import, Project, ProjectHead, Session, Task
from pluginhost.principal import Principal
from pluginhost.protocol.numbers import NumberSet

logger = logging.getLogger(__name__)

ASKED_ABOVE = 1_000
"""So many objects are changed without asking first."""

State = Import.State
Verb = Literal["apply", "discard", "undo", "redo"]
MOVES: dict[Verb, tuple[Import.State, Import.State]] = {
    "apply": (State.STAGED, State.APPLIED),
    "discard": (State.STAGED, State.DISCARDED),
    "undo": (State.APPLIED, State.UNDONE),
    "redo": (State.UNDONE, State.APPLIED),
}
DONE: dict[Verb, str] = {"apply": "applied", "discard": "discarded", "undo": "undone", "redo": "redone"}
_AUDITED: dict[Verb, tuple[str, str]] = {
    "apply": ("import.applied", "session.imports_applied"),
    "discard": ("import.discarded", "session.imports_discarded"),
    "undo": ("import.undone", "session.imports_undone"),
    "redo": ("import.redone", "session.imports_redone"),
}


@dataclass(frozen=True)
class Flip:
    """What a flip touches, or touched: so many imports, the assets that they give something, and their objects.

    `worked_on` are the numbers of those assets that people have labeled since: they show people's answer before and
    after, and are listed, not changed.
    """

    verb: Verb
    imports: int = 0
    assets: int = 0
    objects: int = 0
    worked_on: list[int] = field(default_factory=list)


class NeedsConfirmation(Conflict):
    """So much would change that whoever asks is asked first; `flip` says what."""

    def __init__(self, flip: Flip) -> None:
        super().__init__(f"This changes {flip.objects:,} objects on {flip.assets:,} assets; confirm that you mean it.")
        self.flip = flip


def foresee(verb: Verb, about: Import | Session) -> Flip:
    """What the verb would touch now, to be said before anybody presses anything."""
    moving = _movable(verb, about)
    return replace(_looked_at(verb, moving), worked_on=_worked_on(about.project, import_assets.of(moving)))


def flip(principal: Principal, verb: Verb, about: Import | Session, *, confirmed: bool = False) -> Flip:
    """Apply, discard, undo or redo an import, or all of a session's that stand in the state for it.

    `apply` makes what is staged true, in the order in which it came; `discard` lets it go for good. `undo` takes back
    what is applied, so that what it hid shows again; `redo` makes that true again at the place that it had.
    """
    foreseen = foresee(verb, about)
    if foreseen.objects > ASKED_ABOVE and not confirmed:
        raise NeedsConfirmation(foreseen)
    done = replace(_move(principal, verb, about), worked_on=foreseen.worked_on)
    logger.info("%s %s: %s objects %s", type(about).__name__.lower(), about.pk, done.objects, DONE[verb])
    return done


# --- what it touches ---


def _movable(verb: Verb, about: Import | Session) -> QuerySet[Import]:
    """The imports that stand in the state which the verb leads out of."""
    return Import.objects.filter(_mine(about), state=MOVES[verb][0]).order_by("pk")


def _mine(about: Import | Session) -> Q:
    return Q(session=about) if isinstance(about, Session) else Q(pk=about.pk)


def _looked_at(verb: Verb, imports: QuerySet[Import]) -> Flip:
    sums = imports.order_by().aggregate(imports=Count("pk"), objects=Sum("objects_count"))
    return Flip(verb, sums["imports"], len(import_assets.of(imports)), sums["objects"] or 0)


def _worked_on(project: Project, given: NumberSet) -> list[int]:
    """Those of the assets that people have labeled."""
    return list(numbers_of(Task.objects.filter(project=project, answer__isnull=False), "asset__number") & given)


def _newly_labeled(verb: Verb, about: Import | Session, given: NumberSet) -> int:
    """By how many assets the project's pre-labeled ones change: those that no other import that counts is about."""
    if verb == "discard":
        return 0
    if verb != "undo":
        return import_assets.newly_labeled(given, about.project_id)
    return -import_assets.newly_labeled(given, about.project_id, _mine(about))


# --- the flip ---


@transaction.atomic
def _move(principal: Principal, verb: Verb, about: Import | Session) -> Flip:
    """In the project's one order of changes, so that what is counted beside it stays true."""
    head = ProjectHead.objects.select_for_update().get(project=about.project_id)
    moving = _movable(verb, about)
    flip = _looked_at(verb, moving)
    if not flip.imports:
        raise _nothing_to(verb, about)
    labeled = _newly_labeled(verb, about, import_assets.of(moving) - head.deleted)
    place = _set_state(principal, verb, moving, head.last_applied)
    ProjectHead.objects.filter(pk=head.pk).update(
        last_applied=place, last_import_at=timezone.now(), pre_labeled=F("pre_labeled") + labeled
    )
    session = about if isinstance(about, Session) else about.session
    if session is not None:
        _note_on_session(principal, session, about, flip)
    _write_down(principal, about, flip)
    nudge.project(about.project_id)
    return flip


def _set_state(principal: Principal, verb: Verb, moving: QuerySet[Import], place: int) -> int:
    """The newest place in the order of imports: a new one in any case, so that who is importing now counts anew."""
    if verb == "apply":
        return give_places(principal, moving, place)
    moving.update(state=MOVES[verb][1], changed_at=timezone.now(), changed_by=principal.user)
    return place + 1


def give_places(principal: Principal, moving: QuerySet[Import], place: int) -> int:
    """Make imports of a session true in the order in which they came, after `place`; the last one's place."""
    now = timezone.now()
    hid = import_overlap.hid_each(moving)
    moving.update(applied_at=now, changed_at=now, changed_by=principal.user)
    rows = [(State.APPLIED.value, place + step, assets, pk) for step, (pk, assets) in enumerate(hid, 1)]
    bulk.update(Import, ("state", "applied_seq", "hid_assets"), "id", rows)
    return place + len(rows)


def count_again(session: Session) -> None:
    """After some of its results were discarded: they had been counted as accepted."""
    Session.objects.filter(pk=session.pk).update(
        objects_count=import_assets.objects_of(session),
        accepted=len(import_assets.accepted_of(session)),
        discarded=len(import_assets.discarded_of(session)),
    )


def _nothing_to(verb: Verb, about: Import | Session) -> PluginhostError:
    wanted = MOVES[verb][0].label.lower()
    if isinstance(about, Session):
        return Conflict(f"Session #{about.pk} has no {wanted} imports, so there is nothing to {verb}.")
    state = Import.objects.filter(pk=about.pk).values_list("state", flat=True).first()
    if state is None:
        return NotFound(f"Import {about.pk} broke off, and nothing of it was kept.")
    return Conflict(f"Import {about.pk} is {state}; only one that is {wanted} can be {DONE[verb]}.")


# --- what is said of it ---


def _note_on_session(principal: Principal, session: Session, about: Import | Session, flip: Flip) -> None:
    if flip.verb == "discard":
        count_again(session)
    else:  # what was undone had been accepted all the same
        Session.objects.filter(pk=session.pk).update(objects_count=import_assets.objects_of(session))
    what = f"Import {about.pk}" if isinstance(about, Import) else _of(flip.imports, "import")
    extent = f"{_of(flip.assets, 'asset')}, {_of(flip.objects, 'object')}"
    tell(session, DONE[flip.verb], f"{what} {DONE[flip.verb]} by {principal.user.username}: {extent}")
    nudge.session(session.pk)


def _write_down(principal: Principal, about: Import | Session, flip: Flip) -> None:
    verb = _AUDITED[flip.verb][1 if isinstance(about, Session) else 0]
    audit.note(
        principal, verb, organization=about.project.organization, target=about,
        details={
            "project": about.project.name, "imports": flip.imports, "assets": flip.assets, "objects": flip.objects
        },
    )  # fmt: skip


def _of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
