"""What an export is to have: chosen by stages, batches, assignees and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from .models import Asset, BatchAsset, Issue, Project, Task, TaskStep
from .protocol.export_shapes import Json
from .protocol.moments import moment_of

_OPERATORS = ("gt", "gte", "lt", "lte")


@dataclass(frozen=True)
class Choice:
    """What is exported, as it was understood. `stages` None is all of them; times are `{"updated": {"gt": text}}`.

    `base` is scheme and host of whoever asked: addresses of our own files begin with it.
    """

    stages: Sequence[str] | None = None
    batches: Sequence[str] = ()
    assignees: Sequence[str] = ()
    times: dict[str, dict[str, str]] = field(default_factory=dict)
    has_metadata: bool = True
    has_history: bool = True
    base: str = ""

    def as_json(self) -> Json:
        return asdict(self)


def chosen(project: Project, choice: Choice) -> QuerySet[Asset]:
    """The assets whose tasks the choice takes."""
    found = Asset.objects.filter(project=project)
    if choice.stages is not None:
        found = found.filter(task__stage__in=choice.stages)
    if choice.batches:
        places = BatchAsset.objects.filter(batch__project=project, batch__uid__in=choice.batches)
        found = found.filter(pk__in=places.values("asset"))
    if choice.assignees:
        found = found.filter(task__assignee__uid__in=choice.assignees)
    if "completed" in choice.times:
        completing = TaskStep.objects.filter(task__asset=OuterRef("pk"), to_stage=Task.COMPLETE).order_by("-id")
        completed_at = Coalesce(Subquery(completing.values("at")[:1]), "task__updated_at")
        found = found.filter(task__stage=Task.COMPLETE).alias(completed_at=completed_at)
    columns = {"updated": "task__updated_at", "created": "task__created_at", "completed": "completed_at"}
    return found.filter(_in_times(choice, columns))


def chosen_issues(project: Project, choice: Choice) -> QuerySet[Issue]:
    """The issues of the tasks that the choice takes; its times are the issues' own."""
    tasks = chosen(project, Choice(choice.stages, choice.batches, choice.assignees))
    found = Issue.objects.filter(project=project, task__asset__in=tasks.values("pk"))
    return found.filter(_in_times(choice, {"updated": "updated_at", "created": "created_at"}))


def _in_times(choice: Choice, columns: Mapping[str, str]) -> Q:
    bounds = [
        Q(**{f"{columns[name]}__{operator}": moment_of(text)})
        for name, limits in choice.times.items()
        for operator, text in limits.items()
        if name in columns and operator in _OPERATORS
    ]
    return Q(*bounds)
