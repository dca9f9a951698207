"""What a page says before imports are applied, discarded, undone or redone, and what it says after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast, get_args

from django.db.models import Q

from pluginhost.actions import import_overlap, ledger
from pluginhost.actions.ledger import Flip, Verb
from pluginhost.errors import Conflict
from pluginhost.models import Asset, Import, PreLabel, Session
from pluginhost.principal import Principal

MOST_SHOWN = 50
VERBS: tuple[str, ...] = get_args(Verb)


@dataclass(frozen=True)
class Foreseen:
    """What a verb would touch; `imports` are the newest that it would move, `about` is what it is to be done to."""

    verb: Verb
    about: Session | list[Import]
    imports: list[Import]
    flip: Flip
    worked_on: list[Asset]

    @property
    def more(self) -> int:
        return self.flip.imports - len(self.imports)

    @property
    def more_worked_on(self) -> int:
        return len(self.flip.worked_on) - len(self.worked_on)

    @cached_property
    def hid(self) -> int:
        """Assets where earlier results show again after an undo; what is undone as well is none of them."""
        return len(import_overlap.hid_others(Import.objects.filter(self._moving, state=ledger.MOVES["undo"][0])))

    @property
    def _moving(self) -> Q:
        about = self.about
        return Q(session=about) if isinstance(about, Session) else Q(pk__in=[one.pk for one in about])

    @property
    def must_be_typed(self) -> bool:
        return self.flip.objects > ledger.ASKED_ABOVE

    @property
    def what(self) -> str:
        """«import 15», «3 imports»."""
        return f"import {self.imports[0].pk}" if self.flip.imports == 1 else f"{self.flip.imports:,} imports"


def foresee(verb: Verb, about: Session | Sequence[Import]) -> Foreseen:
    """What the verb would do to all of a session's imports, or to these."""
    if isinstance(about, Session):
        waiting = Import.objects.filter(session=about, state=ledger.MOVES[verb][0]).select_related("plugin", "user")
        flip, shown = ledger.foresee(verb, about), list(waiting.order_by("-pk")[:MOST_SHOWN])
        return Foreseen(verb, about, shown, flip, _worked_on(about.project_id, flip))
    moved = sorted((one for one in about if one.state == ledger.MOVES[verb][0]), key=lambda one: -one.pk)
    flip = _sum(verb, moved)
    return Foreseen(verb, moved, moved[:MOST_SHOWN], flip, _worked_on(moved[0].project_id, flip) if moved else [])


def _worked_on(project: int, flip: Flip) -> list[Asset]:
    shown = Asset.objects.filter(project=project, number__in=flip.worked_on[:MOST_SHOWN])
    return list(shown.order_by("number")) if flip.worked_on else []


def _sum(verb: Verb, imports: Sequence[Import]) -> Flip:
    """Of several: an asset that two of them give something counts once."""
    if len(imports) == 1:
        return ledger.foresee(verb, imports[0])
    flips = [ledger.foresee(verb, one) for one in imports]
    given = PreLabel.objects.filter(origin__in=[one.pk for one in imports], is_unchanged=False)
    return Flip(
        verb,
        imports=len(imports),
        assets=given.order_by().values("asset").distinct().count() if imports else 0,
        objects=sum(flip.objects for flip in flips),
        worked_on=sorted({number for flip in flips for number in flip.worked_on}),
    )


def do(principal: Principal, foreseen: Foreseen) -> Flip:
    """A session's imports whole and at once; chosen ones each by itself, in the order in which they came.

    Of those that somebody else was faster with nothing is said, unless that are all.
    """
    verb, about = foreseen.verb, foreseen.about
    if isinstance(about, Session):
        return ledger.flip(principal, verb, about, confirmed=True)
    flips, refused = [], None
    for one in sorted(about, key=lambda one: one.pk):
        try:
            flips.append(ledger.flip(principal, verb, one, confirmed=True))
        except Conflict as error:
            refused = error
    if refused is not None and not flips:
        raise refused
    return Flip(verb, len(flips), foreseen.flip.assets, sum(flip.objects for flip in flips))


def sentence(flip: Flip) -> str:
    """«2 imports are undone: 1,702 objects on 299 assets.»"""
    noun = "1 import is" if flip.imports == 1 else f"{flip.imports:,} imports are"
    objects = "1 object" if flip.objects == 1 else f"{flip.objects:,} objects"
    assets = "1 asset" if flip.assets == 1 else f"{flip.assets:,} assets"
    return f"{noun} {ledger.DONE[flip.verb]}: {objects} on {assets}."


def verb_of(text: str) -> Verb | None:
    return cast("Verb", text) if text in VERBS else None


def verbs_for(state: str) -> list[Verb]:
    """What may be done with an import in this state."""
    return [verb for verb, (before, _) in ledger.MOVES.items() if before == state]
