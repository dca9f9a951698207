"""On which of its assets an import meets others: those that it hides, and those of its own session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from django.db.models import Q, QuerySet

from pluginhost.actions import import_assets
from pluginhost.models import Import
from pluginhost.models.session import Existing
from pluginhost.protocol.numbers import NumberSet

State = Import.State


@dataclass(frozen=True)
class Overlap:
    """Those of an import's assets that others give something: any applied one, those that it hides, its session's.

    What of its session's was discarded counts no more.
    """

    applied: NumberSet
    hidden: NumberSet
    own: NumberSet


def overlap(imported: Import, given: NumberSet) -> Overlap:
    """Of an import that becomes whole and gives these assets something."""
    applied, hidden, own = [], [], []
    for other, stored in _others(imported, given):
        if other.state == State.APPLIED:
            applied.append(stored)
            hidden += [stored] if _hides(imported, other) else []
        is_own = imported.session_id is not None and other.session_id == imported.session_id
        own += [stored] if is_own and other.state != State.DISCARDED else []
    return Overlap(*(NumberSet.union_of(stored) & given for stored in (applied, hidden, own)))


def hid_each(moving: QuerySet[Import]) -> list[tuple[int, int]]:
    """(its key, assets on which it hides others) of each staged import of a session, applied one after the other."""
    shown = import_assets.of(_hidden_by(moving[0]))
    counts = []
    for origin, stored in import_assets.kept(moving):
        given = NumberSet.from_bytes(stored)
        counts.append((origin, len(given & shown)))
        shown = shown | given
    return counts


def hid_others(moving: QuerySet[Import]) -> NumberSet:
    """The assets on which these applied imports take the place of earlier ones that are none of them."""
    mine = _by_giver(moving)
    if not mine:
        return NumberSet()
    project = mine[0].example.project_id
    others = Import.objects.filter(project=project, state=State.APPLIED).exclude(pk__in=moving.order_by().values("pk"))
    hid = NumberSet()
    for other, one in product(_by_giver(others), mine):
        if _hides(one.example, other.example) and (other.example.applied_seq or 0) < one.last:
            hid = hid | (NumberSet.union_of(one.sets) & NumberSet.union_of(other.sets))
    return hid


@dataclass
class _Giver:
    """Imports that hide, and are hidden, alike: the first of them, the last one's place, and all their sets."""

    example: Import
    last: int
    sets: list[bytes]


def _by_giver(imports: QuerySet[Import]) -> list[_Giver]:
    """Applied imports, so that those of a script which sends one asset at a time are looked at together."""
    sets = dict(import_assets.kept(imports))
    columns = ("project_id", "session_id", "plugin_id", "user_id", "existing", "applied_seq")
    found: dict[tuple[object, ...], _Giver] = {}
    for one in imports.order_by("applied_seq").only(*columns):
        giver = found.setdefault((one.session_id, one.plugin_id, one.user_id, one.existing), _Giver(one, 0, []))
        giver.last = one.applied_seq or 0
        giver.sets.append(sets[one.pk])
    return list(found.values())


def _others(imported: Import, given: NumberSet) -> Iterator[tuple[Import, bytes]]:
    """The whole imports of the project that may be about the same assets, with the sets of theirs."""
    columns = Import.objects.only("state", "session_id", "plugin_id", "user_id").exclude(state=State.RECEIVING)
    if len(given) <= import_assets.LOOKED_UP:
        found = import_assets.near(given, imported.project_id)
        for other in columns.filter(pk__in=list(found)).exclude(pk=imported.pk):
            yield other, NumberSet.of(found[other.pk]).to_bytes()
        return
    others = columns.filter(project=imported.project_id).exclude(pk=imported.pk)
    sets = dict(import_assets.kept(others))
    for other in others.iterator():
        yield other, sets[other.pk]


def _hides(imported: Import, other: Import) -> bool:
    """Whether it takes the place of the other's pre-labels, where it has its own (see `prelabels`)."""
    if imported.session_id and imported.session_id == other.session_id:
        return True
    if imported.existing != Existing.REPLACE:
        return False
    if imported.plugin_id is not None:
        return imported.plugin_id == other.plugin_id
    return other.plugin_id is None and imported.user_id == other.user_id


def _hidden_by(imported: Import) -> QuerySet[Import]:
    """The applied imports of which that is so."""
    giver = Q(plugin=imported.plugin_id) if imported.plugin_id else Q(plugin=None, user=imported.user_id)
    own = Q(session=imported.session_id) if imported.session_id else Q(pk__in=[])
    hidden = own | giver if imported.existing == Existing.REPLACE else own
    return Import.objects.filter(hidden, project=imported.project_id, state=State.APPLIED).exclude(pk=imported.pk)
