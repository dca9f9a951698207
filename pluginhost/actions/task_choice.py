"""Which tasks of a project somebody means: by their ids, their assets', batches or stages. Reads, for the verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from pluginhost.actions import batches
from pluginhost.errors import Invalid
from pluginhost.models import BatchAsset, Project, Task
from pluginhost.protocol import stages
from pluginhost.protocol.storable import clean_text

KEYS = ("taskIds", "externalIds", "assetIds", "batches", "fromStageIds")
MOST_NAMED = 100_000
_COLUMNS = {"taskIds": "uid", "externalIds": "asset__external_id", "assetIds": "asset__uid"}
_NOUNS = {"taskIds": "task with the id", "externalIds": "asset with the external id", "assetIds": "asset with the id"}
_AT_ONCE = 500


def chosen(project: Project, filters: object) -> Callable[[], Iterator[list[int]]]:
    """The ids of the tasks that pass all filters, some hundreds at a time; without filters, all of the project.

    A filter that is an empty list chooses nothing: a script that found nothing must not mean everything by it.
    """
    asked = _checked(filters)
    narrowed = _narrowed(project, asked)
    lists = [_named(project, name, asked[name]) for name in _COLUMNS if asked.get(name) is not None]
    if any(words == [] for words in asked.values() if words is not None):
        return lambda: iter(())
    if not lists:
        return lambda: _all(narrowed)
    ids = sorted(set.intersection(*lists))
    return lambda: _of(narrowed, ids)


def tasks_named(project: Project, uids: object, path: str = "tasks") -> list[int]:
    """The ids of the tasks with these identifiers; Invalid names the first that is not there."""
    return sorted(_named(project, "taskIds", _words(uids, path), path))


def _checked(filters: object) -> dict[str, Any]:
    if filters is None:
        return {}
    if not isinstance(filters, Mapping):
        raise _bad("filters", "This must be an object.")
    unknown = next((str(name) for name in filters if name not in KEYS), None)
    if unknown is not None:
        raise _bad(f"filters.{unknown[:60]}", f"This is not known; {', '.join(KEYS)} are.")
    return {name: None if given is None else _words(given, f"filters.{name}") for name, given in filters.items()}


def _words(given: object, path: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise _bad(path, "This must be a list of texts.")
    if len(given) > MOST_NAMED:
        raise _bad(path, f"At most {MOST_NAMED:,} can be named at once.")
    return list(dict.fromkeys(clean_text(word) for word in given))


def _narrowed(project: Project, asked: Mapping[str, Any]) -> QuerySet[Task]:
    tasks = Task.objects.filter(project=project)
    if asked.get("fromStageIds") is not None:
        path = "filters.fromStageIds"
        tasks = tasks.filter(stage__in=[stages.found(project.stages, word, path) for word in asked["fromStageIds"]])
    if asked.get("batches") is not None:
        places = BatchAsset.objects.filter(batch__in=batches.resolve(project, asked["batches"], "filters.batches"))
        tasks = tasks.filter(asset__in=places.values("asset"))
    return tasks


def _named(project: Project, name: str, words: list[str], path: str = "") -> set[int]:
    """The tasks that the words name; an external id names all the assets that have it."""
    column = _COLUMNS[name]
    found: dict[str, list[int]] = {}
    for some in _pieces(words):
        known = Task.objects.filter(asset__project=project, **{f"{column}__in": some})
        for word, pk in known.values_list(column, "pk"):
            found.setdefault(word, []).append(pk)
    missing = next((place for place, word in enumerate(words) if word not in found), None)
    if missing is not None:
        message = f"There is no {_NOUNS[name]} «{words[missing][:100]}» in this project."
        raise _bad(f"{path or f'filters.{name}'}[{missing}]", message)
    return {pk for pks in found.values() for pk in pks}


def _all(tasks: QuerySet[Task]) -> Iterator[list[int]]:
    """By id, so that it does not matter whether a change takes a task out of the choice."""
    after = 0
    while pks := list(tasks.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
        yield pks
        after = pks[-1]


def _of(tasks: QuerySet[Task], ids: list[int]) -> Iterator[list[int]]:
    for some in _pieces(ids):
        if pks := list(tasks.filter(pk__in=some).order_by("pk").values_list("pk", flat=True)):
            yield pks


def _pieces(values: list[Any]) -> Iterable[list[Any]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
