"""What an export is about, read a piece at a time: never more of a project in memory than one piece. Reads only.

Each piece is as it was when it was read; what is changed meanwhile is in the pieces that come after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet

from . import file_links, prelabels
from .export_choice import Choice, chosen, chosen_issues
from .ids import is_id
from .models import Asset, BatchAsset, Export, Import, Issue, IssueComment, StoredFile, Task, TaskStep, User
from .protocol import stages
from .protocol.export_labels import Labels
from .protocol.export_shapes import MASKS, Json, Person, Remark, Shapes, Step, Work
from .protocol.numbers import NumberSet
from .protocol.object_ids import made_id

PIECE_ITEMS = 1_000
PIECE_BYTES = 8 * 2**20
_FIRST_ITEMS = 50
_NOBODY = Person()


class Pace:
    """How many items the next piece has: fewer where they are large, so that memory stays bounded."""

    def __init__(self) -> None:
        self.items = _FIRST_ITEMS

    def note(self, items: int, size: int) -> None:
        """The last piece had so many items and bytes."""
        fitting = PIECE_BYTES * items // max(size, 1)
        self.items = max(1, min(fitting, 2 * self.items, PIECE_ITEMS))


class Reading:
    """One export's items, in the order of the assets' numbers (issues: in the order in which they were made)."""

    def __init__(self, export: Export) -> None:
        self._project, self._shape = export.project, export.shape
        self._choice = Choice(**export.filters)
        self._session: int | None = export.session_id
        self._scope: NumberSet | None = export.session.scope.numbers if export.session else None
        self._host = urlsplit(self._choice.base).netloc
        self._people: dict[str, Person] = {}
        self.numbers: set[int] = set()
        self._shapes = Shapes(
            Labels(self._project.category_schema),
            stages.known(self._project.stages),
            self._people,
            self._choice.has_metadata,
            self._choice.has_history,
        )

    def has_more_than(self, most: int) -> bool:
        """Whether it comes to more than so many items; nothing is counted further than that."""
        if self._scope is not None and len(self._scope) <= most and self._shape != Export.Shape.ISSUES:
            return False
        rows: QuerySet[Any] = (
            chosen_issues(self._project, self._choice)
            if self._shape == Export.Shape.ISSUES
            else chosen(self._project, self._choice)
        )
        return rows.order_by()[: most + 1].count() > most

    def pieces(self, pace: Pace) -> Iterator[list[Json]]:
        if self._shape == Export.Shape.ISSUES:
            yield from self._pieces_of_issues(pace)
            return
        written = self._shapes.asset if self._shape == Export.Shape.ASSETS else self._shapes.task
        for assets in self._pieces_of_assets(pace):
            if self._scope is not None:  # what a session's key reads is written down
                self.numbers.update(asset.number for asset in assets)
            yield [written(work) for work in self._works(assets)]

    # --- which ones ---

    def _pieces_of_assets(self, pace: Pace) -> Iterator[list[Asset]]:
        rows = chosen(self._project, self._choice).select_related("task", "task__updated_by").order_by("number")
        if self._scope is None:
            last = 0
            while piece := list(rows.filter(number__gt=last)[: pace.items]):
                last = piece[-1].number
                yield piece
            return
        numbers = iter(self._scope)
        while wanted := list(islice(numbers, pace.items)):
            yield list(rows.filter(number__in=wanted))

    def _pieces_of_issues(self, pace: Pace) -> Iterator[list[Json]]:
        rows = chosen_issues(self._project, self._choice).select_related("task__asset", "created_by").order_by("pk")
        last = 0
        while piece := list(rows.filter(pk__gt=last)[: pace.items]):
            last = piece[-1].pk
            seen = [issue for issue in piece if self._scope is None or issue.task.asset.number in self._scope]
            comments = _comments([issue.pk for issue in seen])
            yield [
                self._shapes.issue(self._bare_work(issue.task), _remark(issue, comments.get(issue.pk, ())))
                for issue in seen
            ]

    def _bare_work(self, task: Task) -> Work:
        return self._work(task.asset, task, (), {}, (), ())

    # --- all about them, in as many queries whatever the size of the piece ---

    def _works(self, assets: Sequence[Asset]) -> list[Work]:
        ids = [asset.pk for asset in assets]
        tasks = [asset.task for asset in assets]
        steps, remarks, batches = self._steps(tasks), self._remarks(tasks), _batches(ids)
        answers = self._answers(tasks)
        said = [*answers.values(), *(step.answer for found in steps.values() for step in found if step.answer)]
        self._know_people(said)
        masks = self._own_masks(said)
        return [
            self._work(
                asset,
                asset.task,
                batches.get(asset.pk, ()),
                _with_masks(answers[asset.pk], masks),
                steps.get(asset.task.pk, ()),
                remarks.get(asset.task.pk, ()),
            )
            for asset in assets
        ]

    def _work(
        self,
        asset: Asset,
        task: Task,
        batches: Sequence[str],
        answer: Json,
        steps: Sequence[Step],
        remarks: Sequence[Remark],
    ) -> Work:
        return Work(
            uid=asset.uid,
            external_id=asset.external_id,
            address=self._reachable(asset.data),
            dataset=[self._reachable(page) for page in asset.dataset or ()],
            batches=batches,
            metadata=asset.metadata or {},
            context=asset.context_data or {},
            task=task.uid,
            status=task.status,
            stage=task.stage,
            review_status=task.review_status,
            updated_at=task.updated_at,
            updated_by=_person(task.updated_by),
            answer=answer,
            steps=steps,
            remarks=remarks,
        )

    def _reachable(self, address: str) -> str:
        if address.startswith(file_links.PREFIX):
            return file_links.shown_link(self._choice.base, address.removeprefix(file_links.PREFIX))
        return address

    def _answers(self, tasks: Sequence[Task]) -> dict[int, Json]:
        """By asset: people's answer, or the pre-labels that it shows where there is none."""
        open_ones = [task.asset_id for task in tasks if task.answer is None]
        shown = prelabels.live_by_import(open_ones, self._session) if open_ones else {}
        origins = {origin for given in shown.values() for origin, _ in given}
        received = dict(Import.objects.filter(pk__in=origins).values_list("pk", "received_at"))
        at = {origin: int(moment.timestamp() * 1000) for origin, moment in received.items()}
        return {
            task.asset_id: task.answer if task.answer is not None else _shown(task, shown.get(task.asset_id, ()), at)
            for task in tasks
        }

    def _steps(self, tasks: Sequence[Task]) -> dict[int, list[Step]]:
        """By task: the history that clients see."""
        rows = TaskStep.objects.filter(task__in=[task.pk for task in tasks]).select_related("by").order_by("id")
        if self._shape != Export.Shape.TASKS or not self._choice.has_history:
            rows = rows.defer("answer")
        found: dict[int, list[Step]] = defaultdict(list)
        for row in rows:
            if row.starts_anew:
                found[row.task_id].clear()
                continue
            answer = row.answer if "answer" not in row.get_deferred_fields() else None
            step = Step(row.stage, row.to_stage, row.at, _person(row.by), row.duration_ms, row.review_status, answer)
            found[row.task_id].append(step)
        return found

    def _remarks(self, tasks: Sequence[Task]) -> dict[int, list[Remark]]:
        """By task: its issues, which only the older shape has inside its items."""
        found: dict[int, list[Remark]] = defaultdict(list)
        if self._shape == Export.Shape.ASSETS:
            rows = Issue.objects.filter(task__in=[task.pk for task in tasks]).select_related("created_by")
            for issue in rows.order_by("id"):
                found[issue.task_id].append(_remark(issue, ()))
        return found

    def _know_people(self, answers: Iterable[Json]) -> None:
        """Those members of the organization whom the answers' objects name as their makers."""
        made = (
            item.get("metadata") for answer in answers for item in answer.get("tools") or () if isinstance(item, dict)
        )
        named = {str(it.get("createdBy")) for it in made if isinstance(it, dict)}
        unknown = [uid for uid in named if is_id(uid) and uid not in self._people]
        if unknown:
            members = User.objects.filter(uid__in=unknown, memberships__organization=self._project.organization_id)
            self._people.update({user.uid: _person(user) for user in members})

    def _own_masks(self, answers: Iterable[Json]) -> dict[str, str]:
        """Fresh signed addresses for those masks that are files of this project."""
        given = {str(answer[name]) for answer in answers for name in MASKS if answer.get(name)}
        keys = {key: address for address in given if (key := file_links.key_in(address, self._host))}
        if not keys:
            return {}
        ours = StoredFile.objects.filter(key__in=keys, project=self._project).values_list("key", flat=True)
        return {keys[key]: file_links.shown_link(self._choice.base, key) for key in ours}


def _shown(task: Task, given: Sequence[tuple[int, prelabels.Content]], at: dict[int, int]) -> Json:
    """Pre-labels in the words of an answer, with the ids under which the tasks' own door shows them."""
    answer: Json = {name: [] for name in ("tools", "classifications", "relations")}
    for origin, content in given:
        for name, value in content.items():
            if name == "objects":
                first = len(answer["tools"])
                answer["tools"] += [_tool(task, first + n, item, at.get(origin)) for n, item in enumerate(value)]
            elif name in answer and isinstance(value, list):
                answer[name] += value
            else:
                answer[name] = value
    return answer


def _tool(task: Task, place: int, item: Json, at: int | None) -> Json:
    metadata = {"createdBy": "import", **({"createdAt": at} if at else {})}
    known = {"objectId": made_id(task.uid, place, item), "classifications": [], "lock": False, "metadata": metadata}
    return known | item


def _with_masks(answer: Json, masks: dict[str, str]) -> Json:
    return answer | {name: masks.get(str(answer[name]), answer[name]) for name in MASKS if answer.get(name)}


def _batches(asset_ids: Sequence[int]) -> dict[int, list[str]]:
    """By asset: the names of its batches."""
    found: dict[int, list[str]] = defaultdict(list)
    places = BatchAsset.objects.filter(asset__in=asset_ids).order_by("batch__name", "batch")
    for asset, name in places.values_list("asset_id", "batch__name"):
        found[asset].append(name)
    return found


def _comments(issue_ids: Sequence[int]) -> dict[int, list[tuple[Person, str]]]:
    found: dict[int, list[tuple[Person, str]]] = defaultdict(list)
    rows = IssueComment.objects.filter(issue__in=issue_ids).select_related("created_by").order_by("id")
    for comment in rows:
        found[comment.issue_id].append((_person(comment.created_by), comment.content))
    return found


def _remark(issue: Issue, comments: Sequence[tuple[Person, str]]) -> Remark:
    return Remark(
        uid=issue.uid,
        status=issue.status,
        content=issue.content,
        position=issue.position,
        page=issue.page,
        page_end=issue.page_end,
        extra=issue.extra if isinstance(issue.extra, dict) else {},
        by=_person(issue.created_by),
        at=issue.created_at,
        comments=comments,
    )


def _person(user: User | None) -> Person:
    return Person(user.shown_name, user.email) if user else _NOBODY
