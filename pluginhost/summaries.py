"""What pages and the API say of a session beyond its columns. Reads only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from .models import Connection, Session
from .outcomes import left_of, outcomes_of
from .prepared import Prepared

State = Session.State
_KEPT_SECONDS = 3600
_SILENCE_WORTH_SAYING = timedelta(minutes=1)


@dataclass(frozen=True)
class Waiting:
    """Why nothing moves, in a sentence; `position` counts from 1 in the plugin's queue."""

    reason: str
    position: int | None = None


@dataclass(frozen=True)
class Progress:
    done: int
    total: int

    @property
    def left(self) -> int:
        return max(self.total - self.done, 0)


@dataclass(frozen=True)
class Counts:
    """How many assets of the scope had which outcome, and how many objects they got.

    `rejected` were refused by the check, and `outside` of these are items that were about no asset of the scope;
    `discarded` were turned down by a person in a review.
    """

    accepted: int = 0
    rejected: int = 0
    unchanged: int = 0
    discarded: int = 0
    no_result: int = 0
    not_reached: int = 0
    objects: int = 0
    outside: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    @property
    def sent(self) -> int:
        return self.accepted + self.rejected + self.unchanged + self.discarded

    @property
    def left(self) -> dict[str, int]:
        """The assets of the scope that may be run again, by what became of them; what there is none of is left out.

        None that were discarded: a person has seen the results and said no.
        """
        found = {
            "rejected": self.rejected - self.outside,
            "no_result": self.no_result,
            "not_reached": self.not_reached,
        }
        return {name: count for name, count in found.items() if count}


# --- waiting ---


def waiting_of(session: Session, now: datetime | None = None) -> Waiting | None:
    """What the session waits for, or None when it is at work or has ended."""
    now = now or timezone.now()
    if session.state == State.QUEUED:
        return _waiting_in_queue(session)
    if session.state == State.RUNNING:
        return _waiting_for_a_sign(session, now)
    if session.state == State.LOST:
        return Waiting(_lost_sentence(session, now))
    return None


def _waiting_in_queue(session: Session) -> Waiting:
    plugin = session.plugin
    position = _queued_up_to.value(plugin.pk, session.pk) or 0
    if plugin.is_quarantined():
        why = plugin.quarantine_reason or "its scripts get no work"
        return Waiting(f"{plugin} is quarantined: {why}", position)
    open_connections = _open_connections.value(plugin.pk) or 0
    if not open_connections:
        return Waiting(f"Waiting for the script to connect – {_last_seen(session)}", position)
    free = open_connections * plugin.concurrency - (_held.value(plugin.pk) or 0)
    if position <= free:
        return Waiting(f"About to be sent to {plugin}.", position)
    return Waiting(f"{ordinal(position)} in the queue for {plugin} (limit {plugin.concurrency})", position)


def _number(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    return rows.order_by().values("plugin").annotate(count=Count("pk")).values_list("count")


_queued_up_to = Prepared(
    lambda plugin, pk: _number(Session.objects.filter(plugin=plugin, state=State.QUEUED, pk__lte=pk)), 2
)
_open_connections = Prepared(lambda plugin: _number(Connection.objects.open().filter(plugin=plugin)), 1)
_held = Prepared(lambda plugin: _number(Session.objects.held().filter(plugin=plugin)), 1)


def _last_seen(session: Session) -> str:
    seen = Connection.objects.filter(plugin=session.plugin_id, was_accepted=True).aggregate(at=Max("last_seen_at"))[
        "at"
    ]
    return f"last seen {clock(seen)}" if seen else "it has never been seen"


def _waiting_for_a_sign(session: Session, now: datetime) -> Waiting | None:
    if session.sent_at is None:
        return Waiting("Taken by a connection of the script, about to be sent.")
    if session.is_presumed_alive:
        since = session.lost_at or session.last_sign_at or session.sent_at
        return Waiting(f"Its script reconnected and has said nothing for {span(now - since)}: presumed alive.")
    if session.last_sign_at is None or session.last_sign_at <= session.sent_at:
        silence = now - session.sent_at
        return Waiting(f"Sent {span(silence)} ago, no sign of life yet{_ends(session, silence)}")
    silence = now - session.last_sign_at
    if silence < _SILENCE_WORTH_SAYING:
        return None
    return Waiting(f"No sign of life for {span(silence)}{_ends(session, silence)}")


def _ends(session: Session, silence: timedelta) -> str:
    """When the idle limit strikes, counted as the silence before it is."""
    limit = timedelta(seconds=session.idle_timeout_s)
    return f", ends at {span(limit)}" if silence >= _SILENCE_WORTH_SAYING else ""


def _lost_sentence(session: Session, now: datetime) -> str:
    broke = session.lost_at or now
    grace = timedelta(seconds=max(settings.PLUGINHOST_GRACE_SECONDS, 3 * session.longest_silence_s))
    left = broke + grace - now
    if left <= timedelta(0):
        return f"Its connection broke {span(now - broke)} ago; it is about to count as crashed."
    return f"Its connection broke {span(now - broke)} ago; it counts as crashed in {span(left)} unless it comes back."


# --- how far, and with what result ---


def progress_of(session: Session) -> Progress | None:
    """What the script said of its progress; else what it sent, else what it read; None before any of that."""
    total = session.scope.count
    if session.progress_done is not None:
        return Progress(session.progress_done, session.progress_total or total)
    done = _sent(session) or session.assets_read
    if session.state == State.QUEUED or (not done and session.is_final):
        return None
    return Progress(min(done, total), total)


def counts_of(session: Session) -> Counts:
    """Exact for each asset of the scope; asks for pre-labels only where the session sent any.

    Of an ended session they are kept for a while, under what changes with its imports: they may be a million.
    """
    total = left_of(session)
    if not _sent(session):
        read = min(session.assets_read, total)
        return Counts(no_result=read, not_reached=total - read, objects=session.objects_count)
    if not session.is_final:
        return _counted(session)
    sent = f"{session.accepted}.{session.rejected}.{session.discarded}.{session.assets_read}.{total}"
    key = f"counts.{session.uid}.{session.state}.{sent}"
    return cache.get_or_set(key, lambda: _counted(session), _KEPT_SECONDS)  # type: ignore[return-value]


def _sent(session: Session) -> int:
    return session.accepted + session.rejected + session.unchanged + session.discarded


def _counted(session: Session) -> Counts:
    found = outcomes_of(session)
    by_name = {name: len(numbers) for name, numbers in found.items()}
    by_name["rejected"] += found.outside
    return Counts(**by_name, objects=session.objects_count, outside=found.outside)


def outcome_sentence(session: Session, counts: Counts, *, got: str = "pre-labels") -> str:
    """«1,158 of 1,204 assets got pre-labels. 32 were rejected, 9 were not reached.»"""
    total = left_of(session)
    given = counts.accepted + counts.unchanged
    if not counts.sent:
        return f"Nothing was imported. {_read_sentence(session, total)}".strip()
    rest = [
        f"{number:,} {_were(number)} {words}"
        for number, words in (
            (counts.rejected, "rejected"),
            (counts.discarded, "turned down in a review"),
            (counts.no_result, "read and got no result"),
            (counts.not_reached, "not reached"),
        )
        if number
    ]
    first = f"{given:,} of {total:,} {_assets(total)} got {got}."
    second = f" {', '.join(rest)}." if rest else ""
    third = f" {_read_sentence(session, total)}" if counts.not_reached else ""
    return f"{first}{second}{third}".strip()


def _read_sentence(session: Session, total: int) -> str:
    """The vendor's sample reads one page of ten and stops; say so rather than wonder."""
    read = session.assets_read
    if not read or read >= total:
        return f"The script read all {total:,} {_assets(total)}." if read else ""
    size = f" (page size {session.page_size:,})" if session.page_size else ""
    return f"The script read {read:,} of {total:,} assets{size}."


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _assets(number: int) -> str:
    return "asset" if number == 1 else "assets"


# --- words for numbers ---


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def span(length: timedelta) -> str:
    """3 s, 78 s, 12 min, 1 h 04 min."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 100:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def clock(moment: datetime) -> str:
    """14:02 UTC today, with its day otherwise."""
    moment = moment.astimezone(timezone.get_default_timezone())
    day = "" if moment.date() == timezone.now().date() else f"{moment:%-d %b} "
    return f"{day}{moment:%H:%M} UTC"
