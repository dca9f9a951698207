"""The three shapes of exports (PROTOCOL 3.5), from plain facts: an item per asset, per task, or per issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .export_labels import Labels
from .moments import moment_of, text_of

MASKS = ("brushDataUrl", "medicalBrushDataUrl")
COMPLETE = "Complete"
Json = dict[str, Any]


class Person(NamedTuple):
    """By whom: the older shape has names, the newer ones addresses."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Step:
    """A task that left a stage."""

    stage: str
    to_stage: str
    at: datetime
    by: Person
    duration_ms: int
    review_status: str
    answer: Json | None


@dataclass(frozen=True)
class Remark:
    """An issue of a task."""

    uid: str
    status: str
    content: str
    position: str
    page: int | None
    page_end: int | None
    extra: Json
    by: Person
    at: datetime
    comments: Sequence[tuple[Person, str]]


@dataclass(frozen=True)
class Work:
    """One asset with its task, as it is exported."""

    uid: str
    external_id: str
    address: str
    dataset: Sequence[str]
    batches: Sequence[str]
    metadata: Json
    context: Json
    task: str
    status: str
    stage: str
    review_status: str
    updated_at: datetime
    updated_by: Person
    answer: Json
    steps: Sequence[Step] = ()
    remarks: Sequence[Remark] = ()

    @property
    def completed(self) -> Step | None:
        """The step that completed it, if it is complete."""
        if self.stage != COMPLETE:
            return None
        return next((step for step in reversed(self.steps) if step.to_stage == COMPLETE), None)

    @property
    def reviewed(self) -> Step | None:
        return next((step for step in reversed(self.steps) if step.review_status), None)

    @property
    def duration_ms(self) -> int:
        return sum(step.duration_ms for step in self.steps)


@dataclass(frozen=True)
class Shapes:
    """What a project's exports are written with. `people` are those that answers name by their ids."""

    labels: Labels
    stages: Mapping[str, str]
    people: Mapping[str, Person]
    has_metadata: bool = True
    has_history: bool = True

    # --- one item per asset, for clients to 1.1 ---

    def asset(self, work: Work) -> Json:
        done, reviewed = work.completed, work.reviewed
        completed_at = done.at if done else work.updated_at if work.stage == COMPLETE else None
        return {
            "asset": work.address,
            "assetId": work.uid,
            "externalId": work.external_id,
            "labeledAt": _moment(completed_at),
            "reviewedAt": _moment(reviewed.at if reviewed else None),
            "status": work.status,
            "labelDuration(ms)": work.duration_ms,
            "consensus": None,
            "batches": list(work.batches),
            "metadata": work.metadata,
            "tasks": [self._task_of_asset(work, completed_at)],
        }

    def _task_of_asset(self, work: Work, completed_at: datetime | None) -> Json:
        done = work.completed
        return {
            "taskId": work.task,
            "completedBy": _or_none(done.by.name if done else ""),
            "completedAt": _moment(completed_at),
            "duration(ms)": work.duration_ms,
            "isSkipped": False,
            "review": _review(work),
            "status": work.status,
            "updatedBy": _or_none(work.updated_by.name),
            "updatedAt": text_of(work.updated_at),
            "isBenchmark": False,
            "benchmark": None,
            "issues": [self._issue_of_asset(remark) for remark in work.remarks],
            "objects": [self._made(item, _iso, "name") for item in self.labels.objects(work.answer.get("tools"))],
            "classifications": self.labels.classifications(work.answer.get("classifications")),
            "relations": self.labels.relations(work.answer.get("relations")),
            **{name: work.answer[name] for name in MASKS if work.answer.get(name)},
        }

    def _issue_of_asset(self, remark: Remark) -> Json:
        return {
            "_id": remark.uid,
            "status": remark.status,
            "content": remark.content,
            "position": remark.position,
            "createdBy": _or_none(remark.by.name),
            "createdAt": text_of(remark.at),
        }

    # --- one item per task, for clients from 1.2 ---

    def task(self, work: Work) -> Json:
        item: Json = {
            "asset": work.address,
            "assetId": work.uid,
            "externalId": work.external_id,
            "batches": list(work.batches),
            **({"dataset": list(work.dataset)} if work.dataset else {}),
            **({"metadata": work.metadata, "contextData": work.context} if self.has_metadata else {}),
        }
        task: Json = {
            "taskId": work.task,
            "stage": self._stage(work.stage),
            "stageId": work.stage,
            "updatedBy": _or_none(work.updated_by.email),
            "updatedAt": text_of(work.updated_at),
            "totalDuration": work.duration_ms,
            **self._answer(work.answer),
        }
        if self.has_history:
            task["stageHistory"] = [self._step(step) for step in work.steps]
        return item | {"task": task}

    def _answer(self, answer: Json) -> Json:
        tools = [{"page": 0} | item for item in self.labels.objects(answer.get("tools"))]
        return {
            "tools": [self._made(item, _milliseconds, "email") for item in tools],
            "classifications": self.labels.classifications(answer.get("classifications")),
            "relations": self.labels.relations(answer.get("relations")),
            **{name: answer.get(name) for name in MASKS},
        }

    def _step(self, step: Step) -> Json:
        answer = self._answer(step.answer or {})
        return {
            "stage": self._stage(step.stage),
            "stageId": step.stage,
            "duration": step.duration_ms,
            "completedAt": text_of(step.at),
            "completedBy": _or_none(step.by.email),
            **({"reviewStatus": step.review_status} if step.review_status else {}),
            **{name: answer[name] for name in ("tools", "classifications", "relations")},
        }

    # --- one item per issue ---

    def issue(self, work: Work, remark: Remark) -> Json:
        return {
            "_id": remark.uid,
            "asset": {"_id": work.uid, "externalId": work.external_id},
            "labelTask": work.task,
            "stage": self._stage(work.stage),
            "stageId": work.stage,
            "createdBy": _or_none(remark.by.email),
            "createdAt": text_of(remark.at),
            "page": remark.page,
            "pageEnd": remark.page_end,
            "status": remark.status,
            "errorType": remark.extra.get("errorType"),
            "errorCode": remark.extra.get("errorCode") or _first(remark.extra.get("errorCodes")),
            "content": remark.content,
            "comments": [{"createdBy": by.email, "content": content} for by, content in remark.comments],
            "position": remark.position,
        }

    # --- what they share ---

    def _stage(self, stage: str) -> str:
        return self.stages.get(stage, stage)

    def _made(self, item: Json, written: Any, how: str) -> Json:
        """With when and by whom, in the words of the shape."""
        known = item.get("metadata")
        metadata = dict(known) if isinstance(known, dict) else {}
        person = self.people.get(str(metadata.get("createdBy")))
        if person is not None:
            metadata["createdBy"] = getattr(person, how)
        if (moment := _known_moment(metadata.get("createdAt"))) is not None:
            metadata["createdAt"] = written(moment)
        return item | {"metadata": metadata}


def _review(work: Work) -> Json:
    step = work.reviewed
    return {
        "status": work.review_status,
        "completedBy": _or_none(step.by.name if step else ""),
        "completedAt": _moment(step.at if step else None),
        "duration(ms)": step.duration_ms if step else 0,
    }


def _or_none(text: str) -> str | None:
    """Nobody is null on the wire."""
    return text or None


def _moment(at: datetime | None) -> str | None:
    return text_of(at) if at else None


def _known_moment(value: object) -> datetime | None:
    """It is stored as milliseconds since 1970; imported objects may have a text."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        return moment_of(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _iso(moment: datetime) -> str:
    return text_of(moment)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _first(codes: object) -> object:
    return codes[0] if isinstance(codes, list) and codes else None
