"""What became of each asset of a session's scope, as sets of asset numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from .asset_numbers import numbers_of
from .models import Import, Notice, PreLabel, ProjectHead, Rejection, Session, SessionReads
from .prepared import Prepared
from .protocol.numbers import NumberSet

NAMES = ("accepted", "rejected", "unchanged", "discarded", "no_result", "not_reached")


@dataclass(frozen=True)
class Outcomes:
    """Six sets that do not overlap; together they are the scope, and the assets that were added to it.

    `rejected` were refused by the check, `discarded` by a person who reviewed what was staged. `outside` counts the
    refused items that were about no asset of the scope.
    """

    accepted: NumberSet
    rejected: NumberSet
    unchanged: NumberSet
    discarded: NumberSet
    no_result: NumberSet
    not_reached: NumberSet
    outside: int = 0

    def items(self) -> Iterator[tuple[str, NumberSet]]:
        for name in NAMES:
            yield name, getattr(self, name)

    @property
    def whole(self) -> NumberSet:
        sent = self.accepted | self.rejected | self.unchanged | self.discarded
        return sent | self.no_result | self.not_reached


def outcomes_of(session: Session) -> Outcomes:
    """The outcome of each asset, as the session's imports and reads have it.

    An import that is staged for review, or was undone later, did arrive: it counts. The best outcome of an asset
    is its outcome, so that a script's second try makes good what it got wrong at the first.
    """
    gone = deleted(session)
    scope = session.scope.numbers - gone
    came = _came(session)
    accepted, turned_down = _given(came)
    accepted, discarded = accepted - gone, turned_down - gone - accepted
    unchanged = _of_rows(came.filter(unchanged__gt=0), is_unchanged=True) - accepted - discarded
    refused = _refused(came, session.scope.numbers)
    rejected = refused.numbers - gone - accepted - unchanged - discarded
    rest = scope - accepted - unchanged - rejected - discarded
    reached = rest & read_by(session)
    return Outcomes(accepted, rejected, unchanged, discarded, reached, rest - reached, refused.outside)


def refused_by(session: Session) -> int:
    """What is `rejected` and `outside` of its outcomes, without going through all that was sent."""
    came = _came(session)
    given = PreLabel.objects.filter(asset=OuterRef("asset"), origin__in=came)
    refused = _refused(came, session.scope.numbers, Q(~Exists(given)))
    return len(refused.numbers) + refused.outside


def present(session: Session) -> NumberSet:
    """The assets of its scope that are still there; those that were deleted drop out of every count."""
    return session.scope.numbers - deleted(session)


def deleted(session: Session) -> NumberSet:
    """The numbers of its project's assets that were deleted."""
    found = _DELETED.rows(session.project_id)
    return NumberSet.from_bytes(bytes(found[0][0] or b"") if found else b"")


_DELETED = Prepared(lambda project: ProjectHead.objects.filter(project=project).values_list("deleted_numbers"), 1)


def left_of(session: Session) -> int:
    """How many assets of its scope are still there."""
    gone = deleted(session)
    return session.scope.count - (len(session.scope.numbers & gone) if gone else 0)


def read_by(session: Session) -> NumberSet:
    """The assets that were read with the session's key."""
    return NumberSet.from_bytes(bytes(_READ.value(session.pk) or b""))


_READ = Prepared(lambda session: SessionReads.objects.filter(session=session).values_list("numbers_stored"), 1)


def _came(session: Session) -> QuerySet[Import]:
    """The imports of the session that came whole; one that is being received counts for nothing."""
    return Import.objects.filter(session=session).exclude(state=Import.State.RECEIVING).order_by()


def _given(came: QuerySet[Import]) -> tuple[NumberSet, NumberSet]:
    """The assets that got something new of imports that were not discarded, and those that did of others.

    They are taken from the sets that imports keep, and where one has none from its rows.
    """
    kept: list[bytes | None] = []
    discarded: list[bytes | None] = []
    for state, stored in came.values_list("state", "assets_given__numbers_stored"):
        (discarded if state == _DISCARDED else kept).append(None if stored is None else bytes(stored))
    return _union(came.exclude(state=_DISCARDED), kept), _union(came.filter(state=_DISCARDED), discarded)


_DISCARDED = Import.State.DISCARDED


def _union(imports: QuerySet[Import], sets: Sequence[bytes | None]) -> NumberSet:
    given = NumberSet.union_of(stored for stored in sets if stored is not None)
    return given | _of_rows(imports.filter(assets_given=None), is_unchanged=False) if None in sets else given


def _of_rows(imports: QuerySet[Import], *, is_unchanged: bool) -> NumberSet:
    return numbers_of(PreLabel.objects.filter(origin__in=imports, is_unchanged=is_unchanged), "asset__number")


@dataclass(frozen=True)
class _Refused:
    """The assets of the scope that refused an item, and how many items were about none of it."""

    numbers: NumberSet
    outside: int


def _refused(came: QuerySet[Import], scope: NumberSet, which: Q | None = None) -> _Refused:
    """Also those of the scope that refused an item which others took that it named as well."""
    about = Q(asset__isnull=False) & (which or Q())
    refusing = Rejection.objects.filter(origin__in=came)
    numbers = numbers_of(refusing.filter(about), "asset__number")
    nameless = refusing.filter(asset=None).count()
    passing = Notice.objects.filter(about, origin__in=came.filter(notices__has_key="passed_over"), code="passed_over")
    return _Refused((numbers | numbers_of(passing, "asset__number")) & scope, len(numbers - scope) + nameless)
