"""Issues on tasks (PROTOCOL 2.5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from pluginhost import access, people
from pluginhost.actions import issues as actions
from pluginhost.models import Issue, IssueComment, Project, Session
from pluginhost.protocol import moments, stages

from .door import Answer, Call
from .query import MOST_A_PAGE, refused

_STATUSES = {"open": Issue.Status.OPEN, "closed": Issue.Status.CLOSED, "resolved": Issue.Status.CLOSED}


def listing(call: Call) -> Answer:
    """GET issues: of a project, the newest first. Clients send no limit and mean all: so many as a page may have."""
    uid = call.query.text("project")
    if uid is None:
        raise refused("project", "Name the project by its id.")
    project = access.project(call.principal, uid)
    rows, total = _page(call, _chosen(call, project).order_by("-id"))
    shown = written(project, rows)
    return {"issues": shown, "issue": shown, "total": total}


def _page(call: Call, found: QuerySet[Issue]) -> tuple[list[Issue], int]:
    """The page that was asked for, and how many there are in all."""
    skip, limit = (call.query.page - 1) * _limit(call), _limit(call)
    shown = found.select_related("task__asset", "created_by")
    if call.session is None:
        return list(shown[skip : skip + limit]), found.order_by().count()
    within = _in_scope(call.session, found)
    return list(shown.filter(pk__in=within[skip : skip + limit])), len(within)


def _limit(call: Call) -> int:
    return call.query.limit if call.query.text("limit") else MOST_A_PAGE


def _in_scope(session: Session, found: QuerySet[Issue]) -> list[int]:
    """The keys of those on the session's assets; there may be more than a query has room for."""
    numbers, scope = found.values_list("pk", "task__asset__number"), session.scope.numbers
    return [pk for pk, number in numbers.iterator() if number in scope]


def _chosen(call: Call, project: Project) -> QuerySet[Issue]:
    """The project's issues of an asset, a task, a stage where the task is now, a status, or by somebody."""
    found = access.issues(call.principal, project)
    columns = {"asset": "task__asset__uid", "labelTask": "task__uid"}
    for name, column in columns.items():
        if (value := call.query.text(name)) is not None:
            found = found.filter(**{column: value})
    if (stage := call.query.text("stage")) is not None:
        found = found.filter(task__stage=stages.found(project.stages, stage, "stage"))
    if (who := call.query.text("createdBy")) is not None:
        found = found.filter(created_by__in=people.accounts([who]))
    return found.filter(_of_status(call.query.text("status")))


def _of_status(word: str | None) -> Q:
    if word is None:
        return Q()
    if word.lower() not in _STATUSES:
        raise refused("status", "This must be Open or Closed.")
    return Q(status=_STATUSES[word.lower()])


def create(call: Call) -> Answer:
    """POST issues"""
    call.refuse_session_key("raise issues")
    body = call.body()
    uid = body.get("labelTask")
    if not isinstance(uid, str):
        raise refused("labelTask", "Give the task's id.")
    task = access.task(call.principal, uid, need=access.RUNNER)
    return _shown(call, actions.create(call.principal, task, body))


def change(call: Call, uid: str) -> Answer:
    """POST issues/{id}"""
    issue = _issue(call, uid, "change issues", access.RUNNER)
    return _shown(call, actions.edit(call.principal, issue, call.body()))


def comment(call: Call, uid: str) -> Answer:
    """POST issues/{id}/comment"""
    issue = _issue(call, uid, "comment on issues", access.RUNNER)
    made = actions.comment(call.principal, issue, call.body())
    return _shown(call, issue) | {"comment": _comment(made)}


def delete(call: Call, uid: str) -> Answer:
    """DELETE issues/{id}: `project` is read, and must be the issue's where it is given."""
    issue = _issue(call, uid, "delete issues", access.MANAGER)
    project = call.query.text("project")
    if project is not None and project != issue.project.uid:
        raise refused("project", "The issue is not in this project.")
    actions.delete(call.principal, issue)
    return {"issue": {"_id": uid}}


def _issue(call: Call, uid: str, what: str, need: str) -> Issue:
    access.issue(call.principal, uid)
    call.refuse_session_key(what)
    return access.issue(call.principal, uid, need=need)


def _shown(call: Call, issue: Issue) -> Answer:
    found = access.issue(call.principal, issue.uid)
    return {"issue": written(found.project, [found])[0]}


# --- how an issue is written ---


def written(project: Project, issues: list[Issue]) -> list[dict[str, Any]]:
    """The issues of a page, in one query whatever its size."""
    names = stages.known(project.stages)
    comments: dict[int, list[IssueComment]] = {}
    for made in _comments(issues):
        comments.setdefault(made.issue_id, []).append(made)
    return [_written(project, issue, names, comments.get(issue.pk, [])) for issue in issues]


def _comments(issues: list[Issue]) -> Iterable[IssueComment]:
    return IssueComment.objects.filter(issue__in=issues).select_related("created_by").order_by("id")


def _written(project: Project, issue: Issue, names: dict[str, str], comments: list[IssueComment]) -> dict[str, Any]:
    task = issue.task
    return {
        "errorType": None,
        "errorCode": None,
        "errorCodes": [],
        "pctDetails": None,
        **issue.extra,
        "_id": issue.uid,
        "project": project.uid,
        "asset": {"_id": task.asset.uid, "externalId": task.asset.external_id},
        "labelTask": task.uid,
        "stage": names.get(task.stage, task.stage),
        "stageId": task.stage,
        "status": issue.status,
        "content": issue.content,
        "contentMentions": _mentions(issue.extra.get("contentMentions") or ()),
        "position": issue.position,
        "objectId": issue.object_id or None,
        "page": issue.page,
        "pageEnd": issue.page_end,
        "comments": [_comment(made) for made in comments],
        "createdBy": people.shown(issue.created_by),
        "createdAt": moments.text_of(issue.created_at),
        "updatedAt": moments.text_of(issue.updated_at),
    }


def _comment(made: IssueComment) -> dict[str, Any]:
    return {
        "_id": made.uid,
        "content": made.content,
        "contentMentions": _mentions(made.mentions),
        "createdBy": people.shown(made.created_by),
        "createdAt": moments.text_of(made.created_at),
    }


def _mentions(words: Iterable[str]) -> list[dict[str, str]]:
    return [{"userEmail": word} for word in words]
