"""What a giver's earlier imports left on assets, as an import that is being received meets it. Only reads.

The giver is the session, or the user who imports with a personal key. A session that was deleted is still no person:
what it gave stands by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .models import Import, PreLabel
from .prepared import Prepared, listed, members_of

STANDING = (Import.State.STAGED, Import.State.APPLIED)
"""The states in which what was sent stands, so that sending it again changes nothing."""


class Left(NamedTuple):
    """The giver's newest row on an asset."""

    digest: str
    objects: int


def left_on(assets: Iterable[int], imported: Import) -> dict[int, Left]:
    """Asset by asset, for those that have any from an earlier import of the same giver."""
    rows = [row for row in map(_Row._make, _ROWS.rows(listed(assets))) if row.is_of_the_giver_of(imported)]
    rows.sort(key=_place)
    return {row.asset: Left(row.digest, row.objects) for row in rows if row.origin != imported.pk}


class _Row(NamedTuple):
    asset: int
    digest: str
    objects: int
    origin: int
    applied_seq: int | None
    state: str
    session: int | None
    deleted_session: int | None
    user: int | None

    def is_of_the_giver_of(self, imported: Import) -> bool:
        """And stands."""
        if self.state not in STANDING or self.session != imported.session_id:
            return False
        return self.session is not None or (self.deleted_session is None and self.user == imported.user_id)


def _place(row: _Row) -> tuple[bool, int, int]:
    """In the order in which they count: of what was applied, and then of what waits for a review."""
    return row.applied_seq is None, row.applied_seq or 0, row.origin


_ROWS = Prepared(
    lambda assets: (
        PreLabel.objects.filter(asset__in=members_of(assets, "bigint"), is_unchanged=False)
        .order_by()
        .values_list(
            "asset_id",
            "content_digest",
            "objects_count",
            "origin_id",
            "origin__applied_seq",
            "origin__state",
            "origin__session_id",
            "origin__deleted_session",
            "origin__user_id",
        )
    ),
    1,
)
"""Of all imports: narrowed to some of them, a database would go through those one by one for each asset."""
