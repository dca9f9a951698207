"""Taking what a review lets pass of a session's staged imports; the rest is discarded."""

from __future__ import annotations

from collections.abc import Collection

from pluginhost.actions import ledger
from pluginhost.actions.ledger import Flip
from pluginhost.models import Session
from pluginhost.principal import Principal


def accept(
    principal: Principal,
    session: Session,
    *,
    classes: Collection[str] | None = None,
    least_confidence: float | None = None,
    without: Collection[int] = (),
    confirmed: bool = False,
) -> Flip:
    """Apply what is staged: of these classes (schemaIds), of at least this confidence, without these asset numbers."""
    return ledger.apply_session(principal, session, confirmed=confirmed)
