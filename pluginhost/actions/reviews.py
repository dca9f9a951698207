"""Taking what a review lets pass of a session's staged imports; the rest is discarded.

Pre-labels are immutable: where only some objects are taken, they come to a new import of the session, which says of
which staged one it holds what was taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit, bulk, import_assets, imports, ledger, processes
from pluginhost.actions.ledger import ASKED_ABOVE, Flip, NeedsConfirmation
from pluginhost.actions.timeline import tell
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Import, PreLabel, ProjectHead, Session
from pluginhost.principal import Principal
from pluginhost.protocol.import_text import digest, text_of
from pluginhost.protocol.numbers import NumberSet
from pluginhost.review_choice import Choice, Taken, staged, taken

_ROW = ("origin", "asset", "index", "content", "content_digest", "objects_count", "is_unchanged")
_COPIED = ("project_id", "session_id", "plugin_id", "user_id", "existing")
State = Import.State


@dataclass
class _Made:
    """An import that takes the place of a staged one, and what came to it so far."""

    imported: Import
    numbers: list[int] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)
    objects: int = 0


def foresee(session: Session, choice: Choice) -> Flip:
    """What `accept` would apply now."""
    _check(choice)
    if choice.is_everything:
        return ledger.foresee("apply", session)
    waiting = list(staged(session))
    counts = [(len(some), _objects(some)) for _, some in taken(waiting, choice)]
    return Flip("apply", len(waiting), sum(assets for assets, _ in counts), sum(objects for _, objects in counts))


def accept(
    principal: Principal,
    session: Session,
    *,
    classes: Collection[str] | None = None,
    least_confidence: float | None = None,
    without: Collection[int] = (),
    confirmed: bool = False,
) -> Flip:
    """Apply what passes of all that the session has staged, and discard the rest (see `Choice`)."""
    choice = Choice(classes, least_confidence, without)
    if choice.is_everything:
        return ledger.flip(principal, "apply", session, confirmed=confirmed)
    if not confirmed and ledger.foresee("apply", session).objects > ASKED_ABOVE:
        foreseen = foresee(session, choice)
        if foreseen.objects > ASKED_ABOVE:
            raise NeedsConfirmation(foreseen)
    _check(choice)
    waiting = list(staged(session))
    if not waiting:
        raise Conflict(f"Session #{session.pk} has nothing staged, so there is nothing to review.")
    made: dict[int, _Made] = {}
    try:
        for origin, some in taken(waiting, choice):
            _take(origin, some, made)
        return _make_true(principal, session, waiting, list(made.values()))
    except BaseException as error:
        for one in made.values():
            imports.remove(one.imported)
        if isinstance(error, IntegrityError):  # an asset was deleted, or a sweep took the new rows away
            raise _moved(session) from None
        raise


def _check(choice: Choice) -> None:
    least = choice.least_confidence
    if least is not None and not 0 <= least <= 1:
        message = "The least confidence must be a number from 0 to 1."
        raise Invalid(message, [{"path": "least_confidence", "message": message}])


def _objects(some: Sequence[Taken]) -> int:
    return sum(len(one.content.get("objects", ())) for one in some)


# --- the new imports, invisible until they are whole ---


@transaction.atomic
def _take(origin: Import, some: Sequence[Taken], made: dict[int, _Made]) -> None:
    if not some:
        return
    if origin.pk not in made:
        made[origin.pk] = _Made(_begin(origin))
    one = made[origin.pk]
    texts = [text_of(asset.content) for asset in some]
    bulk.insert(PreLabel, _ROW, [_row(one.imported, *pair) for pair in zip(some, texts, strict=True)])
    one.numbers += [asset.number for asset in some]
    one.objects += _objects(some)
    one.classes.update(item["schemaId"] for asset in some for item in asset.content.get("objects", ()))


def _begin(origin: Import) -> Import:
    copied = {name: getattr(origin, name) for name in _COPIED}
    return Import.objects.create(**copied, process=processes.current(), reviewed_from=origin)


def _row(imported: Import, asset: Taken, text: str) -> tuple[object, ...]:
    objects = len(asset.content.get("objects", ()))
    return imported.pk, asset.asset, asset.place, text, digest(text), objects, False


@transaction.atomic
def _make_true(principal: Principal, session: Session, waiting: Sequence[Import], made: Sequence[_Made]) -> Flip:
    """The new ones are applied and the staged ones discarded, at once."""
    head = ProjectHead.objects.select_for_update().get(project=session.project_id)
    still = Import.objects.filter(pk__in=[one.pk for one in waiting], state=State.STAGED)
    now = timezone.now()
    if still.update(state=State.DISCARDED, changed_at=now, changed_by=principal.user) != len(waiting):
        raise _moved(session)
    for one in made:
        _complete(one)
    place, labeled = head.last_applied + 1, 0
    if made:
        moving = Import.objects.filter(pk__in=[one.imported.pk for one in made], state=State.RECEIVING).order_by("pk")
        if moving.count() != len(made):
            raise _moved(session)
        labeled = import_assets.newly_labeled(import_assets.of(moving) - head.deleted, session.project_id)
        place = ledger.give_places(principal, moving, head.last_applied)
    ProjectHead.objects.filter(pk=head.pk).update(
        last_applied=place, last_import_at=now, pre_labeled=F("pre_labeled") + labeled
    )
    flip = Flip("apply", len(waiting), sum(len(one.numbers) for one in made), sum(one.objects for one in made))
    _note(principal, session, flip)
    return flip


def _complete(one: _Made) -> None:
    import_assets.keep(one.imported, NumberSet.of(one.numbers))
    assets = len(one.numbers)
    Import.objects.filter(pk=one.imported.pk).update(
        items=assets, accepted=assets, objects_count=one.objects, classes=one.classes
    )


def _note(principal: Principal, session: Session, flip: Flip) -> None:
    ledger.count_again(session)
    extent = f"{flip.objects:,} objects on {flip.assets:,} assets"
    tell(session, "reviewed", f"Reviewed by {principal.user.username}: {extent} were accepted, the rest was discarded.")
    audit.note(
        principal, "session.review_accepted", organization=session.project.organization, target=session,
        details={"project": session.project.name, "assets": flip.assets, "objects": flip.objects},
    )  # fmt: skip
    nudge.session(session.pk)
    nudge.project(session.project_id)


def _moved(session: Session) -> Conflict:
    return Conflict(f"What session #{session.pk} has staged changed meanwhile; look at it again.")
