"""Issues: raised on a task, talked about, closed. Who is mentioned finds it under the bell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit, messages
from pluginhost.errors import Invalid
from pluginhost.models import Issue, IssueComment, Task
from pluginhost.principal import Principal
from pluginhost.protocol.storable import clean_text

LONGEST_CONTENT = 20_000
LONGEST_POSITION = 2_000
LARGEST_DETAILS = 64 * 2**10
MOST_MENTIONS = 100
_KEPT = {"errorCodes": list, "pctDetails": dict, "errorType": str, "errorCode": str, "plane": str, "dataIndex": int}
_STATUSES = {"open": Issue.Status.OPEN, "closed": Issue.Status.CLOSED, "resolved": Issue.Status.CLOSED}


@transaction.atomic
def create(principal: Principal, task: Task, given: Mapping[str, Any]) -> Issue:
    """Raise an issue on the task, as a client describes it (PROTOCOL 2.5)."""
    mentions = _mentions(given.get("contentMentions"))
    issue = Issue.objects.create(
        project=task.project,
        task=task,
        content=_content(given.get("content")),
        position=_position(given.get("position")),
        object_id=_text(given.get("objectId"), "objectId", 64),
        page=_number(given.get("page"), "page"),
        page_end=_page_end(given),
        extra=_extra(given) | ({"contentMentions": mentions} if mentions else {}),
        created_by=principal.user,
    )
    _tell(principal, issue, mentions, issue.content)
    nudge.project(task.project_id)
    return issue


@transaction.atomic
def edit(principal: Principal, issue: Issue, given: Mapping[str, Any]) -> Issue:
    """Change what is given: the content, whether it is open, the details."""
    locked = Issue.objects.select_for_update(of=("self",)).get(pk=issue.pk)
    changes: dict[str, Any] = {"extra": locked.extra | _extra(given)}
    mentions = _mentions(given.get("contentMentions"))
    if given.get("content") is not None:
        changes["content"] = _content(given["content"])
        changes["extra"] |= {"contentMentions": mentions}
    if given.get("status") is not None:
        changes["status"] = _status(given["status"])
        if changes["status"] != locked.status:
            _note_closing(principal, changes)
    Issue.objects.filter(pk=issue.pk).update(**changes, updated_at=timezone.now())
    issue.refresh_from_db()
    _tell(principal, issue, set(mentions) - set(locked.extra.get("contentMentions", ())), issue.content)
    audit.note(principal, "issue.edited", organization=issue.project.organization, target=issue)
    nudge.project(issue.project_id)
    return issue


@transaction.atomic
def comment(principal: Principal, issue: Issue, given: Mapping[str, Any]) -> IssueComment:
    mentions = _mentions(given.get("contentMentions"))
    made = IssueComment.objects.create(
        issue=issue, content=_content(given.get("content")), mentions=mentions, created_by=principal.user
    )
    Issue.objects.filter(pk=issue.pk).update(updated_at=timezone.now())
    _tell(principal, issue, mentions, made.content)
    nudge.project(issue.project_id)
    return made


@transaction.atomic
def delete(principal: Principal, issue: Issue) -> None:
    """Take it away with its comments; the audit trail keeps what it said."""
    audit.note(
        principal,
        "issue.deleted",
        organization=issue.project.organization,
        target=issue,
        details={"task": issue.task.uid, "content": issue.content[:500]},
    )
    Issue.objects.filter(pk=issue.pk).delete()
    nudge.project(issue.project_id)


def _note_closing(principal: Principal, changes: dict[str, Any]) -> None:
    is_closed = changes["status"] == Issue.Status.CLOSED
    who = principal.user.email or principal.user.username
    at = timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    changes["extra"] |= {"resolvedBy": who if is_closed else None, "resolvedAt": at if is_closed else None}


def _tell(principal: Principal, issue: Issue, mentions: Any, text: str) -> None:
    if mentions:
        title = f"{principal.user.shown_name} mentioned you in an issue of {issue.project.name}"
        messages.tell_mentioned(principal, issue.project.organization, mentions, title, text)


# --- what came, checked ---


def _content(value: object) -> str:
    text = _text(value, "content", LONGEST_CONTENT)
    if not text.strip():
        raise _bad("content", "Say what the issue is.")
    return text


def _position(value: object) -> str:
    """Text; newer clients turn numbers and lists of them into it themselves."""
    return _text(value if isinstance(value, str | None) else json.dumps(value), "position", LONGEST_POSITION)


def _page_end(given: Mapping[str, Any]) -> int | None:
    page, end = given.get("page"), _number(given.get("pageEnd"), "pageEnd")
    if end is not None and (page is None or end < page):
        raise _bad("pageEnd", "This must be no less than page, which has to be given too.")
    return end


def _extra(given: Mapping[str, Any]) -> dict[str, Any]:
    """What has no column of its own, as it was given."""
    kept = {name: given[name] for name in _KEPT if given.get(name) is not None}
    for name, value in kept.items():
        if not isinstance(value, _KEPT[name]) or isinstance(value, bool):
            raise _bad(name, f"This must be {_WORDS[_KEPT[name]]}.")
    if len(json.dumps(kept)) > LARGEST_DETAILS:
        raise _bad("issue", f"Its details may have at most {LARGEST_DETAILS // 1024} KB.")
    return kept


_WORDS = {list: "a list", dict: "an object", str: "text", int: "a whole number"}


def _status(value: object) -> str:
    known = _STATUSES.get(value.strip().lower()) if isinstance(value, str) else None
    if known is None:
        raise _bad("status", "This must be Open or Closed.")
    return known


def _mentions(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(word, str) and len(word) <= 320 for word in value):
        raise _bad("contentMentions", "This must be a list of e-mail addresses.")
    if len(value) > MOST_MENTIONS:
        raise _bad("contentMentions", f"At most {MOST_MENTIONS} people can be mentioned.")
    return [clean_text(word) for word in dict.fromkeys(value)]


def _number(value: object, path: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise _bad(path, "This must be a whole number, from 0.")
    return value


def _text(value: object, path: str, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _bad(path, "This must be text.")
    if len(value) > longest:
        raise _bad(path, f"This is longer than {longest:,} characters.")
    return clean_text(value)


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
