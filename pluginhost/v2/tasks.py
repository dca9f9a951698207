"""Tasks, as the client reads them: with the answer always there, all three lists of it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from pluginhost import access, file_links, people, prelabels, task_history
from pluginhost.actions import reads
from pluginhost.models import Issue, Project, StoredFile, Task, TaskStep
from pluginhost.protocol import moments, stages

from .assets import batches_of, histories_of, reachable
from .door import Answer, Call
from .pages import OfAssets, among
from .task_filters import asked
from .task_pages import tasks_of

MASKS = ("brushDataUrl", "medicalBrushDataUrl")
ALWAYS = ("_id", "project", "asset")
_PEOPLE = ("assignee", "created_by", "updated_by")
_SAME = {
    "type": "default",
    "isBenchmark": False,
    "isFlag": False,
    "isStar": False,
    "isSkipped": False,
    "isDraft": False,
    "deleted": False,
}
_Row = namedtuple(  # a page of models takes several times as long
    "_Row",
    "pk uid status stage review_status priority answer created_at updated_at assignee created_by updated_by "
    "asset asset__uid asset__number asset__external_id asset__data",
)


def read(call: Call, uid: str) -> Answer:
    """GET task/{id}: `includeAnswer` is read and makes no difference, since clients need the answer either way."""
    task = access.task(call.principal, uid)
    call.query.flag("includeAnswer")
    if call.session is not None:
        reads.note_read(call.session, [task.asset.number])
    return {"task": written(call, task.project, [task.asset.number])[0]}


def listing(call: Call, uid: str) -> Answer:
    """GET project/{id}/tasks"""
    project = access.project(call.principal, uid)
    call.query.flag("includeAnswer")
    page = tasks_of(call, project, asked(call.query, project, call.session))
    fields = {*ALWAYS, *map(str, call.query.words("fields"))} if call.query.text("fields") else None
    tasks = [_only(task, fields) for task in written(call, project, page.numbers)]
    return {"tasks": tasks, "total": page.total}


def _only(task: dict[str, Any], fields: set[str] | None) -> dict[str, Any]:
    return task if fields is None else {name: value for name, value in task.items() if name in fields}


# --- how a task is written ---


def written(call: Call, project: Project, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The tasks of the assets with these numbers, in this order, in as many queries however many they are."""
    known = OfAssets(project, numbers)
    rows = {row.asset__number: row for row in map(_Row._make, known.rows(_rows))}
    shown = prelabels.shown(known.rows_for(call.session, _pre_labels))
    answers = {
        row.asset: row.answer if row.answer is not None else prelabels.as_answer(row.uid, shown.get(row.asset, {}))
        for row in rows.values()
    }
    places, histories, issues = batches_of(known), histories_of(known), issues_of(known)
    masks = _own_masks(call, project, answers.values())
    names = stages.known(project.stages)
    same = {**_SAME, "project": project.uid, "organization": project.organization.uid}
    return [
        {
            **same,
            **_task(call, row, answers[row.asset], masks),
            **_in_batches(places.get(row.asset, [])),
            **_stages(row, names, histories.get(row.pk, [])),
            **_issues(issues.get(row.pk, [])),
            "isPreLabeled": row.asset in shown,
        }
        for row in (rows[number] for number in numbers if number in rows)
    ]


def _rows(project: int, *bounds: int) -> QuerySet[Any, Any]:
    tasks = Task.objects.filter(among("asset__", *bounds), asset__project=project)
    return tasks.order_by().values_list(*(people.shown_at(name) if name in _PEOPLE else name for name in _Row._fields))


def _pre_labels(session: int | None, project: int, *bounds: int) -> QuerySet[Any, Any]:
    return prelabels.applied(among("asset__", *bounds) & Q(asset__project=project), session)


def issues_of(known: OfAssets) -> dict[int, list[tuple[str, str]]]:
    """(id, status) of each task's issues, the oldest first."""
    found: dict[int, list[tuple[str, str]]] = {}
    for task, uid, status in known.rows(_raised):
        found.setdefault(task, []).append((uid, status))
    return found


def _raised(project: int, *bounds: int) -> QuerySet[Any, Any]:
    raised = Issue.objects.filter(among("task__asset__", *bounds), task__asset__project=project)
    return raised.order_by("id").values_list("task_id", "uid", "status")


def _issues(issues: list[tuple[str, str]]) -> dict[str, Any]:
    is_open = [uid for uid, status in issues if status == Issue.Status.OPEN]
    return {"issues": [uid for uid, _ in issues], "openIssuesCount": len(is_open)}


def _stages(task: _Row, names: Mapping[str, str], steps: Sequence[TaskStep]) -> dict[str, Any]:
    return {
        "stage": names.get(task.stage, task.stage),
        "stageId": task.stage,
        "stageHistory": task_history.stage_history(steps, names),
        "duration": steps[-1].duration_ms if steps else 0,
        "totalDuration": sum(step.duration_ms for step in steps),
    }


def _own_masks(call: Call, project: Project, answers: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Fresh signed addresses for those masks that are files of this project."""
    given = {str(answer[name]) for answer in answers for name in MASKS if answer.get(name)}
    keys = {key: address for address in given if (key := file_links.key_in(address, call.host))}
    if not keys:
        return {}
    ours = StoredFile.objects.filter(key__in=keys, project=project).values_list("key", flat=True)
    return {keys[key]: file_links.shown_link(call.base, key) for key in ours}


def _in_batches(batches: list[str]) -> dict[str, Any]:
    return {"batches": batches, "tags": batches}


def _task(call: Call, task: _Row, answer: dict[str, Any], masks: dict[str, str]) -> dict[str, Any]:
    asset = {
        "_id": task.asset__uid,
        "externalId": task.asset__external_id,
        "data": reachable(call, task.asset__data),
    }
    return {
        "_id": task.uid,
        "asset": asset,
        "externalId": task.asset__external_id,
        "status": task.status,
        "review": {"status": task.review_status},
        "reviewStatus": task.review_status,
        "answer": {name: answer.get(name) or [] for name in ("tools", "classifications", "relations")},
        **{name: masks.get(answer.get(name) or "", answer.get(name)) for name in MASKS},
        "priority": task.priority,
        "assignee": task.assignee,
        "createdAt": moments.text_of(task.created_at),
        "updatedAt": moments.text_of(task.updated_at),
        "createdBy": task.created_by,
        "updatedBy": task.updated_by,
    }
