"""The sessions of the last day, week or month: their numbers by state, and a chart of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import CharField, Count, Func, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pluginhost.models import Session

from .drawings import joined
from .history import GROUPS
from .runs_of_plugins import newest

MOST_COUNTED = 50_000
_WIDTH, _HEIGHT, _TOP = 480, 120, 8
_COLOURS = {
    "succeeded": "s-ok",
    "partial": "s-partial",
    "failed": "s-failed",
    "cancelled": "s-rest",
    "active": "s-running",
}
_GROUP_OF = {state: group for group, (_, states) in GROUPS.items() for state in states}


class Period(NamedTuple):
    word: str
    spoken: str
    bars: int
    hours: int  # of one bar

    @property
    def length(self) -> timedelta:
        return timedelta(hours=self.bars * self.hours)


PERIODS = {
    "24h": Period("24 h", "24 hours", 24, 1),
    "7d": Period("7 d", "7 days", 28, 6),
    "30d": Period("30 d", "30 days", 30, 24),
}


class Hour(Func):
    """`2026-11-22 14`: cheap for the database, where `TruncHour` calls Python for each row on SQLite."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 13)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "to_char(%(expressions)s at time zone 'UTC', 'YYYY-MM-DD HH24')"
        return self.as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True)
class Activity:
    """`counts` has each group of states of the history; `bars` the same for each bar of the chart, oldest first."""

    period: Period
    first: datetime
    bars: list[Mapping[str, int]]
    counts: Mapping[str, int]
    is_cut: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def groups(self) -> list[dict[str, object]]:
        return [
            {"name": name, "word": word, "count": self.counts.get(name, 0), "colour": _COLOURS[name]}
            for name, (word, _) in GROUPS.items()
        ]

    @property
    def axis(self) -> list[datetime]:
        """Four moments under the chart; «now» follows them."""
        return [self.first + self.period.length * quarter / 4 for quarter in range(4)]


def activity(sessions: QuerySet[Session], period: Period, now: datetime | None = None) -> Activity:
    """Of these sessions, those of the period: one query, over the newest of the installation only."""
    first = _edge(period, now or timezone.now())
    found = newest(sessions, MOST_COUNTED).filter(created_at__gte=first).order_by()
    rows = found.annotate(hour=Hour("created_at")).values_list("hour", "state").annotate(n=Count("pk"))
    bars: list[Counter[str]] = [Counter() for _ in range(period.bars)]
    for hour, state, number in rows:
        at = datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC)
        place = min(max(int((at - first) / timedelta(hours=period.hours)), 0), period.bars - 1)
        bars[place][_GROUP_OF[state]] += number
    counts: Counter[str] = sum(bars, Counter())
    return Activity(period, first, list(bars), counts, is_cut=counts.total() >= MOST_COUNTED)


def _edge(period: Period, now: datetime) -> datetime:
    """Where the oldest bar begins: bars stand on full hours, and days on midnights, so that they do not move."""
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = last.replace(hour=last.hour // period.hours * period.hours)
    return last - timedelta(hours=period.hours * (period.bars - 1))


def chart(shown: Activity) -> SafeString:
    """Stacked bars, drawn with SVG attributes: succeeded at the foot, what went wrong on top."""
    highest = max((sum(bar.values()) for bar in shown.bars), default=0) or 1
    step = _WIDTH / shown.period.bars
    rects = [rect for place, bar in enumerate(shown.bars) for rect in _stack(bar, place * step, step, highest)]
    return format_html(
        '<svg class="chart" viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        '<line x1="0" x2="{w}" y1="30" y2="30"/><line x1="0" x2="{w}" y1="75" y2="75"/>{bars}</svg>',
        w=_WIDTH,
        h=_HEIGHT,
        label=_in_words(shown),
        bars=joined('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>', rects),
    )


def _stack(bar: Mapping[str, int], left: float, step: float, highest: int) -> list[tuple[str, str, str, str, str]]:
    x, width, foot = f"{left + step * 0.15:.1f}", f"{step * 0.7:.1f}", float(_HEIGHT - 2)
    if not bar:
        return [(x, f"{foot:.1f}", width, "1.5", "s-rest")]
    rects = []
    for group, colour in _COLOURS.items():
        height = (_HEIGHT - 2 - _TOP) * bar.get(group, 0) / highest
        if height:
            foot -= height
            rects.append((x, f"{foot:.1f}", width, f"{height:.1f}", colour))
    return rects


def _in_words(shown: Activity) -> str:
    told = [f"{shown.counts[name]:,} {word.lower()}" for name, (word, _) in GROUPS.items() if shown.counts.get(name)]
    return f"Sessions of the last {shown.period.spoken}: {', '.join(told) or 'none'}"
