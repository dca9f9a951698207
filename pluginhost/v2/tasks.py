"""Tasks, as the client reads them: with the answer always there, all three lists of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from pluginhost import access, file_links, prelabels
from pluginhost.actions import batches as batch_actions
from pluginhost.actions import reads
from pluginhost.models import Asset, Project, StoredFile, Task
from pluginhost.protocol import moments

from .assets import batches_of, is_pre_labeled, reachable
from .door import Answer, Call
from .pages import in_batches, page_of
from .query import boolean, refused

MASKS = ("brushDataUrl", "medicalBrushDataUrl")
ALWAYS = ("_id", "project", "asset")
_STAGES = {"complete": Task.Status.COMPLETED, "label": Task.Status.TODO, "start": Task.Status.TODO}


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
    chosen, is_filtered = _chosen(call, project)
    newest_first = (call.query.text("sort") or "").strip().startswith("-createdAt")
    page = page_of(call, project, chosen, is_filtered=is_filtered, newest_first=newest_first)
    found = Task.objects.filter(asset__project=project, asset__number__in=page.numbers)
    order = "-asset__number" if newest_first else "asset__number"
    tasks = written(call, project, list(found.select_related("asset", "assignee").order_by(order)))
    fields = {*ALWAYS, *map(str, call.query.words("fields"))} if call.query.text("fields") else None
    return {"tasks": [_only(task, fields) for task in tasks], "total": page.total}


def _only(task: dict[str, Any], fields: set[str] | None) -> dict[str, Any]:
    return task if fields is None else {name: value for name, value in task.items() if name in fields}


# --- filters ---


def _chosen(call: Call, project: Project) -> tuple[QuerySet[Asset], bool]:
    """The assets whose tasks pass the filters, and whether there are any. Unknown ones are ignored."""
    asked = {**call.query.json("filters"), **call.query.json("filter")}
    for name in ("status", "stage", "externalId", "isPreLabeled"):
        if (value := call.query.text(name)) is not None:
            asked[name] = value
    given = asked.pop("batches", None)
    any_of = isinstance(given, dict) and "$in" in given
    batches = [*_values(given, "batches"), *call.query.words("batches", "tags", "tag")]
    narrowings = [_FILTERS[name](value) for name, value in asked.items() if name in _FILTERS and value is not None]
    chosen = access.assets(call.principal, project)
    for narrowing in narrowings:
        chosen = chosen.filter(narrowing)
    resolved = batch_actions.resolve(project, batches, "batches")
    return in_batches(chosen, resolved, all_of_them=not any_of), bool(narrowings or resolved)


def _by_status(value: object) -> Q:
    known = {status.value.lower(): status.value for status in Task.Status}
    wanted = [known.get(str(word).lower().replace(" ", "")) for word in _values(value, "status")]
    return _matching(value, Q(task__status__in=[word for word in wanted if word]))


def _by_stage(value: object) -> Q:
    wanted = [_STAGES.get(str(word).lower()) for word in _values(value, "stage")]
    return _matching(value, Q(task__status__in=[word for word in wanted if word]))


def _by_external_id(value: object) -> Q:
    return _matching(value, Q(external_id__in=[str(word) for word in _values(value, "externalId")]))


def _by_pre_label(value: object) -> Q:
    wanted = [boolean(word, "isPreLabeled") for word in _values(value, "isPreLabeled")]
    chosen = is_pre_labeled()
    return _matching(value, chosen if wanted and wanted[0] else ~chosen)


_FILTERS = {
    "status": _by_status,
    "stage": _by_stage,
    "externalId": _by_external_id,
    "isPreLabeled": _by_pre_label,
}


def _values(value: object, name: str) -> list[Any]:
    """What a filter names: a bare value, a list, or the operators `$eq $ne $in $nin`."""
    if value is None:
        return []
    if isinstance(value, dict):
        unknown = set(value) - {"$eq", "$ne", "$in", "$nin"}
        if unknown or len(value) != 1:
            raise refused(f"filter.{name}", "Of the operators, $eq, $ne, $in and $nin are understood, one at a time.")
        (value,) = value.values()
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str | int | bool) for word in values):
        raise refused(f"filter.{name}", "This must be text or a list of texts.")
    return values


def _matching(value: object, condition: Q) -> Q:
    is_negated = isinstance(value, dict) and next(iter(value)) in ("$ne", "$nin")
    return ~condition if is_negated else condition


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
    return [
        _task(call, project, task, places.get(task.asset_id, []), answers[task.pk], masks)
        | {"isPreLabeled": task.asset_id in shown}
        for task in tasks
    ]


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
    stage = "Complete" if task.status == Task.Status.COMPLETED else "Label"
    return {
        "_id": task.uid,
        "project": project.uid,
        "organization": project.organization.uid,
        "asset": {"_id": asset.uid, "externalId": asset.external_id, "data": reachable(call, asset.data)},
        "status": task.status,
        "stage": stage,
        "stageId": stage,
        "stageHistory": [],
        "review": {"status": "Todo"},
        "answer": {name: answer.get(name) or [] for name in ("tools", "classifications", "relations")},
        **{name: masks.get(answer.get(name) or "", answer.get(name)) for name in MASKS},
        "isBenchmark": False,
        "isFlag": False,
        "isStar": False,
        "isSkipped": False,
        "deleted": False,
        "issues": [],
        "openIssuesCount": 0,
        "priority": 0,
        "assignee": task.assignee.email if task.assignee else None,
        "batches": batches,
        "tags": batches,
        "createdAt": moments.text_of(task.created_at),
        "updatedAt": moments.text_of(task.updated_at),
    }


def _as_answer(task: Task, shown: prelabels.Content) -> dict[str, Any]:
    """Pre-labels in the words of an answer: objects are its tools, each with an id that stays the same."""
    answer = {name: value for name, value in shown.items() if name != "objects"}
    answer["tools"] = [_tool(task, place, item) for place, item in enumerate(shown.get("objects", ()))]
    return answer


def _tool(task: Task, place: int, item: dict[str, Any]) -> dict[str, Any]:
    made = hashlib.md5(f"{task.uid} {place} {json.dumps(item)}".encode(), usedforsecurity=False).hexdigest()[:24]
    return {"objectId": made, "classifications": [], "lock": False, "metadata": {"createdBy": "import"}} | item
