"""Which assets imports give something new, as sets of asset numbers, and what is counted from them.

A hundred thousand assets are compared in a few milliseconds so: an undo is at once, and the numbers that are kept
about it are right all the same.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from pluginhost.actions.import_rows import STANDING
from pluginhost.asset_numbers import numbers_of
from pluginhost.models import Import, ImportAssets, PreLabel, Session
from pluginhost.models.session import Existing
from pluginhost.protocol.numbers import NumberSet

_LOOKED_UP = 200
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
    return NumberSet.union_of(stored for _, stored in _kept(imports))


def among(given: NumberSet, imports: QuerySet[Import], project_id: int) -> NumberSet:
    """Those of a project's assets that any of its `imports` gives something, too."""
    if len(given) > _LOOKED_UP:
        return of(imports) & given
    rows = PreLabel.objects.filter(
        asset__project=project_id, asset__number__in=list(given), is_unchanged=False, origin__in=imports.order_by()
    )
    return NumberSet.of(rows.order_by().values_list("asset__number", flat=True))


def newly_labeled(given: NumberSet, project_id: int, moving: Q | None = None) -> int:
    """How many of the assets no applied import gives anything, but for the `moving` ones."""
    others = Import.objects.filter(project=project_id, state=Import.State.APPLIED)
    others = others if moving is None else others.exclude(moving)
    return len(given - among(given, others, project_id))


def hidden_by(imported: Import) -> QuerySet[Import]:
    """The applied imports whose pre-labels it takes the place of, where it has its own (see `prelabels`)."""
    giver = Q(plugin=imported.plugin_id) if imported.plugin_id else Q(plugin=None, user=imported.user_id)
    own = Q(session=imported.session_id) if imported.session_id else Q(pk__in=[])
    hidden = own | giver if imported.existing == Existing.REPLACE else own
    applied = Import.objects.filter(project=imported.project_id, state=Import.State.APPLIED)
    return applied.filter(hidden).exclude(pk=imported.pk)


def hid_each(moving: QuerySet[Import]) -> list[tuple[int, int]]:
    """(its key, assets on which it hides others) of each staged import of a session, applied one after the other."""
    shown = of(hidden_by(moving[0]))
    counts = []
    for origin, stored in _kept(moving):
        given = NumberSet.from_bytes(stored)
        counts.append((origin, len(given & shown)))
        shown = shown | given
    return counts


def objects_of(session: Session) -> int:
    """The objects that its assets have from it now: of its results that stand, on each asset the last."""
    standing = Import.objects.filter(session=session, state__in=STANDING)
    all_objects = standing.aggregate(all=Sum("objects_count"))["all"] or 0
    stored = [one for _, one in _kept(standing)]
    if sum(map(NumberSet.length_of, stored)) == len(NumberSet.union_of(stored)):
        return int(all_objects)
    return int(all_objects) - _replaced(session)


def _replaced(session: Session) -> int:
    """Objects in rows of the session that a later one of its own took the place of."""
    rows = PreLabel.objects.filter(origin__session=session, origin__state__in=STANDING, is_unchanged=False)
    rows = rows.annotate(place=PLACE)
    later = rows.filter(asset=OuterRef("asset"), place__gt=OuterRef("place"))
    return rows.filter(Exists(later)).order_by().aggregate(all=Sum("objects_count"))["all"] or 0


def _kept(imports: QuerySet[Import]) -> list[tuple[int, bytes]]:
    """(import, its set as it is stored), in the order of the imports."""
    _complete(imports)
    kept = ImportAssets.objects.filter(origin__in=imports.order_by()).order_by("origin_id")
    return [(origin, bytes(stored)) for origin, stored in kept.values_list("origin_id", "numbers_stored")]


def _complete(imports: QuerySet[Import]) -> None:
    """The sets of imports that are older than sets are made from their rows."""
    older = imports.filter(assets_given=None).exclude(state=Import.State.RECEIVING)
    made = [ImportAssets(origin=one, numbers_stored=given_by(one).to_bytes()) for one in older]
    ImportAssets.objects.bulk_create(made, ignore_conflicts=True)
