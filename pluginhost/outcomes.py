"""What became of each asset of a session's scope, as sets of asset numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .asset_numbers import numbers_of
from .models import Import, ImportAssets, Notice, PreLabel, ProjectHead, Rejection, Session, SessionReads
from .prepared import Prepared
from .protocol.numbers import NumberSet

NAMES = ("accepted", "rejected", "unchanged", "no_result", "not_reached")


@dataclass(frozen=True)
class Outcomes:
    """Five sets that do not overlap; together they are the scope, and the assets that were added to it.

    `outside` counts the refused items that were about no asset of the scope.
    """

    accepted: NumberSet
    rejected: NumberSet
    unchanged: NumberSet
    no_result: NumberSet
    not_reached: NumberSet
    outside: int = 0

    def items(self) -> Iterator[tuple[str, NumberSet]]:
        for name in NAMES:
            yield name, getattr(self, name)

    @property
    def whole(self) -> NumberSet:
        sent = self.accepted | self.rejected | self.unchanged
        return sent | self.no_result | self.not_reached


def outcomes_of(session: Session) -> Outcomes:
    """The outcome of each asset, as the session's imports and reads have it.

    An import that is staged for review, or was undone later, did arrive: it counts. The best outcome of an asset
    is its outcome, so that a script's second try makes good what it got wrong at the first.
    """
    gone = deleted(session)
    scope = session.scope.numbers - gone
    came = _arrived(session)
    arrived = list(came)
    accepted = _given(arrived) - gone
    unchanged = _of_rows(arrived, is_unchanged=True) - accepted
    refused, nameless = _refused(arrived)
    refused = refused | _passed_over([pk for pk, notices in came.items() if notices.get("passed_over")])
    rejected = (refused & scope) - accepted - unchanged
    rest = scope - accepted - unchanged - rejected
    reached = rest & read_by(session)
    return Outcomes(accepted, rejected, unchanged, reached, rest - reached, len(refused - scope) + nameless)


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


def _given(arrived: list[int]) -> NumberSet:
    """The assets that got something new: of imports whose sets are kept from these, of others from their rows."""
    kept = dict(ImportAssets.objects.filter(origin__in=arrived).values_list("origin_id", "numbers_stored"))
    others = [origin for origin in arrived if origin not in kept]
    return NumberSet.union_of(map(bytes, kept.values())) | _of_rows(others, is_unchanged=False)


def _of_rows(arrived: list[int], *, is_unchanged: bool) -> NumberSet:
    if not arrived:
        return NumberSet()
    return numbers_of(PreLabel.objects.filter(origin__in=arrived, is_unchanged=is_unchanged), "asset__number")


def _refused(arrived: list[int]) -> tuple[NumberSet, int]:
    """The assets with a refused item, and how many items named no asset of the project."""
    if not arrived:
        return NumberSet(), 0
    rows = Rejection.objects.filter(origin__in=arrived)
    return numbers_of(rows.filter(asset__isnull=False), "asset__number"), rows.filter(asset__isnull=True).count()


def _passed_over(imports: list[int]) -> NumberSet:
    """The assets that refused an item which others took that it named as well."""
    if not imports:
        return NumberSet()
    return numbers_of(Notice.objects.filter(origin__in=imports, code="passed_over"), "asset__number")


def _arrived(session: Session) -> dict[int, dict[str, int]]:
    """The imports of the session that came whole, with their notices; one that is being received counts for nothing."""
    return dict(_ARRIVED.rows(session.pk))


_ARRIVED = Prepared(
    lambda session: (
        Import.objects.filter(session=session)
        .exclude(state=Import.State.RECEIVING)
        .order_by("id")
        .values_list("pk", "notices")
    ),
    1,
)
