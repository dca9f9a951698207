"""Retention: setting an organization's rule, and deleting what it keeps no longer, a little at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from pluginhost import retention
from pluginhost.actions import audit, files
from pluginhost.errors import FieldError, Invalid
from pluginhost.models import DeletedSession, Import, LogHead, LogLine, Organization, RetentionRule, Session, StoredFile
from pluginhost.principal import Principal

MOST = {
    "log_days": 3650,
    "log_megabytes": 10_000_000,
    "file_days": 3650,
    "file_megabytes": 10_000_000,
    "session_days": 3650,
    "session_count": 10_000_000,
}
_LINES, _SESSIONS, _FILES = 2_000, 50, 100
"""So many in one transaction: some milliseconds, so that whoever stores lines or claims a run hardly waits."""
_LONGEST_REST_S = 0.2


def checked(organization: Organization, fields: Mapping[str, Any]) -> RetentionRule:
    """The rule that `fields` ask for, not stored; None keeps for ever. Invalid names each that is out of range."""
    rule = RetentionRule.objects.filter(organization=organization).first() or RetentionRule(organization=organization)
    errors: list[FieldError] = []
    for name, value in fields.items():
        most = MOST[name]
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most):
            setattr(rule, name, value)
        else:
            errors.append({"path": name, "message": f"A whole number from 1 to {most:,}, or nothing to keep for ever."})
    if errors:
        raise Invalid(f"{errors[0]['path']}: {errors[0]['message']}", errors)
    return rule


@transaction.atomic
def keep(principal: Principal, organization: Organization, fields: Mapping[str, Any]) -> RetentionRule:
    """Set how long and how much the organization keeps."""
    rule = checked(organization, fields)
    asked = {name: getattr(rule, name) for name in MOST}
    rule, _ = RetentionRule.objects.update_or_create(
        organization=organization, defaults={**asked, "updated_at": timezone.now()}
    )
    audit.note(principal, "organization.retention_set", organization=organization, target=organization, details=asked)
    return rule


@transaction.atomic
def keep_all(principal: Principal, organization: Organization) -> None:
    """Take the rule away: from now on everything is kept."""
    RetentionRule.objects.filter(organization=organization).delete()
    audit.note(principal, "organization.retention_ended", organization=organization, target=organization)


def apply(rule: RetentionRule, *, seconds: float = 600) -> None:
    """Delete what the rule keeps no longer. Safe to be done twice at once; what time does not allow is done next time.

    Sessions go first, since their logs go with them.
    """
    end = time.monotonic() + seconds
    steps: list[Callable[[], int]] = [
        lambda: _sessions(rule, retention.sessions_by_age(rule), retention.sessions_are_kept_for(rule)),
        lambda: _sessions(rule, retention.sessions_by_count(rule), retention.sessions_are_kept_up_to(rule)),
        lambda: _logs(retention.logs_by_age(rule), retention.logs_are_kept_for(rule)),
        lambda: _logs(retention.logs_by_size(rule), retention.logs_are_kept_up_to(rule)),
        lambda: _lines(retention.unfinished_logs(rule).first()),
    ]
    asked = (rule.session_days, rule.session_count, rule.log_days, rule.log_megabytes, True)
    for step, is_asked in zip(steps, asked, strict=True):
        if is_asked is not None:
            _little_by_little(step, end)
    _files(rule, end)


def _little_by_little(step: Callable[[], int], end: float) -> None:
    """Until nothing is left to do; after each step everybody else gets as long as it took."""
    while time.monotonic() < end:
        began = time.monotonic()
        if not step():
            return
        time.sleep(min(time.monotonic() - began, _LONGEST_REST_S))


# --- sessions ---


def _sessions(rule: RetentionRule, which: Any, why: str) -> int:
    """The oldest few of them; their lines first, since a long log is more than one transaction should take."""
    oldest = list(which.order_by("id").values_list("id", flat=True)[:_SESSIONS])
    with_lines = LogHead.objects.filter(session__in=oldest, bytes__gt=0)
    if (head := with_lines.first()) is not None:
        if head.deleted_at is None:
            _say_deleted(LogHead.objects.filter(pk=head.pk), why)
            head.refresh_from_db()
        return _lines(head)
    return _forget(rule, oldest, why)


@transaction.atomic
def _forget(rule: RetentionRule, ids: list[int], why: str) -> int:
    """Only what is said of them stays, and what they imported."""
    ended = Session.objects.filter(pk__in=ids, state__in=Session.FINAL).select_related("plugin")
    rows = list(ended.select_for_update(of=("self",)))
    DeletedSession.objects.bulk_create([_remembered(rule, session, why) for session in rows], ignore_conflicts=True)
    for session in rows:
        Import.objects.filter(session=session).update(deleted_session=session.pk)
    Session.objects.filter(pk__in=[session.pk for session in rows]).delete()
    return len(rows)


def _remembered(rule: RetentionRule, session: Session, why: str) -> DeletedSession:
    return DeletedSession(
        id=session.pk,
        uid=session.uid,
        organization_id=rule.organization_id,
        project_id=session.project_id,
        plugin_name=session.plugin.name,
        state=session.state,
        started_by_id=session.started_by_id,
        created_at=session.created_at,
        why=why,
    )


# --- logs ---


def _logs(which: Any, why: str) -> int:
    """Say of some logs that they are deleted; their lines go afterwards, and nobody sees half a log."""
    chosen = list(which.order_by("session_id").values_list("pk", flat=True)[:_SESSIONS])
    return _say_deleted(LogHead.objects.filter(pk__in=chosen, deleted_at=None), why)


@transaction.atomic
def _say_deleted(heads: Any, why: str) -> int:
    rows = list(heads.select_for_update())
    for head in rows:
        head.deleted_up_to, head.deleted_at, head.deleted_why = head.last, timezone.now(), why
    return int(LogHead.objects.bulk_update(rows, ["deleted_up_to", "deleted_at", "deleted_why"]))


@transaction.atomic
def _lines(head: LogHead | None) -> int:
    """The next lines of a log that was said to be deleted. Its bytes are counted as gone once all its lines are."""
    if head is None:
        return 0
    doomed = LogLine.objects.filter(session=head.session_id, number__lte=head.deleted_up_to)
    first = doomed.order_by("number").values_list("number", flat=True).first()
    if first is None:
        return LogHead.objects.filter(pk=head.pk).update(bytes=0)
    doomed.filter(number__lt=first + _LINES).delete()
    return 1


# --- files ---


def _files(rule: RetentionRule, end: float) -> None:
    for stored in retention.files_just_taken(rule):
        files.remove(stored)
    chosen: list[StoredFile] = []
    for stored, why in retention.files_to_take(rule):
        stored.deleted_why = why
        chosen.append(stored)
        if len(chosen) >= _FILES:
            _take(chosen)
            chosen = []
        if time.monotonic() > end:
            break
    _take(chosen)


def _take(chosen: list[StoredFile]) -> None:
    """First it is said, then done: what outlives a crash in between is removed by the next round."""
    with transaction.atomic():
        for stored in chosen:
            stored.deleted_at = timezone.now()
        StoredFile.objects.bulk_update(chosen, ["deleted_at", "deleted_why"])
    for stored in chosen:
        files.remove(stored)
