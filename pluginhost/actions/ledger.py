"""What becomes of imports once they are whole: applied or discarded, undone and redone.

Each is a flip of state, one conditional UPDATE, so that all of it is true at once or not at all. The project's head
orders whoever comes at once: flips, imports that become whole, and assets that are deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit, bulk
from pluginhost.actions.timeline import tell
from pluginhost.errors import Conflict
from pluginhost.models import Import, PreLabel, ProjectHead, Session, Task
from pluginhost.principal import Principal

logger = logging.getLogger(__name__)

ASKED_ABOVE = 1_000
"""So many objects are changed without asking first."""

State = Import.State
Verb = Literal["apply", "discard", "undo", "redo"]
_MOVES: dict[Verb, tuple[Import.State, Import.State]] = {
    "apply": (State.STAGED, State.APPLIED),
    "discard": (State.STAGED, State.DISCARDED),
    "undo": (State.APPLIED, State.UNDONE),
    "redo": (State.UNDONE, State.APPLIED),
}
_DONE: dict[Verb, str] = {"apply": "applied", "discard": "discarded", "undo": "undone", "redo": "redone"}


class NeedsConfirmation(Conflict):
    """So much would change that whoever asks is asked first; `flip` says what."""

    def __init__(self, flip: Flip) -> None:
        super().__init__(f"This changes {flip.objects:,} objects on {flip.assets:,} assets; confirm that you mean it.")
        self.flip = flip


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


def foresee(verb: Verb, about: Import | Session) -> Flip:
    """What the verb would touch now, to be said before anybody presses anything."""
    return _looked_at(verb, _movable(verb, about))


def apply(principal: Principal, imported: Import, *, confirmed: bool = False) -> Flip:
    """Make a staged import true."""
    return _flip(principal, "apply", imported, confirmed)


def discard(principal: Principal, imported: Import, *, confirmed: bool = False) -> Flip:
    """Let a staged import go for good."""
    return _flip(principal, "discard", imported, confirmed)


def undo(principal: Principal, imported: Import, *, confirmed: bool = False) -> Flip:
    """Take an applied import back: what it hid shows again."""
    return _flip(principal, "undo", imported, confirmed)


def redo(principal: Principal, imported: Import, *, confirmed: bool = False) -> Flip:
    """Make an undone import true again, at the place that it had."""
    return _flip(principal, "redo", imported, confirmed)


def apply_session(principal: Principal, session: Session, *, confirmed: bool = False) -> Flip:
    """Make all staged imports of the session true, in the order in which they came."""
    return _flip(principal, "apply", session, confirmed)


def discard_session(principal: Principal, session: Session, *, confirmed: bool = False) -> Flip:
    """Let all staged imports of the session go."""
    return _flip(principal, "discard", session, confirmed)


def undo_session(principal: Principal, session: Session, *, confirmed: bool = False) -> Flip:
    """Take back all that the session imported."""
    return _flip(principal, "undo", session, confirmed)


def redo_session(principal: Principal, session: Session, *, confirmed: bool = False) -> Flip:
    """Make true again all of the session's imports that were undone."""
    return _flip(principal, "redo", session, confirmed)


# --- how ---


def _movable(verb: Verb, about: Import | Session) -> QuerySet[Import]:
    """The imports that stand in the state which the verb leads out of, in the order in which they came."""
    mine = Import.objects.filter(session=about) if isinstance(about, Session) else Import.objects.filter(pk=about.pk)
    return mine.filter(state=_MOVES[verb][0]).order_by("pk")


def _looked_at(verb: Verb, imports: QuerySet[Import]) -> Flip:
    pks = list(imports.values_list("pk", flat=True))
    given = PreLabel.objects.filter(origin__in=pks, is_unchanged=False).order_by()
    worked = Task.objects.filter(answer__isnull=False, asset__in=given.values("asset")).order_by("asset__number")
    return Flip(
        verb,
        imports=len(pks),
        assets=given.values("asset").distinct().count(),
        objects=imports.aggregate(objects=Sum("objects_count"))["objects"] or 0,
        worked_on=list(worked.values_list("asset__number", flat=True)),
    )


def _flip(principal: Principal, verb: Verb, about: Import | Session, confirmed: bool) -> Flip:
    flip = foresee(verb, about)
    if flip.imports and flip.objects > ASKED_ABOVE and not confirmed:
        raise NeedsConfirmation(flip)
    with transaction.atomic():
        _move(principal, verb, about)
        _write_down(principal, verb, about, flip)
    logger.info("%s %s: %s objects %s", type(about).__name__.lower(), about.pk, flip.objects, _DONE[verb])
    return flip


def _move(principal: Principal, verb: Verb, about: Import | Session) -> None:
    head = ProjectHead.objects.select_for_update().get(project=about.project_id)
    moving = list(_movable(verb, about).select_for_update().values_list("pk", flat=True))
    if not moving:
        raise _nothing_to(verb, about)
    is_live = verb == "undo"
    before = _shown_only_by(moving) if is_live else 0
    place = _set_state(principal, verb, moving, head.last_applied)
    after = _shown_only_by(moving) if _MOVES[verb][1] == State.APPLIED else 0
    ProjectHead.objects.filter(pk=head.pk).update(
        last_applied=place, last_import_at=timezone.now(), pre_labeled=F("pre_labeled") + after - before
    )


def _set_state(principal: Principal, verb: Verb, moving: list[int], place: int) -> int:
    """The newest place in the order of imports: a new one in any case, so that who is importing now counts anew."""
    leave, reach = _MOVES[verb]
    now = timezone.now()
    rows = Import.objects.filter(pk__in=moving, state=leave)
    changes: dict[str, Any] = {"state": reach, "changed_at": now, "changed_by": principal.user}
    if verb != "apply":
        rows.update(**changes)
        return place + 1
    fields = ("state", "changed_at", "changed_by", "applied_at", "applied_seq")
    values = [(reach.value, now, principal.user.pk, now, place + step, pk) for step, pk in enumerate(moving, 1)]
    bulk.update(Import, fields, "id", values)
    return place + len(moving)


def _shown_only_by(imports: Iterable[int]) -> int:
    """Assets that show pre-labels of these imports and of no others."""
    pks = list(imports)
    mine = PreLabel.objects.filter(origin__in=pks, is_unchanged=False, origin__state=State.APPLIED)
    others = PreLabel.objects.filter(asset=OuterRef("asset"), is_unchanged=False, origin__state=State.APPLIED)
    alone = mine.filter(~Exists(others.exclude(origin__in=pks)))
    return alone.order_by().values("asset").distinct().count()


def _nothing_to(verb: Verb, about: Import | Session) -> Conflict:
    wanted = _MOVES[verb][0].label.lower()
    if isinstance(about, Session):
        return Conflict(f"Session #{about.pk} has no {wanted} imports, so there is nothing to {verb}.")
    state = Import.objects.values_list("state", flat=True).get(pk=about.pk)
    return Conflict(f"Import {about.pk} is {state}; only one that is {wanted} can be {_DONE[verb]}.")


def _write_down(principal: Principal, verb: Verb, about: Import | Session, flip: Flip) -> None:
    project = about.project
    noun = "session.imports" if isinstance(about, Session) else "import"
    details: dict[str, object] = {"imports": flip.imports, "assets": flip.assets, "objects": flip.objects}
    audit.note(
        principal, f"{noun}_{_DONE[verb]}" if noun != "import" else f"import.{_DONE[verb]}",
        organization=project.organization, target=about, details={**details, "project": project.name},
    )  # fmt: skip
    session = about if isinstance(about, Session) else about.session
    if session is not None:
        tell(session, _DONE[verb], f"{principal.user.username}: {flip.imports} imports {_DONE[verb]}")
        nudge.session(session.pk)
    nudge.project(about.project_id)
