"""What is done with tasks: moved through stages, reviewed, assigned, put first.

Whatever moves or judges a task adds a step to its history, with people's answer as it was; so no work is ever lost.
What touches many tasks goes through them some hundreds in a transaction, so that logs and claims go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import answers, audit
from pluginhost.errors import Invalid
from pluginhost.models import Project, Task, TaskStep, User
from pluginhost.principal import Principal
from pluginhost.protocol import stages

LOWEST_PRIORITY, HIGHEST_PRIORITY = -10_000, 10_000
Chosen = Callable[[], Iterator[list[int]]]
"""Gives the ids of tasks, some hundreds at a time (see `task_choice`)."""


@dataclass(frozen=True)
class Requeuing:
    """What is done to tasks beside moving them."""

    removes_annotations: bool = False
    removes_assignee: bool = False
    removes_history: bool = False

    @property
    def changes_more(self) -> bool:
        return self.removes_annotations or self.removes_assignee or self.removes_history


def set_status(principal: Principal, task: Task, status: str) -> Task:
    """Complete it, or open it again: then it is to be labeled."""
    if status not in Task.Status.values:
        raise _bad("status", f"This must be one of {', '.join(Task.Status.values)}.")
    if status != task.status:
        _move(principal, [task.pk], Task.COMPLETE if status == Task.Status.COMPLETED else Task.LABEL)
        _write_down(principal, task.project, "task.status_set", {"task": task.uid, "status": status})
    return _again(task)


def review(principal: Principal, task: Task, status: str, details: object = None) -> Task:
    """Judge it. The step keeps who did, what was said of it, and the answer that was judged."""
    if status not in Task.Review.values:
        raise _bad("reviewStatus", f"This must be one of {', '.join(Task.Review.values)}.")
    if details is not None and not isinstance(details, dict):
        raise _bad("pctDetails", "This must be an object.")
    _judge(principal, task, status, {"pctDetails": details} if details else {})
    _write_down(principal, task.project, "task.reviewed", {"task": task.uid, "status": status})
    return _again(task)


def assign(principal: Principal, project: Project, tasks: Sequence[int], user: User, *, at: str | None = None) -> int:
    """Give the tasks to somebody, or those of them `at` a stage; how many were given."""
    chosen = list(tasks)
    if at is not None:
        chosen = list(Task.objects.filter(pk__in=chosen, stage=at).values_list("pk", flat=True))
    for start in range(0, len(chosen), 500):
        _change(principal, project, chosen[start : start + 500], {"assignee": user})
    details: dict[str, object] = {"tasks": len(chosen), "to": user.username}
    _write_down(principal, project, "tasks.assigned", details | ({"stage": at} if at else {}))
    return len(chosen)


def requeue(principal: Principal, project: Project, tasks: Chosen, to_stage: str, how: Requeuing) -> int:
    """Move the tasks to a stage; how many were moved or changed. Annotations that are removed stay in the history."""
    count = sum(_move(principal, some, to_stage, how) for some in tasks())
    _write_down(principal, project, "tasks.requeued", {"tasks": count, "stage": to_stage})
    return count


def prioritise(principal: Principal, project: Project, tasks: Chosen, priority: object) -> int:
    """Set the tasks' priority: the highest comes first."""
    value = checked_priority(priority)
    count = sum(_change(principal, project, some, {"priority": value}) for some in tasks())
    _write_down(principal, project, "tasks.prioritised", {"tasks": count, "priority": value})
    return count


def checked_priority(value: object, path: str = "priority") -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not LOWEST_PRIORITY <= int(value) <= HIGHEST_PRIORITY:  # type: ignore[call-overload]
        raise _bad(path, f"This must be a whole number from {LOWEST_PRIORITY:,} to {HIGHEST_PRIORITY:,}.")
    return int(value)  # type: ignore[call-overload,no-any-return]


# --- one transaction each ---


@transaction.atomic
def _move(principal: Principal, ids: Sequence[int], to_stage: str, how: Requeuing | None = None) -> int:
    """Those of the tasks that are elsewhere go to the stage; with `how`, what else is to be done is done to all."""
    how = how or Requeuing()
    locked = Task.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    tasks = [task for task in locked if task.stage != to_stage or how.changes_more]
    if not tasks:
        return 0
    is_complete = to_stage == Task.COMPLETE
    if is_complete:
        answers.fix(tasks)
    now = timezone.now()
    TaskStep.objects.bulk_create(
        TaskStep(
            task=task, stage=task.stage, to_stage=to_stage, by=principal.user, at=now, answer=task.answer,
            starts_anew=how.removes_history,
        )
        for task in tasks
    )  # fmt: skip
    changes: dict[str, Any] = {"stage": to_stage, "updated_at": now, "updated_by": principal.user}
    changes["status"] = Task.Status.COMPLETED if is_complete else Task.Status.TODO
    changes |= {"answer": None} if how.removes_annotations else {}
    changes |= {"assignee": None} if how.removes_assignee else {}
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(**changes)
    nudge.project(tasks[0].project_id)
    return len(tasks)


@transaction.atomic
def _judge(principal: Principal, task: Task, status: str, details: dict[str, object]) -> None:
    now = timezone.now()
    locked = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    TaskStep.objects.create(
        task=locked,
        stage=locked.stage,
        to_stage=locked.stage,
        by=principal.user,
        at=now,
        review_status=status,
        answer=locked.answer,
        details=details,
    )
    Task.objects.filter(pk=task.pk).update(review_status=status, updated_at=now, updated_by=principal.user)
    nudge.project(task.project_id)


@transaction.atomic
def _change(principal: Principal, project: Project, ids: Sequence[int], changes: Mapping[str, object]) -> int:
    """Set these columns of the tasks; none of them is part of a task's history."""
    count = Task.objects.filter(pk__in=ids).update(**changes, updated_at=timezone.now(), updated_by=principal.user)
    nudge.project(project.pk)
    return count


@transaction.atomic
def _write_down(principal: Principal, project: Project, verb: str, details: dict[str, object]) -> None:
    audit.note(principal, verb, organization=project.organization, target=project, details=details)


def found_stage(project: Project, word: object, path: str) -> str:
    """The id of the stage that is meant; Invalid lists those that the project has."""
    return stages.found(project.stages, word, path)


def _again(task: Task) -> Task:
    return Task.objects.select_related("asset", "project__organization", "assignee").get(pk=task.pk)


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
