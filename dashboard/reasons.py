"""Why items of a plugin were rejected, or remarked upon, day by day: from what its imports keep about themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from pluginhost.models import Import, Plugin, Project

from .newest import newest_of

SPANS = (7, 30, 90)
MOST_READ = 2_000
_READ = ("received_at", "items", "rejected", "reasons", "notices", "session_id")


@dataclass
class Reason:
    """One code: how often, how often on each day (the oldest first), and the newest import that has it."""

    code: str
    days: list[int]
    count: int = 0
    last: Import | None = None

    def note(self, imported: Import, count: int, day: int) -> None:
        self.count += count
        self.days[day] += count
        if self.last is None or imported.pk > self.last.pk:
            self.last = imported


@dataclass
class OverTime:
    """What the imports of so many days say. `since` is later than asked for where there were too many imports."""

    days: int
    since: datetime
    is_cut: bool = False
    imports: int = 0
    items: int = 0
    rejected: int = 0
    rejected_by_day: list[int] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    notices: list[Reason] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """Of the items, in percent."""
        return 100 * self.rejected / self.items if self.items else None


def span_in(asked: Mapping[str, str]) -> int:
    text = asked.get("days", "")
    return int(text) if text in map(str, SPANS) else 30


def over_time(plugin: Plugin, days: int, project: Project | None = None, now: datetime | None = None) -> OverTime:
    """The newest imports of the plugin, as many as are read, back to the first moment of the oldest day."""
    today = (now or timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=days - 1)
    wanted = Q(plugin=plugin, project__deleted_at=None, received_at__gte=since)
    if project is not None:
        wanted &= Q(project=project)
    arrived = Import.objects.filter(wanted).exclude(state=Import.State.RECEIVING).only(*_READ)
    found = newest_of(arrived, MOST_READ)
    told = _told(found, days, today)
    if len(found) == MOST_READ:
        told.is_cut, told.since = True, found[-1].received_at
    return told


def _told(imports: Iterable[Import], days: int, today: datetime) -> OverTime:
    told = OverTime(days, today - timedelta(days=days - 1), rejected_by_day=[0] * days)
    reasons: dict[str, Reason] = {}
    notices: dict[str, Reason] = {}
    for one in imports:
        day = min(max((one.received_at - told.since).days, 0), days - 1)
        told.imports += 1
        told.items += one.items
        told.rejected += one.rejected
        told.rejected_by_day[day] += one.rejected
        for given, by_code in ((one.reasons, reasons), (one.notices, notices)):
            for code, count in given.items():
                by_code.setdefault(code, Reason(code, [0] * days)).note(one, count, day)
    told.reasons, told.notices = _most_first(reasons), _most_first(notices)
    return told


def _most_first(by_code: Mapping[str, Reason]) -> list[Reason]:
    return sorted(by_code.values(), key=lambda reason: (-reason.count, reason.code))
