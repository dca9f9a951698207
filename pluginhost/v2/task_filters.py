"""Which tasks a client asks for: the TaskFilter of the newer ones, and the parameters of all of them (PROTOCOL 3.2).

Keys and operators are a list that is here; what is not in it is refused, so that a slip does not mean «all tasks».
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from pluginhost import people
from pluginhost.actions import batches
from pluginhost.ids import is_id
from pluginhost.models import Asset, Batch, BatchAsset, Issue, Project, Session, Task, TaskStep, User
from pluginhost.protocol import stages
from pluginhost.protocol.storable import clean_text

from . import comparisons
from .assets import is_pre_labeled
from .patterns import Pattern, pattern
from .query import Query, boolean, parsed, refused

EVERYTHING, NOTHING = Q(), Q(pk__in=[])
TEXT_OPERATORS = ("$eq", "$ne", "$in", "$nin", "$regex", "$exists")
MOST_VALUES = 1_000
_SHORT = ("status", "stage", "externalId", "isPreLabeled", "assignee")
_WAITING = ("pct_requeue_waiting", "pct_submit_waiting")  # what tasks of point clouds wait for elsewhere; never here


@dataclass
class Asked:
    """What was asked: a condition for the database, and patterns that external ids must match.

    `assets` narrows by what is known of assets, in their own indexes; all of them are of the project.
    """

    condition: Q = EVERYTHING
    assets: Q = EVERYTHING
    patterns: list[Pattern] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        return bool(self.condition) or bool(self.assets) or bool(self.patterns)

    def tasks(self, project: Project) -> QuerySet[Task]:
        """Those of the project's tasks that pass the conditions. Where they name assets, these say of which project:
        a database that knows of both indexes, and not how few assets there are, would go through all tasks.
        """
        if self.assets:
            return Task.objects.filter(self.assets, self.condition)
        return Task.objects.filter(self.condition, project=project)


def asked(query: Query, project: Project, session: Session | None) -> Asked:
    """What the query asks of the project's tasks, with a session's key or without; Invalid names what is wrong."""
    given = {**query.json("filters"), **query.json("filter")}
    for name in _SHORT:
        if (value := query.text(name)) is not None:
            given.setdefault(name, parsed(value, name) if value.startswith("[") else value)
    found = Asked()
    for name, value in given.items():
        if name not in _FILTERS:
            raise refused(f"filter.{name[:60]}", f"This is not known; {', '.join(_FILTERS)} are.")
        for operator, operand in _operations(name, value):
            narrow = partial(_by_pre_label, session) if name == "isPreLabeled" else _FILTERS[name]
            _add(found, name, operator, narrow(project, operator, operand, f"filter.{name}"))
    found.assets &= _all_of(batches.resolve(project, query.words("batches", "tags", "tag"), "batches"))
    return found


def _add(found: Asked, name: str, operator: str, narrowing: Q | Pattern) -> None:
    if isinstance(narrowing, Pattern):
        found.patterns.append(narrowing)
    elif name in ("batches", "externalId") and operator in ("$eq", "$in", "$all"):
        found.assets &= narrowing
    else:
        found.condition &= narrowing


def _operations(name: str, value: Any) -> list[tuple[str, Any]]:
    """The operators of one key; a bare value is to be equal, a bare list to have it (of batches: all of them)."""
    if not isinstance(value, Mapping):
        return [("$all" if name == "batches" and isinstance(value, list) else _bare(value), value)]
    if not value:
        raise refused(f"filter.{name}", 'Give an operator, for example {"$eq": …}.')
    return list(value.items())


def _bare(value: Any) -> str:
    return "$in" if isinstance(value, list) else "$eq"


# --- texts ---


@dataclass(frozen=True)
class _Text:
    """A key whose values are words: what each stands for in the database, and which words there are for a pattern."""

    column: str
    meant: Callable[[Project, list[str], str], list[Any]]
    known: Callable[[Project], Iterable[tuple[str, Any]]]
    may_lack: bool = False

    def __call__(self, project: Project, operator: str, operand: Any, path: str) -> Q:
        _check(operator, TEXT_OPERATORS, path)
        if operator == "$exists":
            has_it = ~Q(**{f"{self.column}__isnull": True}) if self.may_lack else EVERYTHING
            return has_it if boolean(operand, path) else (~has_it if self.may_lack else NOTHING)
        if operator == "$regex":
            wanted = pattern(operand, path)
            return self._among({value for word, value in self.known(project) if wanted.matches(word)})
        words = _words(operator, operand, path, may_be_null=self.may_lack)
        condition = self._among(set(self.meant(project, [word for word in words if word is not None], path)))
        if None in words:
            condition |= Q(**{f"{self.column}__isnull": True})
        return ~condition if operator in ("$ne", "$nin") else condition

    def _among(self, values: set[Any]) -> Q:
        return Q(**{f"{self.column}__in": sorted(values)})


def _words(operator: str, operand: Any, path: str, *, may_be_null: bool = False) -> list[str | None]:
    """The texts that the operator has; numbers are taken for text, as ids often are."""
    is_many = operator in ("$in", "$nin")
    if is_many and (not isinstance(operand, list) or len(operand) > MOST_VALUES):
        raise refused(f"{path}.{operator}", f"This must be a list of at most {MOST_VALUES:,} texts.")
    values = operand if is_many else [operand]
    for value in values:
        is_word = isinstance(value, str | int) and not isinstance(value, bool)
        if not is_word and not (value is None and may_be_null):
            raise refused(path, "This must be text or a list of texts.")
    return [None if value is None else clean_text(str(value)) for value in values]


def _check(operator: str, offered: Iterable[str], path: str) -> None:
    if operator not in offered:
        raise refused(f"{path}.{operator[:40]}", f"Of the operators, {', '.join(offered)} are understood here.")


def _choice(*choices: str) -> Callable[[Project, list[str], str], list[str]]:
    known = {choice.casefold(): choice for choice in choices}

    def meant(project: Project, words: list[str], path: str) -> list[str]:
        folded = {word.replace(" ", "").casefold(): word for word in words}
        for name, word in folded.items():
            if name not in known:
                raise refused(path, f"«{word[:40]}» is none of {', '.join(choices)}.")
        return [known[name] for name in folded]

    return meant


def _status(project: Project, words: list[str], path: str) -> list[str]:
    """READY is what newer clients call a task that waits for nothing; all of ours are."""
    if any(word.casefold() == "ready" for word in words):
        return list(Task.Status.values)
    here = [word for word in words if word.casefold() not in _WAITING]
    return _choice(*Task.Status.values)(project, here, path)


def _choices(*choices: str) -> Callable[[Project], list[tuple[str, str]]]:
    return lambda project: [(choice, choice) for choice in choices]


def _stage(project: Project, words: list[str], path: str) -> list[str]:
    return [stages.found(project.stages, word, path) for word in words]


def _stages(project: Project) -> Iterable[tuple[str, str]]:
    for uid, name in stages.known(project.stages).items():
        yield uid, uid
        yield name, uid


def _people(project: Project, words: list[str], path: str) -> list[int]:
    return people.accounts(words)


def _members(project: Project) -> Iterable[tuple[str, int]]:
    known = User.objects.filter(memberships__organization=project.organization_id)
    for pk, email, name in known.values_list("pk", "email", "username"):
        yield email or name, pk


# --- what is no column of words ---


def _by_id(project: Project, operator: str, operand: Any, path: str) -> Q:
    _check(operator, ("$eq", "$ne", "$in", "$nin"), path)
    condition = Q(uid__in=[word for word in _words(operator, operand, path) if is_id(word)])
    return ~condition if operator in ("$ne", "$nin") else condition


def _by_external_id(project: Project, operator: str, operand: Any, path: str) -> Q | Pattern:
    """Patterns are tried on the ids themselves: there may be a million of them, and no database searches safely."""
    _check(operator, TEXT_OPERATORS, path)
    if operator == "$regex":
        return pattern(operand, path)
    if operator == "$exists":
        return EVERYTHING if boolean(operand, path) else NOTHING
    named = Asset.objects.filter(project=project, external_id__in=_words(operator, operand, path))
    condition = Q(asset__in=named.values("pk"))
    return ~condition if operator in ("$ne", "$nin") else condition


def _by_batch(project: Project, operator: str, operand: Any, path: str) -> Q:
    _check(operator, ("$eq", "$ne", "$in", "$nin", "$all", "$regex", "$exists"), path)
    known = Batch.objects.filter(project=project)
    if operator == "$exists":
        return _in_any(known) if boolean(operand, path) else ~_in_any(known)
    if operator == "$regex":
        wanted = pattern(operand, path)
        return _in_any([batch for batch in known if wanted.matches(batch.name)])
    values = operand if isinstance(operand, list) else [operand]
    named = batches.resolve(project, values, path)
    if operator == "$all":
        return _all_of(named)
    return ~_in_any(named) if operator in ("$ne", "$nin") else _in_any(named)


def _in_any(among: QuerySet[Batch] | list[Batch]) -> Q:
    return Q(asset__in=BatchAsset.objects.filter(batch__in=among).values("asset"))


def _all_of(named: list[Batch]) -> Q:
    condition = EVERYTHING
    for batch in named:
        condition &= _in_any([batch])
    return condition


def _by_pre_label(session: Session | None, project: Project, operator: str, operand: Any, path: str) -> Q:
    _check(operator, ("$eq", "$ne", "$in"), path)
    values = operand if isinstance(operand, list) else [operand]
    wanted = {boolean(value, path) for value in values}
    if len(wanted) != 1:
        return EVERYTHING if wanted else NOTHING
    labeled = is_pre_labeled(session, "asset", "")
    return labeled if wanted.pop() is (operator != "$ne") else ~labeled


def _always(truth: Any) -> Callable[..., Q]:
    """A key that has the same value for every task here."""

    def compared(project: Project, operator: str, operand: Any, path: str) -> Q:
        _check(operator, ("$eq", "$ne", "$in", "$nin", "$exists"), path)
        if operator == "$exists":
            return EVERYTHING if boolean(operand, path) else NOTHING
        values = operand if isinstance(operand, list) else [operand]
        is_in = truth in [boolean(value, path) for value in values]
        return EVERYTHING if is_in is (operator in ("$eq", "$in")) else NOTHING

    return compared


def _type(project: Project, operator: str, operand: Any, path: str) -> Q:
    """Every task here is of the type default."""
    _check(operator, TEXT_OPERATORS, path)
    if operator == "$exists":
        return EVERYTHING if boolean(operand, path) else NOTHING
    if operator == "$regex":
        return EVERYTHING if pattern(operand, path).matches("default") else NOTHING
    words = [str(word) for word in _words(operator, operand, path)]
    is_in = "default" in _choice("default", "consensus", "benchmark")(project, words, path)
    return EVERYTHING if is_in is (operator in ("$eq", "$in")) else NOTHING


def _column(column: str) -> Callable[..., Q]:
    return lambda project, operator, operand, path: comparisons.of_number(column, operator, operand, path)


def _moment(column: str) -> Callable[..., Q]:
    return lambda project, operator, operand, path: comparisons.of_moment(column, operator, operand, path)


def _counted(rows: Callable[[Project], QuerySet[Any]]) -> Callable[..., Q]:
    """A number that is counted from other rows, and 0 for tasks without any: only tasks with rows are looked at."""

    def compared(project: Project, operator: str, operand: Any, path: str) -> Q:
        condition = comparisons.of_number("number", operator, operand, path)
        found = rows(project)
        if comparisons.holds(0, operator, operand):
            return ~Q(pk__in=found.exclude(condition).values("task"))
        return Q(pk__in=found.filter(condition).values("task"))

    return compared


def _open_issues(project: Project) -> QuerySet[Any]:
    rows = Issue.objects.filter(project=project, status=Issue.Status.OPEN).order_by()
    return rows.values("task").annotate(number=Count("pk"))


def _total_durations(project: Project) -> QuerySet[Any]:
    return TaskStep.objects.filter(task__project=project).order_by().values("task").annotate(number=Sum("duration_ms"))


def _last_durations(project: Project) -> QuerySet[Any]:
    newest = TaskStep.objects.filter(task__project=project).order_by().values("task").annotate(newest=Max("pk"))
    rows = TaskStep.objects.filter(pk__in=newest.values("newest")).order_by()
    return rows.values("task").annotate(number=Max("duration_ms"))


_FILTERS: dict[str, Callable[[Project, str, Any, str], Q | Pattern]] = {
    "stage": _Text("stage", _stage, _stages),
    "batches": _by_batch,
    "status": _Text("status", _status, _choices(*Task.Status.values)),
    "reviewStatus": _Text("review_status", _choice(*Task.Review.values), _choices(*Task.Review.values)),
    "type": _type,
    "assignee": _Text("assignee", _people, _members, may_lack=True),
    "externalId": _by_external_id,
    "createdAt": _moment("created_at"),
    "updatedAt": _moment("updated_at"),
    "createdBy": _Text("created_by", _people, _members, may_lack=True),
    "updatedBy": _Text("updated_by", _people, _members, may_lack=True),
    "priority": _column("priority"),
    "duration": _counted(_last_durations),
    "totalDuration": _counted(_total_durations),
    "openIssuesCount": _counted(_open_issues),
    "isDraft": _always(False),
    "isSkipped": _always(False),
    "isBenchmark": _always(False),
    "isPreLabeled": partial(_by_pre_label, None),
    "_id": _by_id,
}
