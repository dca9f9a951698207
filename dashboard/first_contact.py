"""A plugin's first contact: has its script come, was it let in, has it answered; and who was turned away lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from pluginhost.models import Connection, Plugin, Session

LATELY = timedelta(days=7)
_FEW = 5
_ANSWERED = (Session.State.SUCCEEDED, Session.State.PARTIAL, Session.State.FAILED)


@dataclass(frozen=True)
class Step:
    """One line of the checklist; `at` is when it was done, `told` says more, `session` leads there."""

    title: str
    told: str
    at: datetime | None = None
    session: Session | None = None
    is_refused: bool = False


@dataclass(frozen=True)
class Contact:
    """The checklist and the lists beside it."""

    steps: list[Step]
    present: list[Connection]
    refused: list[Connection]
    noted: list[Connection]

    @property
    def done(self) -> int:
        return sum(step.at is not None for step in self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if step.at is None), None)


def contact_of(plugin: Plugin, sessions: QuerySet[Session]) -> Contact:
    """`sessions` are those that whoever looks may see."""
    stays = Connection.objects.filter(plugin=plugin)
    lately = stays.filter(last_seen_at__gte=timezone.now() - LATELY).order_by("-last_seen_at")
    refused = list(lately.filter(_turned_away())[:_FEW])
    return Contact(
        steps=[
            _connected(stays.order_by("id").first()),
            _let_in(stays.filter(was_accepted=True).order_by("id").first(), refused),
            _answered(sessions.filter(plugin=plugin)),
        ],
        present=list(stays.open().order_by("id")[:20]),
        refused=refused,
        noted=list(lately.filter(noted__gt=0)[:_FEW]),
    )


def _turned_away() -> Q:
    """Wrong from first to last, or let in once and now kept without work."""
    return Q(was_accepted=False) | Q(state=Connection.State.QUARANTINED)


def _connected(first: Connection | None) -> Step:
    if first is None:
        return Step("Script connected", "Start it; this line turns green by itself.")
    return Step("Script connected", f"from {first.address or 'an unknown address'}", first.opened_at)


def _let_in(first: Connection | None, refused: list[Connection]) -> Step:
    if first is not None:
        return Step("Secret accepted", "ID and secret belong together", first.opened_at)
    if refused:
        return Step("Secret accepted", refused[0].reason, is_refused=True)
    return Step("Secret accepted", "when it connects with the ID and the secret of this page")


def _answered(sessions: QuerySet[Session]) -> Step:
    title = "First session answered"
    first = sessions.filter(state__in=_ANSWERED).order_by("id").first()
    if first is not None:
        return Step(title, first.message_head or first.get_state_display().lower(), first.finished_at, first)
    newest = sessions.order_by(F("id").desc()).first()
    if newest is not None:
        return Step(title, f"is {newest.get_state_display().lower()}", session=newest)
    return Step(title, "Run it in a project on a few assets.")
