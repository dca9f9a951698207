"""What an organization keeps at present, and what a rule of retention would take from it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Sum
from django.template.defaultfilters import filesizeformat

from pluginhost import retention
from pluginhost.models import DeletedSession, LogHead, Organization, RetentionRule, Session, StoredFile


@dataclass(frozen=True)
class Kept:
    """How much there is now."""

    sessions: int
    sessions_deleted: int
    lines: int
    log_bytes: int
    files: int
    file_bytes: int


def kept(organization: Organization) -> Kept:
    logs = LogHead.objects.filter(session__project__organization=organization)
    files = StoredFile.objects.filter(project__organization=organization, deleted_at=None, size__gt=0)
    counted = logs.aggregate(lines=Sum(F("last") - F("deleted_up_to")), size=Sum("bytes"))
    stored = files.aggregate(count=Count("id"), size=Sum("size"))
    return Kept(
        sessions=Session.objects.filter(project__organization=organization).count(),
        sessions_deleted=DeletedSession.objects.filter(organization=organization).count(),
        lines=counted["lines"] or 0,
        log_bytes=counted["size"] or 0,
        files=stored["count"],
        file_bytes=stored["size"] or 0,
    )


def losses(rule: RetentionRule) -> Iterator[str]:
    """What the first round of this rule takes, a sentence for each kind; nothing is said of what loses nothing."""
    sessions = _together(retention.sessions_by_age(rule), retention.sessions_by_count(rule))
    if sessions:
        yield f"{_noun(len(sessions), 'session')}, with their logs; what they imported stays."
    logs = _together(retention.logs_by_age(rule), retention.logs_by_size(rule)) - sessions
    if logs:
        size = _size_of(logs)
        yield f"The logs of {_noun(len(logs), 'session')} more ({filesizeformat(size)})."
    files = [stored.size or 0 for stored, _ in retention.files_to_take(rule)]
    if files:
        yield f"{_noun(len(files), 'file')} that nothing uses ({filesizeformat(sum(files))})."


def _together(*chosen: QuerySet[Session] | QuerySet[LogHead]) -> set[int]:
    return {key for rows in chosen for key in rows.order_by().values_list("pk", flat=True)}


def _size_of(logs: set[int]) -> int:
    """Of many, some thousand at a time: databases limit how many values a query may name."""
    keys, total = sorted(logs), 0
    for start in range(0, len(keys), 5_000):
        rows = LogHead.objects.filter(pk__in=keys[start : start + 5_000])
        total += rows.aggregate(size=Sum("bytes"))["size"] or 0
    return total


def _noun(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
