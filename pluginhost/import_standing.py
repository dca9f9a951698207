"""What a giver's earlier imports left on assets, as an import that is being received meets it. Only reads.

The giver is the session, or the user who imports with a personal key. A session that was deleted is still no person:
what it gave stands by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

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
    if imported.session_id is not None:
        rows = _OF_SESSION.rows(imported.session_id, imported.pk, listed(assets))
    else:
        rows = _OF_USER.rows(imported.user_id or 0, imported.pk, listed(assets))
    return {asset: Left(digest, objects) for _, asset, digest, objects in sorted(rows)}


def _rows(imports: Q, imported: int, assets: int) -> QuerySet[PreLabel, Any]:
    rows = PreLabel.objects.filter(imports, origin__state__in=STANDING, is_unchanged=False)
    rows = rows.filter(asset__in=members_of(assets, "bigint")).exclude(origin=imported).order_by()
    return rows.values_list("origin_id", "asset_id", "content_digest", "objects_count")


_OF_SESSION = Prepared(
    lambda session, imported, assets: _rows(Q(origin__session=session), imported, assets),
    3,
)
_OF_USER = Prepared(
    lambda user, imported, assets: _rows(
        Q(origin__session=None, origin__deleted_session=None, origin__user=user), imported, assets
    ),
    3,
)
