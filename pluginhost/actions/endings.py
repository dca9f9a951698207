"""How a session ends: one function computes the state and its reason, one moves it there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import notifications, retries
from pluginhost.actions.timeline import tell
from pluginhost.models import Import, Session
from pluginhost.outcomes import left_of, outcomes_of
from pluginhost.prepared import Prepared

State = Session.State
_imports = Prepared(lambda session: Import.objects.filter(session=session).order_by().values_list("pk")[:1], 1)


def ending_of(session: Session, error: str | None) -> tuple[str, str]:
    """(state, reason) of a session whose script has answered; `error` is None where it met none."""
    if error is not None:
        return State.FAILED, error or "The script's callback failed; it told no reason. Its last lines may."
    outcomes = outcomes_of(session)
    given = len(outcomes.accepted) + len(outcomes.unchanged) + len(outcomes.discarded)
    refused = len(outcomes.rejected) + outcomes.outside
    missed = len(outcomes.not_reached)
    if refused:
        return State.PARTIAL, f"{refused:,} {_items(refused)} rejected."
    if given and missed:
        return State.PARTIAL, f"{missed:,} of {left_of(session):,} assets were not reached.{_paging(session)}"
    if not given and not _imports.rows(session.pk):
        return State.SUCCEEDED, "Nothing was imported."
    return State.SUCCEEDED, ""


def _items(count: int) -> str:
    return "item was" if count == 1 else "items were"


def _paging(session: Session) -> str:
    """The vendor's sample reads one page of ten: say so."""
    if session.page_size and session.assets_read <= session.page_size < session.scope.count:
        return f" The script read {session.assets_read:,} assets (page size {session.page_size})."
    return ""


def end(
    session: Session,
    state: str,
    reason: str,
    *,
    at: datetime | None = None,
    only_from: Iterable[str],
    **more: str,
) -> bool:
    """Move it to a final state, if it still is in one of `only_from`; whoever comes second gets False. `more` are
    further columns that say how it ended."""
    moment = at or timezone.now()
    with transaction.atomic():
        moved = Session.objects.filter(pk=session.pk, state__in=list(only_from)).update(
            state=state,
            reason=reason[:500],
            finished_at=moment,
            lost_at=None,
            is_presumed_alive=False,
            error=reason if state in (State.FAILED, State.CRASHED, State.TIMED_OUT) else "",
            **more,
        )
        if moved:
            tell(session, state, f"{State(state).label}. {reason}".strip())
            notifications.tell_starter(session, state, reason, moment)
            if state == State.CRASHED:
                retries.plan(session, moment)
            nudge.session(session.pk)
            nudge.plugin(session.plugin_id)
            nudge.project(session.project_id)
    return bool(moved)
