"""The run history: which sessions a query string asks for, and the rows of a list of sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from dashboard import days
from dashboard.paging import MOST_COUNTED, Page, count_up_to
from pluginhost.models import Connection, DeletedSession, Plugin, Project, Session, User
from pluginhost.summaries import ordinal

State = Session.State

GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "active": ("Active", tuple(Session.OPEN)),
    "succeeded": ("Succeeded", (State.SUCCEEDED,)),
    "partial": ("Partial", (State.PARTIAL,)),
    "failed": ("Failed or crashed", (State.FAILED, State.CRASHED, State.TIMED_OUT)),
    "cancelled": ("Cancelled", (State.CANCELLED,)),
}
NEEDS_ATTENTION = ("active", "failed")


@dataclass(frozen=True)
class Chosen:
    """The filters that are on; names are those of the query string."""

    state: str = ""
    q: str = ""
    plugin: Plugin | None = None
    project: Project | None = None
    mine: bool = False
    rejects: bool = False
    only: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def count(self) -> int:
        return sum(map(bool, vars(self).values()))

    @property
    def states(self) -> tuple[str, ...]:
        """One state, those of a group, or any."""
        return (self.only,) if self.only else GROUPS[self.state][1] if self.state else ()

    def of(self, sessions: QuerySet[Session], user: User) -> QuerySet[Session]:
        """The sessions that all filters let by."""
        found = self._but_for_state(sessions, user)
        return found.filter(state__in=self.states) if self.states else found

    def _but_for_state(self, sessions: QuerySet[Session], user: User) -> QuerySet[Session]:
        wanted = Q()
        if self.q:
            wanted &= matches(self.q)
        if self.plugin:
            wanted &= Q(plugin=self.plugin)
        if self.project:
            wanted &= Q(project=self.project)
        if self.mine:
            wanted &= Q(started_by=user)
        if self.rejects:
            wanted &= Q(rejected__gt=0)
        if self.since:
            wanted &= Q(created_at__gte=datetime.combine(self.since, time(), UTC))
        if self.until:
            wanted &= Q(created_at__lt=datetime.combine(self.until, time(), UTC) + timedelta(days=1))
        return sessions.filter(wanted)

    def counts(self, sessions: QuerySet[Session], user: User, most: int = 999) -> dict[str, int]:
        """How many each group of states has that somebody should know of; counted no further than needed."""
        found = self._but_for_state(sessions, user).order_by()
        return {name: found.filter(state__in=GROUPS[name][1])[: most + 1].count() for name in NEEDS_ATTENTION}


def matches(text: str) -> Q:
    """A number finds the session with it, besides names and messages that hold the text."""
    number = text.removeprefix("#")
    by_number = Q(pk=int(number)) if number.isascii() and number.isdigit() and len(number) <= 18 else Q()
    if by_number and text.startswith("#"):
        return by_number
    found = Q(name__icontains=text) | Q(message_head__icontains=text) | Q(plugin__name__icontains=text)
    return found | by_number if by_number else found


def chosen(asked: Mapping[str, str], plugins: Iterable[Plugin], projects: Iterable[Project]) -> Chosen:
    """What the query string asks for; plugins and projects are those one may see."""
    state, only = asked.get("state", ""), asked.get("only", "")
    only = only if only in State.values else ""
    return Chosen(
        state=state if state in GROUPS and not only else "",
        only=only,
        since=_day(asked.get("since", "")),
        until=_day(asked.get("until", "")),
        q=asked.get("q", "").replace("\0", "").strip()[:200],
        plugin=next((plugin for plugin in plugins if plugin.uid == asked.get("plugin")), None),
        project=next((project for project in projects if project.uid == asked.get("project")), None),
        mine=asked.get("by") == "me",
        rejects=bool(asked.get("rejects")),
    )


def _day(text: str) -> date | None:
    """Days are those of UTC; what is none filters nothing."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if days.is_meant(day) else None


# --- as a table ---

COLUMNS = (
    "session", "state", "name", "plugin", "project", "started_by", "asked_for", "started", "finished", "seconds",
    "assets", "accepted", "rejected", "unchanged", "discarded", "objects", "reason", "message",
)  # fmt: skip


def as_cells(session: Session) -> list[object]:
    """A row of the CSV."""
    took = session.finished_at - session.started_at if session.finished_at and session.started_at else None
    return [
        session.pk, session.state, session.name, session.plugin.name, session.project.name,
        session.started_by.username, _stamp(session.created_at), _stamp(session.started_at),
        _stamp(session.finished_at), round(took.total_seconds(), 1) if took else "", session.scope.count,
        session.accepted, session.rejected, session.unchanged, session.discarded, session.objects_count, session.reason,
        session.message_head,
    ]  # fmt: skip


def _stamp(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else ""


# --- rows ---

_READ = (
    "state", "name", "reason", "error", "message_head", "created_at", "started_at", "finished_at", "lost_at",
    "progress_done", "progress_total", "accepted", "rejected", "unchanged", "discarded", "objects_count", "assets_read",
    "plugin__name", "project__name", "project__organization_id", "scope__count",
    "started_by__username", "started_by__first_name", "started_by__last_name",
)  # fmt: skip


def for_rows(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """With what lists of sessions show, and nothing else: whole rows of five tables take three times as long."""
    return sessions.select_related("plugin", "project", "started_by", "scope").only(*_READ)


def say_what_they_wait_for(sessions: list[Session]) -> list[Session]:
    """Give each queued one its `waits`, in three queries however many there are."""
    queued = [session for session in sessions if session.state == State.QUEUED]
    plugins = {session.plugin_id for session in queued}
    if not plugins:
        return sessions
    online = set(Connection.objects.open().filter(plugin__in=plugins).values_list("plugin_id", flat=True))
    places = _places(plugins)
    for session in queued:
        place = ordinal(places.get(session.pk, 1))
        session.waits = f"{place} in the queue" if session.plugin_id in online else "waits for the script"  # type: ignore[attr-defined]
    return sessions


def _places(plugins: set[int]) -> dict[int, int]:
    """The place of each queued session in its plugin's queue."""
    waiting = Session.objects.filter(plugin__in=plugins, state=State.QUEUED).order_by("plugin_id", "id")
    places: dict[int, int] = {}
    seen: dict[int, int] = {}
    for pk, plugin in waiting.values_list("pk", "plugin_id")[:10_000]:
        seen[plugin] = places[pk] = seen.get(plugin, 0) + 1
    return places


def outcome_words(session: Session) -> str:
    """The few words beside the bar."""
    total = session.scope.count
    given = session.accepted + session.unchanged
    sent = given + session.rejected + session.discarded
    if session.state == State.QUEUED:
        return getattr(session, "waits", "in the queue")
    if session.state == State.SUCCEEDED:
        if given or not session.discarded:
            return f"{given:,} accepted" if given else "nothing imported"
        return f"{session.discarded:,} turned down"
    if session.state == State.PARTIAL:
        return f"{max(total - given, session.rejected):,} not accepted"
    if session.progress_done and not sent:
        return f"{session.progress_done:,} of {session.progress_total or total:,}"
    if not sent and session.assets_read and not session.is_final:
        return f"read {session.assets_read:,} of {total:,}"
    return f"{sent:,} of {total:,}"


def deleted(rows: QuerySet[DeletedSession], page: Page[Session]) -> dict[str, Any] | None:
    """How many sessions would have followed on the last page, had no rule taken them, and when the newest went."""
    if page.more is not None:
        return None
    newest = rows.order_by("-pk").first()
    return {"count": count_up_to(rows), "most": MOST_COUNTED, "newest": newest} if newest else None
