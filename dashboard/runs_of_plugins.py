"""The last sessions of plugins, for tapes and figures: read narrowly, and never more than are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from pluginhost.models import Plugin, Session

TAPE = 22
DAYS = 7
MOST_READ = 2_000
MOST_SEARCHED = 20_000
_NARROW = ("id", "plugin_id", "state", "created_at", "started_at", "finished_at", "accepted", "rejected")
_COUNTED = (
    Session.State.SUCCEEDED,
    Session.State.PARTIAL,
    Session.State.FAILED,
    Session.State.TIMED_OUT,
    Session.State.CRASHED,
)


def tapes(sessions: QuerySet[Session], plugins: Iterable[Plugin]) -> dict[int, list[Session]]:
    """For each plugin its last sessions, oldest first: two queries, however many plugins and sessions there are."""
    found: dict[int, list[Session]] = {plugin.pk: [] for plugin in plugins}
    edges = _edges(list(found))
    if not edges:
        return found
    recent = Q()
    for plugin_id, edge in edges.items():
        recent |= Q(plugin_id=plugin_id, pk__gte=edge)
    for session in sessions.filter(recent).order_by("id").only(*_NARROW):
        found[session.plugin_id].append(session)
    return found


def _edges(plugin_ids: list[int]) -> dict[int, int]:
    """The id from which on a plugin's sessions are drawn: a seek in the index of each, not a scan."""
    own = Session.objects.filter(plugin=OuterRef("pk")).order_by("-id").values("pk")
    rows = Plugin.objects.filter(pk__in=plugin_ids).annotate(
        newest=Subquery(own[:1]), edge=Subquery(own[TAPE - 1 : TAPE])
    )
    return {row.pk: row.edge or 0 for row in rows if row.newest is not None}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Figures:
    """What came of the sessions of a week; the lists are by day, oldest first, for the small curves."""

    sessions: int
    is_cut: bool
    succeeded: float | None
    accepted: float | None
    median_s: float | None
    by_day: list[float]
    succeeded_by_day: list[float]
    accepted_by_day: list[float]
    median_by_day: list[float]


def figures(sessions: QuerySet[Session], now: datetime | None = None) -> Figures:
    """Of the given sessions, those of the last seven days."""
    now = now or timezone.now()
    first = now - timedelta(days=DAYS)
    read = list(sessions.order_by("-id").only(*_NARROW)[:MOST_READ])
    week = [session for session in read if session.created_at >= first]
    days = [[session for session in week if _day(session, first) == day] for day in range(DAYS)]
    return Figures(
        sessions=len(week),
        is_cut=len(week) == MOST_READ,
        succeeded=_succeeded(week),
        accepted=_accepted(week),
        median_s=_median(week),
        by_day=[len(day) for day in days],
        succeeded_by_day=_known(map(_succeeded, days)),
        accepted_by_day=_known(map(_accepted, days)),
        median_by_day=_known(map(_median, days)),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    """Days without an answer are left out: they are not zero."""
    return [value for value in values if value is not None]


def newest(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Those of the installation's newest ones, so that who may see few of very many does not search them all."""
    last = Session.objects.aggregate(last=Max("pk"))["last"] or 0
    return sessions.filter(pk__gt=last - MOST_SEARCHED)


def _day(session: Session, first: datetime) -> int:
    return min((session.created_at - first).days, DAYS - 1)


def _succeeded(sessions: Sequence[Session]) -> float | None:
    """The share that did what it was asked for, in percent; cancelled ones do not count."""
    counted = [session for session in sessions if session.state in _COUNTED]
    good = sum(session.state == Session.State.SUCCEEDED for session in counted)
    return 100 * good / len(counted) if counted else None


def _accepted(sessions: Sequence[Session]) -> float | None:
    """The share of sent assets whose results were accepted, in percent."""
    accepted = sum(session.accepted for session in sessions)
    sent = accepted + sum(session.rejected for session in sessions)
    return 100 * accepted / sent if sent else None


def _median(sessions: Sequence[Session]) -> float | None:
    spans = [
        (session.finished_at - session.started_at).total_seconds()
        for session in sessions
        if session.started_at and session.finished_at
    ]
    return median(spans) if spans else None
