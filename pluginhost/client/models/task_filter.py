"""Which tasks `get_tasks` gives."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ..plain import plain
from .moments import written

_ON_THE_WIRE = {
    "stage": "stage",
    "batches": "batches",
    "status": "status",
    "review_status": "reviewStatus",
    "task_type": "type",
    "assignee": "assignee",
    "external_id": "externalId",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "created_by": "createdBy",
    "updated_by": "updatedBy",
    "priority": "priority",
    "duration": "duration",
    "total_duration": "totalDuration",
    "open_issues_count": "openIssuesCount",
    "is_draft": "isDraft",
    "is_skipped": "isSkipped",
    "is_benchmark": "isBenchmark",
}
_OPERATORS = {"in_list": "$in"}


class Condition:
    """Operators and what they compare with; those that are None are left out."""

    def __init__(self, **operators: Any) -> None:
        self._operators = {
            _OPERATORS.get(name, f"${name}"): value for name, value in operators.items() if value is not None
        }

    def toDict(self) -> dict[str, Any]:  # the public client's names
        return {
            name: written(value) if isinstance(value, datetime) else value for name, value in self._operators.items()
        }

    def is_empty(self) -> bool:
        return not self._operators


class DateRange(Condition):
    """`DateRange(gte=datetime(…), lt=datetime(…))`."""

    def __init__(
        self,
        gt: datetime | None = None,
        gte: datetime | None = None,
        lt: datetime | None = None,
        lte: datetime | None = None,
    ) -> None:
        super().__init__(gt=gt, gte=gte, lt=lt, lte=lte)


class NumberRange(Condition):
    """`NumberRange(gte=1)`, also with eq, ne, gt, lt, lte."""


class StringFilter(Condition):
    """`StringFilter(in_list=[…])`, also with eq, ne, regex, nin, exists."""


class TaskFilter:
    """By keyword: `stage`, `status`, `assignee`, `external_id`, `created_at` …, each a value or a condition."""

    def __init__(self, stage: Any = None, batches: Any = None, **conditions: Any) -> None:
        unknown = conditions.keys() - _ON_THE_WIRE.keys()
        if unknown:
            raise TypeError(f"A task filter has no {', '.join(sorted(unknown))}; it has {', '.join(_ON_THE_WIRE)}.")
        given = {"stage": stage, "batches": batches, **conditions}
        self._conditions = {name: value for name, value in given.items() if value is not None}

    def toDict(self) -> dict[str, Any]:
        conditions = {_ON_THE_WIRE[name]: _condition(name, value) for name, value in self._conditions.items()}
        return {name: value for name, value in conditions.items() if value != {}}

    def to_json(self) -> str:
        return json.dumps(self.toDict())

    def is_empty(self) -> bool:
        return not self.toDict()


def _condition(name: str, value: Any) -> Any:
    if isinstance(value, Condition):
        return value.toDict()
    if name == "stage" and isinstance(value, str):
        return value
    return {"$in": plain(value)} if isinstance(value, (list, tuple, set)) else {"$eq": plain(value)}
