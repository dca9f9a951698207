"""Tasks, as the client reads them: with the answer always there, all three lists of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pluginhost import access, file_links, people, prelabels, task_history
from pluginhost.actions import reads
from pluginhost.models import Issue, Project, StoredFile, Task, TaskStep
from pluginhost.protocol import moments, stages
from pluginhost.protocol.object_ids import made_id

from .assets import batches_of, reachable
from .door import Answer, Call
from .task_filters import asked
from .task_pages import tasks_of

MASKS = ("brushDataUrl", "medicalBrushDataUrl")
ALWAYS = ("_id", "project", "asset")


def read(call: Call, uid: str) -> Answer:
    """GET task/{id}: `includeAnswer` is read and makes no difference, since clients need the answer either way."""
    task = access.task(call.principal, uid)
    call.query.flag("includeAnswer")
    if call.session is not None:
        reads.note_read(call.session, [task.asset.number])
    return {"task": written(call, task.project, [task])[0]}


def listing(call: Call, uid: str) -> Answer:
    """GET project/{id}/tasks"""
    project = access.project(call.principal, uid)
    call.query.flag("includeAnswer")
    page = tasks_of(call, project, asked(call.query, project))
    fields = {*ALWAYS, *map(str, call.query.words("fields"))} if call.query.text("fields") else None
    tasks = [_only(task, fields) for task in written(call, project, page.tasks)]
    return {"tasks": tasks, "total": page.total}


def _only(task: dict[str, Any], fields: set[str] | None) -> dict[str, Any]:
    return task if fields is None else {name: value for name, value in task.items() if name in fields}


# --- how a task is written ---


def written(call: Call, project: Project, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """The tasks of a page, in as many queries whatever its size."""
    ids = [task.asset_id for task in tasks]
    shown = prelabels.live(ids)
    places = batches_of(ids)
    answers = {
        task.pk: task.answer if task.answer is not None else _as_answer(task, shown.get(task.asset_id, {}))
        for task in tasks
    }
    masks = _own_masks(call, project, answers.values())
    names = stages.known(project.stages)
    histories = task_history.histories(task.pk for task in tasks)
    issues = issues_of(task.pk for task in tasks)
    return [
        _task(call, project, task, places.get(task.asset_id, []), answers[task.pk], masks)
        | {"isPreLabeled": task.asset_id in shown}
        | _stages(task, names, histories.get(task.pk, []))
        | _issues(issues.get(task.pk, []))
        for task in tasks
    ]


def issues_of(task_ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """(id, status) of each task's issues, the oldest first."""
    found: dict[int, list[tuple[str, str]]] = {}
    rows = Issue.objects.filter(task__in=list(task_ids)).order_by("id")
    for task, *issue in rows.values_list("task_id", "uid", "status"):
        found.setdefault(task, []).append((issue[0], issue[1]))
    return found


def _issues(issues: list[tuple[str, str]]) -> dict[str, Any]:
    is_open = [uid for uid, status in issues if status == Issue.Status.OPEN]
    return {"issues": [uid for uid, _ in issues], "openIssuesCount": len(is_open)}


def _stages(task: Task, names: Mapping[str, str], steps: Sequence[TaskStep]) -> dict[str, Any]:
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


def _task(
    call: Call, project: Project, task: Task, batches: list[str], answer: dict[str, Any], masks: dict[str, str]
) -> dict[str, Any]:
    asset = task.asset
    return {
        "_id": task.uid,
        "project": project.uid,
        "organization": project.organization.uid,
        "asset": {"_id": asset.uid, "externalId": asset.external_id, "data": reachable(call, asset.data)},
        "externalId": asset.external_id,
        "status": task.status,
        "type": "default",
        "review": {"status": task.review_status},
        "reviewStatus": task.review_status,
        "answer": {name: answer.get(name) or [] for name in ("tools", "classifications", "relations")},
        **{name: masks.get(answer.get(name) or "", answer.get(name)) for name in MASKS},
        "isBenchmark": False,
        "isFlag": False,
        "isStar": False,
        "isSkipped": False,
        "isDraft": False,
        "deleted": False,
        "priority": task.priority,
        "assignee": people.shown(task.assignee),
        "batches": batches,
        "tags": batches,
        "createdAt": moments.text_of(task.created_at),
        "updatedAt": moments.text_of(task.updated_at),
        "createdBy": people.shown(task.created_by),
        "updatedBy": people.shown(task.updated_by),
    }


def _as_answer(task: Task, shown: prelabels.Content) -> dict[str, Any]:
    """Pre-labels in the words of an answer: objects are its tools, each with an id that stays the same."""
    answer = {name: value for name, value in shown.items() if name != "objects"}
    answer["tools"] = [_tool(task, place, item) for place, item in enumerate(shown.get("objects", ()))]
    return answer


def _tool(task: Task, place: int, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "objectId": made_id(task.uid, place, item),
        "classifications": [],
        "lock": False,
        "metadata": {"createdBy": "import"},
    } | item
