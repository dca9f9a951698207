"""What a rule of retention would take: the questions that the page asks before, and the verbs when they do it.

What ended or was uploaded within the last day is always kept: somebody is still looking at it, and a crashed
session may still come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from . import file_links
from .models import Asset, LogHead, RetentionRule, Session, StoredFile
from .protocol.asset_items import data_digest

ALWAYS_KEPT = timedelta(days=1)
MEGABYTE = 1_000_000
KINDS = ("assets", "exports", "instructions")
"""Kinds of files that a rule may take. Masks are named inside pre-labels and answers, and stay with these.

What an import names as its mask is one from then on, whatever it was uploaded as.
"""
_CHUNK = 500


def ended_sessions(rule: RetentionRule) -> QuerySet[Session]:
    """The organization's sessions that ended more than a day ago."""
    before = timezone.now() - ALWAYS_KEPT
    ended = Session.objects.filter(state__in=Session.FINAL, finished_at__lt=before)
    return ended.filter(project__organization=rule.organization_id)


# --- sessions ---


def sessions_by_age(rule: RetentionRule) -> QuerySet[Session]:
    if rule.session_days is None:
        return Session.objects.none()
    return ended_sessions(rule).filter(finished_at__lt=_days_ago(rule.session_days))


def sessions_by_count(rule: RetentionRule) -> QuerySet[Session]:
    """All but the newest ones, counted by when they ended more than a day ago or not."""
    if rule.session_count is None:
        return Session.objects.none()
    newest = Session.objects.filter(project__organization=rule.organization_id).order_by("-id")
    oldest_kept = newest.values_list("id", flat=True)[max(rule.session_count - 1, 0) :][:1]
    for kept in oldest_kept:
        return ended_sessions(rule).filter(pk__lt=kept)
    return Session.objects.none()


# --- logs ---


def logs_by_age(rule: RetentionRule) -> QuerySet[LogHead]:
    if rule.log_days is None:
        return LogHead.objects.none()
    return _logs(rule).filter(session__finished_at__lt=_days_ago(rule.log_days))


def logs_by_size(rule: RetentionRule) -> QuerySet[LogHead]:
    """The oldest ones, down from where the newer ones together fill what is allowed."""
    if rule.log_megabytes is None:
        return LogHead.objects.none()
    left = rule.log_megabytes * MEGABYTE
    heads = LogHead.objects.filter(session__project__organization=rule.organization_id, deleted_at=None, bytes__gt=0)
    for session, size in heads.order_by("-session_id").values_list("session_id", "bytes").iterator():
        left -= size
        if left < 0:
            return _logs(rule).filter(session_id__lte=session)
    return LogHead.objects.none()


def _logs(rule: RetentionRule) -> QuerySet[LogHead]:
    """Logs with lines that are still there, of sessions that ended more than a day ago."""
    ended = ended_sessions(rule).filter(pk=OuterRef("session_id"))
    return LogHead.objects.filter(Exists(ended), deleted_at=None, last__gt=0)


def unfinished_logs(rule: RetentionRule) -> QuerySet[LogHead]:
    """Logs that were said to be deleted, whose lines are still being taken."""
    of_them = LogHead.objects.filter(session__project__organization=rule.organization_id)
    return of_them.filter(deleted_up_to__gt=0, bytes__gt=0)


# --- files ---


def files_to_take(rule: RetentionRule) -> Iterator[tuple[StoredFile, str]]:
    """Files that nothing uses and that are too old or too many, each with the reason; the newest come first."""
    if rule.file_days is None and rule.file_megabytes is None:
        return
    oldest = _days_ago(rule.file_days) if rule.file_days is not None else None
    left = None if rule.file_megabytes is None else rule.file_megabytes * MEGABYTE
    for stored in unused_files(rule):
        left = None if left is None else left - int(stored.size or 0)
        if oldest is not None and stored.created_at < oldest:
            yield stored, files_are_kept_for(rule)
        elif left is not None and left < 0:
            yield stored, f"files that nothing uses are kept up to {rule.file_megabytes:,} MB here."


def unused_files(rule: RetentionRule) -> Iterator[StoredFile]:
    """Uploads that no asset shows, exports, and places that were never filled; more than a day old, newest first."""
    found = StoredFile.objects.filter(project__organization=rule.organization_id, kind__in=KINDS, deleted_at=None)
    found = found.filter(created_at__lt=timezone.now() - ALWAYS_KEPT).order_by("-id")
    below = found.values_list("id", flat=True).first()
    beside = _beside(rule) if below is not None else set()
    while below is not None:
        chunk = list(found.filter(pk__lte=below)[: _CHUNK + 1])
        used = _shown(chunk[:_CHUNK]) | beside
        yield from (stored for stored in chunk[:_CHUNK] if file_links.PREFIX + stored.key not in used)
        below = chunk[_CHUNK].pk if len(chunk) > _CHUNK else None


def files_just_taken(rule: RetentionRule) -> QuerySet[StoredFile]:
    """Those of the last two days: a crash may have come between the saying and the doing."""
    return StoredFile.objects.filter(project__organization=rule.organization_id, deleted_at__gt=_days_ago(2))


def _shown(files: list[StoredFile]) -> set[str]:
    """The addresses of those that an asset shows as itself."""
    addresses = [file_links.PREFIX + stored.key for stored in files]
    projects = {stored.project_id for stored in files}
    shown = Asset.objects.filter(project__in=projects, data_digest__in=[data_digest(it) for it in addresses])
    return set(shown.values_list("data", flat=True))


def _beside(rule: RetentionRule) -> set[str]:
    """The addresses of our files that assets show as their pages or attachments."""
    assets = Asset.objects.filter(project__organization=rule.organization_id)
    with_more = assets.filter(Q(dataset__isnull=False) | Q(attachments__isnull=False))
    found: set[str] = set()
    for pages, attachments in with_more.values_list("dataset", "attachments").iterator():
        named = [*(pages or ()), *(it.get("value") for it in attachments or ())]
        found.update(it for it in named if str(it).startswith(file_links.PREFIX))
    return found


# --- the reasons, as sentences that go on after a colon ---


def sessions_are_kept_for(rule: RetentionRule) -> str:
    return f"sessions are kept for {_days(rule.session_days)} here."


def sessions_are_kept_up_to(rule: RetentionRule) -> str:
    return f"the newest {rule.session_count:,} sessions are kept here."


def logs_are_kept_for(rule: RetentionRule) -> str:
    return f"logs are kept for {_days(rule.log_days)} here."


def logs_are_kept_up_to(rule: RetentionRule) -> str:
    return f"logs are kept up to {rule.log_megabytes:,} MB here."


def files_are_kept_for(rule: RetentionRule) -> str:
    return f"files that nothing uses are kept for {_days(rule.file_days)} here."


def _days(count: int | None) -> str:
    return "1 day" if count == 1 else f"{count:,} days"


def _days_ago(count: int) -> datetime:
    return timezone.now() - timedelta(days=count)
