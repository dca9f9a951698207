"""People's answers to tasks. While a task has one, its asset shows that and no pre-labels.

Each answer that is given is a step of the task's history, with who gave it; so an answer that is replaced is not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from pluginhost import file_links, nudge, prelabels
from pluginhost.actions import audit, files
from pluginhost.models import Task, TaskStep
from pluginhost.principal import Principal
from pluginhost.protocol import stages
from pluginhost.protocol.object_ids import made_id
from pluginhost.protocol.task_answers import LISTS, MASKS, Annotation


def annotate(
    principal: Principal,
    task: Task,
    given: Annotation,
    *,
    to_next_stage: bool = False,
    is_plugins: bool = False,
    host: str = "",
) -> None:
    """Replace the task's answer, and move the task on if that is wanted.

    `is_plugins`: a script gave it at a stage of the workflow. `host` is where our own files are addressed.
    """
    with transaction.atomic():
        locked = Task.objects.select_for_update(of=("self",)).select_related("project__organization").get(pk=task.pk)
        stage = stages.after(locked.project.stages, locked.stage) if to_next_stage else locked.stage
        answer = _completed(locked, given.answer, principal)
        now = timezone.now()
        TaskStep.objects.create(
            task=locked, stage=locked.stage, to_stage=stage, by=principal.user, at=now, answer=answer,
            duration_ms=given.duration_ms, details={"isPlugin": True} if is_plugins else {},
        )  # fmt: skip
        is_complete = stage == Task.COMPLETE
        Task.objects.filter(pk=locked.pk).update(
            answer=answer,
            stage=stage,
            status=Task.Status.COMPLETED if is_complete else Task.Status.TODO,
            updated_at=now,
            updated_by=principal.user,
        )
        keys = {key for name in MASKS if name in answer and (key := file_links.key_in(answer[name], host))}
        if keys:
            files.note_masks(locked.project, keys)
        details: dict[str, object] = {"task": locked.uid, "stage": stage}
        audit.note(
            principal, "task.annotated", organization=locked.project.organization, target=locked.project,
            details=details,
        )  # fmt: skip
        nudge.project(locked.project_id)


def fix(tasks: Iterable[Task]) -> None:
    """What the assets of tasks without an answer show becomes the answer: from now on no import changes it."""
    open_ones = [task for task in tasks if task.answer is None]
    shown = prelabels.live([task.asset_id for task in open_ones])
    for task in open_ones:
        task.answer = _in_lists(prelabels.as_answer(task.uid, shown.get(task.asset_id, {})))
    Task.objects.bulk_update(open_ones, ["answer"])


def _in_lists(answer: dict[str, Any]) -> dict[str, Any]:
    return {**{name: [] for name in LISTS}, **answer}


def _completed(task: Task, answer: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """Each object with its id, and with who made it where it does not say so."""
    made = {"createdAt": int(timezone.now().timestamp() * 1000), "createdBy": principal.user.uid}
    tools: Sequence[dict[str, Any]] = [
        {"objectId": made_id(task.uid, place, item), "classifications": [], "lock": False, "metadata": made, **item}
        for place, item in enumerate(answer["tools"])
    ]
    return {**answer, "tools": tools}
