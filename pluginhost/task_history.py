"""What became of tasks, step by step, as clients read it. Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import people
from .ids import is_id
from .models import Task, TaskStep
from .protocol import moments

LISTS = ("tools", "classifications", "relations")


def histories(task_ids: Iterable[int]) -> dict[int, list[TaskStep]]:
    """The steps of each task, the oldest first, since its history last started anew. One query."""
    found: dict[int, list[TaskStep]] = {}
    for step in TaskStep.objects.filter(task__in=list(task_ids)).select_related("by").order_by("id"):
        if step.starts_anew:
            found[step.task_id] = []
        else:
            found.setdefault(step.task_id, []).append(step)
    return found


def stage_history(steps: Iterable[TaskStep], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The stages that a task has left, with who did and with what answer; `names` are those of the stages."""
    return [_stage(step, names) for step in steps]


def rows(task: Task, steps: Iterable[TaskStep], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """All that is known of each step (PROTOCOL 2.5)."""
    return [_row(task, step, names) for step in steps]


def id_of(step: TaskStep) -> str:
    """A step's number, in the form that identifiers have on the wire."""
    return f"{step.pk:024x}"


def number_of(uid: str) -> int | None:
    """The step's number again; None for what is no step's identifier: those of tasks begin with the time."""
    number = int(uid, 16) if is_id(uid) else 0
    return number if 0 < number < 2**63 else None


def _stage(step: TaskStep, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "stage": names.get(step.stage, step.stage),
        "stageId": step.stage,
        "duration": step.duration_ms,
        "completedAt": moments.text_of(step.at),
        "completedBy": people.shown(step.by),
        **({"reviewStatus": step.review_status} if step.review_status else {}),
        **answer_of(step),
    }


def _row(task: Task, step: TaskStep, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{name: value for name, value in _stage(step, names).items() if name not in LISTS},
        "_id": id_of(step),
        "id": id_of(step),
        "labelTaskId": task.uid,
        "project": task.project.uid,
        "asset": task.asset.uid,
        "toStage": names.get(step.to_stage, step.to_stage),
        "toStageId": step.to_stage,
        "createdAt": moments.text_of(step.at),
        "answer": answer_of(step),
        "isSkipped": False,
        "deleted": False,
        **step.details,
    }


def answer_of(step: TaskStep) -> dict[str, Any]:
    answer = step.answer or {}
    return {name: answer.get(name) or [] for name in LISTS}
