"""Which assets imports give something new, as sets of asset numbers, and what is counted from them.

A hundred thousand assets are compared in a few milliseconds so: an undo is at once, and the numbers that are kept
about it are right all the same.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from pluginhost.asset_numbers import numbers_of
from pluginhost.import_standing import STANDING
from pluginhost.models import Import, ImportAssets, PreLabel, Session
from pluginhost.protocol.numbers import NumberSet

LOOKED_UP = 200
"""So many assets are looked up by their rows, which is the quicker where a project has a great many imports."""

PLACE = Coalesce("origin__applied_seq", F("origin_id") + 2**60)
"""In the order in which a session's results count: those that wait for a review come after all that are applied."""


def given_by(imported: Import) -> NumberSet:
    """Counted from its rows."""
    return numbers_of(PreLabel.objects.filter(origin=imported, is_unchanged=False), "asset__number")


def keep(imported: Import, given: NumberSet) -> None:
    """Store the set of an import that becomes whole."""
    ImportAssets.objects.bulk_create([ImportAssets(origin=imported, numbers_stored=given.to_bytes())])


def of(imports: QuerySet[Import]) -> NumberSet:
    """The assets that any of the imports gives something."""
    return NumberSet.union_of(stored for _, stored in kept(imports))


def among(given: NumberSet, imports: QuerySet[Import], project_id: int) -> NumberSet:
    """Those of a project's assets that any of its `imports` gives something, too."""
    if len(given) > LOOKED_UP:
        return of(imports) & given
    found = near(given, project_id)
    counting = imports.filter(pk__in=list(found)).values_list("pk", flat=True)
    return NumberSet.of(number for origin in counting for number in found[origin])


def near(given: NumberSet, project_id: int) -> dict[int, list[int]]:
    """By import, which of these few assets it gives something.

    Imports are not narrowed in the same query: a database would go through all of them for each asset.
    """
    rows = PreLabel.objects.filter(asset__project=project_id, asset__number__in=list(given), is_unchanged=False)
    found: dict[int, list[int]] = {}
    for origin, number in rows.order_by().values_list("origin_id", "asset__number"):
        found.setdefault(origin, []).append(number)
    return found


def newly_labeled(given: NumberSet, project_id: int, moving: Q | None = None) -> int:
    """How many of the assets no applied import gives anything, but for the `moving` ones."""
    others = Import.objects.filter(project=project_id, state=Import.State.APPLIED)
    others = others if moving is None else others.exclude(moving)
    return len(given - among(given, others, project_id))


def objects_of(session: Session) -> int:
    """The objects that its assets have from it now: of its results that stand, on each asset the last."""
    standing = Import.objects.filter(session=session, state__in=STANDING)
    all_objects = standing.aggregate(all=Sum("objects_count"))["all"] or 0
    stored = [one for _, one in kept(standing)]
    if sum(map(NumberSet.length_of, stored)) == len(NumberSet.union_of(stored)):
        return int(all_objects)
    return int(all_objects) - _replaced(session)


def accepted_of(session: Session) -> NumberSet:
    """The assets that the session gave something which was not turned down."""
    came = Import.objects.filter(session=session)
    return of(came.exclude(state__in=(Import.State.RECEIVING, Import.State.DISCARDED)))


def discarded_of(session: Session) -> NumberSet:
    """Those of whose results all were."""
    discarded = of(Import.objects.filter(session=session, state=Import.State.DISCARDED))
    return discarded - accepted_of(session)


def _replaced(session: Session) -> int:
    """Objects in rows of the session that a later one of its own took the place of."""
    rows = PreLabel.objects.filter(origin__session=session, origin__state__in=STANDING, is_unchanged=False)
    rows = rows.annotate(place=PLACE)
    later = rows.filter(asset=OuterRef("asset"), place__gt=OuterRef("place"))
    return rows.filter(Exists(later)).order_by().aggregate(all=Sum("objects_count"))["all"] or 0


def kept(imports: QuerySet[Import]) -> list[tuple[int, bytes]]:
    """(import, its set as it is stored), in the order of the imports."""
    _complete(imports)
    kept = ImportAssets.objects.filter(origin__in=imports.order_by()).order_by("origin_id")
    return [(origin, bytes(stored)) for origin, stored in kept.values_list("origin_id", "numbers_stored")]


def _complete(imports: QuerySet[Import]) -> None:
    """The sets of imports that are older than sets are made from their rows."""
    older = imports.filter(assets_given=None).exclude(state=Import.State.RECEIVING)
    made = [ImportAssets(origin=one, numbers_stored=given_by(one).to_bytes()) for one in older]
    ImportAssets.objects.bulk_create(made, ignore_conflicts=True)
