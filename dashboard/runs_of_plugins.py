"""The last sessions of plugins, for tapes and figures: read narrowly, and never more than are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import FloatField, Func, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from pluginhost.models import Plugin, Project, Session

from .newest import last_key

TAPE = 22
DAYS = 7
MOST_READ = 1_000
MOST_SEARCHED = 20_000
_NARROW = (
    "id", "plugin_id", "project_id", "state", "created_at", "started_at", "finished_at", "accepted", "rejected",
    "discarded",
)  # fmt: skip
_COUNTED = (
    Session.State.SUCCEEDED,
    Session.State.PARTIAL,
    Session.State.FAILED,
    Session.State.TIMED_OUT,
    Session.State.CRASHED,
)


def tapes(sessions: QuerySet[Session], plugins: Iterable[Plugin]) -> dict[int, list[Session]]:
    """For each plugin its last sessions, oldest first: two queries, however many plugins and sessions there are."""
    return _tapes(sessions, Plugin, [plugin.pk for plugin in plugins], "plugin_id")


def tapes_of_projects(sessions: QuerySet[Session], projects: Iterable[Project]) -> dict[int, list[Session]]:
    """The same for projects."""
    return _tapes(sessions, Project, [project.pk for project in projects], "project_id")


def _tapes(
    sessions: QuerySet[Session], owner: type[Plugin] | type[Project], ids: list[int], column: str
) -> dict[int, list[Session]]:
    found: dict[int, list[Session]] = {pk: [] for pk in ids}
    edges = _edges(owner, ids, column)
    if not edges:
        return found
    recent = Q()
    for pk, edge in edges.items():
        recent |= Q(**{column: pk, "pk__gte": edge})
    for session in sessions.filter(recent).order_by("id").only(*_NARROW):
        found[getattr(session, column)].append(session)
    return found


def _edges(owner: type[Plugin] | type[Project], ids: list[int], column: str) -> dict[int, int]:
    """The id from which on somebody's sessions are drawn: a seek in the index of each, not a scan."""
    own = Session.objects.filter(**{column: OuterRef("pk")}).order_by("-id").values("pk")
    rows = owner._default_manager.filter(pk__in=ids).order_by()
    edges = rows.values_list("pk", Subquery(own[:1]), Subquery(own[TAPE - 1 : TAPE]))
    return {pk: edge or 0 for pk, newest, edge in edges if newest is not None}


def succeeded_share(sessions: Sequence[Any]) -> float | None:
    """The share that did what it was asked for, in percent; cancelled and open ones do not count."""
    counted = [session for session in sessions if session.state in _COUNTED]
    good = sum(session.state == Session.State.SUCCEEDED for session in counted)
    return 100 * good / len(counted) if counted else None


class Seconds(Func):
    """Since 1970, as a number: Django makes no datetimes of a thousand rows to take the difference of two."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "(julianday(%(expressions)s) - 2440587.5) * 86400"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "extract(epoch from %(expressions)s)::double precision"
        return self.as_sql(compiler, connection, template=template, **context)


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
    first = ((now or timezone.now()) - timedelta(days=DAYS)).timestamp()
    asked = sessions.annotate(asked=Seconds("created_at"), took=Seconds("finished_at") - Seconds("started_at"))
    columns = ("state", "asked", "took", "accepted", "rejected", "discarded")
    read = asked.order_by("-id").values_list(*columns, named=True)[:MOST_READ]  # models take three times as long
    week = [session for session in read if session.asked >= first]
    days: list[list[Any]] = [[] for _ in range(DAYS)]
    for session in week:
        days[min(int((session.asked - first) // 86_400), DAYS - 1)].append(session)
    return Figures(
        sessions=len(week),
        is_cut=len(week) == MOST_READ,
        succeeded=succeeded_share(week),
        accepted=_accepted(week),
        median_s=_median(week),
        by_day=[len(day) for day in days],
        succeeded_by_day=_known(map(succeeded_share, days)),
        accepted_by_day=_known(map(_accepted, days)),
        median_by_day=_known(map(_median, days)),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    """Days without an answer are left out: they are not zero."""
    return [value for value in values if value is not None]


def newest(sessions: QuerySet[Session], most: int = MOST_SEARCHED) -> QuerySet[Session]:
    """Those of the installation's newest ones, so that who may see few of very many does not search them all."""
    return sessions.filter(pk__gt=last_key(Session) - most)


def _accepted(sessions: Sequence[Any]) -> float | None:
    """The share of sent assets whose results were accepted, by the check and by who reviewed them, in percent."""
    accepted = sum(session.accepted for session in sessions)
    sent = accepted + sum(session.rejected + session.discarded for session in sessions)
    return 100 * accepted / sent if sent else None


def _median(sessions: Sequence[Any]) -> float | None:
    spans = [session.took for session in sessions if session.took is not None]
    return round(median(spans), 3) if spans else None
