"""Work on tasks: assigned, completed, reviewed, requeued, put first; and what became of them (PROTOCOL 2.5)."""

from __future__ import annotations

from typing import Any

from pluginhost import access, people, task_history
from pluginhost.actions import answers, reads, task_choice
from pluginhost.actions import tasks as actions
from pluginhost.models import Project, Task, TaskStep
from pluginhost.protocol import stages, task_answers

from .door import Answer, Call
from .query import boolean, refused
from .tasks import written

_OPTIONS = {
    "removeAnnotations": "removes_annotations",
    "resetAnswer": "removes_annotations",
    "removeAssignee": "removes_assignee",
    "unassign": "removes_assignee",
    "removeStageHistory": "removes_history",
}


def set_status(call: Call, uid: str) -> Answer:
    """POST task/{id}/status"""
    task = _task(call, uid, "change a task")
    changed = actions.set_status(call.principal, task, str(call.body().get("status")))
    return _shown(call, changed)


def review(call: Call, uid: str) -> Answer:
    """POST review/{task}"""
    task = _task(call, uid, "review a task")
    body = call.body()
    changed = actions.review(call.principal, task, str(body.get("reviewStatus")), body.get("pctDetails"))
    return _shown(call, changed)


def annotate(call: Call, uid: str) -> Answer:
    """POST annotate/{task}: people's answer, in the shapes of all clients (PROTOCOL 2.3)."""
    task = _task(call, uid, "annotate a task")
    to_next_stage, is_plugins = call.query.flag("nextStage"), call.query.flag("isPlugin")
    given = task_answers.read(call.body())
    answers.annotate(call.principal, task, given, to_next_stage=to_next_stage, is_plugins=is_plugins, host=call.host)
    return _shown(call, access.task(call.principal, uid))


def assign(call: Call) -> Answer:
    """POST task/assign: one task, to a user's id or to an address (`username`); or tasks of a project at a stage."""
    call.refuse_session_key("assign tasks")
    body = call.body()
    if "tasks" in body or "project" in body:
        return _assign_many(call, body)
    task = _task(call, _text(body, "task"), "assign tasks")
    word, path = (body.get("user"), "user") if body.get("user") is not None else (body.get("username"), "username")
    user = people.member(task.project.organization_id, word, path)
    actions.assign(call.principal, task.project, [task.pk], user)
    return _shown(call, access.task(call.principal, task.uid))


def _assign_many(call: Call, body: dict[str, Any]) -> Answer:
    project = access.project(call.principal, _text(body, "project"), need=access.RUNNER)
    tasks = task_choice.tasks_named(project, body.get("tasks"))
    path = "user" if body.get("user") is not None else "username"
    user = people.member(project.organization_id, body.get(path), path)
    stage = body.get("stage")
    at = stages.found(project.stages, stage, "stage") if stage not in (None, "") else None
    return {"tasks": actions.assign(call.principal, project, tasks, user, at=at)}


def requeue(call: Call, uid: str) -> Answer:
    """POST project/{id}/requeueTasks"""
    project = _project(call, uid, "requeue tasks")
    body = call.body()
    to_stage = stages.found(project.stages, body.get("toStageId"), "toStageId")
    how, chosen = _how(body.get("options")), task_choice.chosen(project, body.get("filters"))
    count = actions.requeue(call.principal, project, chosen, to_stage, how)
    return {"modifiedCount": {"modified": count, "toStageId": to_stage}}


def _how(options: object) -> actions.Requeuing:
    if options is None:
        return actions.Requeuing()
    if not isinstance(options, dict):
        raise refused("options", "This must be an object.")
    chosen: dict[str, bool] = {}
    for name, value in options.items():
        if name not in _OPTIONS:
            raise refused(f"options.{name[:60]}", f"This is not known; {', '.join(_OPTIONS)} are.")
        chosen[_OPTIONS[name]] = boolean(value, f"options.{name}") or chosen.get(_OPTIONS[name], False)
    return actions.Requeuing(**chosen)


def update_priority(call: Call, uid: str) -> Answer:
    """POST project/{id}/updatePriority"""
    project = _project(call, uid, "change priorities")
    body = call.body()
    priority, chosen = body.get("priority"), task_choice.chosen(project, body.get("filters"))
    count = actions.prioritise(call.principal, project, chosen, priority)
    return {"result": {"modified": count, "priority": priority}}


def set_priority(call: Call, uid: str) -> Answer:
    """POST priority/{project}: of one asset's task, or of all whose external id it is. One of the two is null."""
    project = _project(call, uid, "change priorities")
    body = call.body()
    asset, external_id = body.get("assetId"), body.get("externalId")
    if asset is None and external_id is None:
        raise refused("externalId", "Give the asset's id or its external id.")
    filters = {"assetIds": None if asset is None else [asset]}
    filters["externalIds"] = None if external_id is None else [external_id]
    chosen = task_choice.chosen(project, filters)
    return {"tasks": actions.prioritise(call.principal, project, chosen, body.get("priority"))}


# --- history ---


def history(call: Call, uid: str) -> Answer:
    """GET task/{id}/history: every step, also those before a history that started anew."""
    return _history(call, access.task(call.principal, uid))


def step(call: Call, uid: str) -> Answer:
    """GET taskHistory/{id}: one step by its id; with a task's id, all of its."""
    number = task_history.number_of(uid)
    if number is None:
        return _history(call, access.task(call.principal, uid))
    known = access.task_step(call.principal, number)
    _note(call, known.task)
    (row,) = task_history.rows(known.task, [known], stages.known(known.task.project.stages))
    return {"taskHistory": row}


def _history(call: Call, task: Task) -> Answer:
    _note(call, task)
    steps = TaskStep.objects.filter(task=task).select_related("by").order_by("id")
    return {"taskHistory": task_history.rows(task, steps, stages.known(task.project.stages))}


def _note(call: Call, task: Task) -> None:
    if call.session is not None:
        reads.note_read(call.session, [task.asset.number])


# --- what all have in common ---


def _task(call: Call, uid: str, what: str) -> Task:
    access.task(call.principal, uid)
    call.refuse_session_key(what)
    return access.task(call.principal, uid, need=access.RUNNER)


def _project(call: Call, uid: str, what: str) -> Project:
    access.project(call.principal, uid)
    call.refuse_session_key(what)
    return access.project(call.principal, uid, need=access.RUNNER)


def _shown(call: Call, task: Task) -> Answer:
    return {"task": written(call, task.project, [task.asset.number])[0]}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise refused(name, "Give the id as text.")
    return value
