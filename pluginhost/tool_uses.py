"""What a project's labeling tools are used for: mappings, pre-labels, people's answers, open sessions. Only reads.

All is bounded, so that it takes as long at a million tasks as at a thousand; what was cut short says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .models import Import, PluginInProject, PreLabel, Project, Session, SessionInputs, Task

MOST_IMPORTS = 300
MOST_PRE_LABELS = 500
MOST_ANSWERS = 1_000
MOST_SESSIONS = 200
MOST_CHARACTERS = 8 * 2**20
"""Of pre-labels that are read to see what they name."""


class Count(NamedTuple):
    """How many; `is_least` where there may be more than were looked at."""

    number: int = 0
    is_least: bool = False


class Mapped(NamedTuple):
    """A model class that is mapped to a tool."""

    plugin: str
    class_name: str


def mapped(project: Project) -> dict[str, list[Mapped]]:
    """schemaId → the classes of enabled plugins that are mapped to it."""
    found: dict[str, list[Mapped]] = {}
    places = PluginInProject.objects.filter(project=project, plugin__deleted_at=None).order_by("plugin__name")
    for plugin, mapping in places.values_list("plugin__name", "class_mapping"):
        for name, schema_id in mapping.items():
            if schema_id:
                found.setdefault(schema_id, []).append(Mapped(plugin, name))
    return found


def drawn(project: Project) -> Objects:
    """How many objects the newest applied imports brought by each tool; some may be hidden by later ones."""
    applied = Import.objects.filter(project=project, state=Import.State.APPLIED).order_by("-id")
    rows = list(applied.values_list("classes", flat=True)[: MOST_IMPORTS + 1])
    counts: Counter[str] = Counter()
    for classes in rows[:MOST_IMPORTS]:
        counts.update(classes)
    return Objects(counts, len(rows) > MOST_IMPORTS)


@dataclass(frozen=True)
class Objects:
    """Objects by tool."""

    by_id: Counter[str]
    is_least: bool

    def of(self, schema_id: str) -> Count:
        return Count(self.by_id[schema_id], self.is_least)


def open_sessions(project: Project) -> dict[str, list[int]]:
    """schemaId → the sessions, queued or at work, whose frozen mapping names it."""
    found: dict[str, list[int]] = {}
    frozen = SessionInputs.objects.filter(session__project=project, session__state__in=Session.OPEN)
    for session, mapping in frozen.order_by("session").values_list("session_id", "class_mapping")[:MOST_SESSIONS]:
        for schema_id in dict.fromkeys(filter(None, mapping.values())):
            found.setdefault(schema_id, []).append(session)
    return found


@dataclass
class Named:
    """How many assets name a schemaId, or gave an answer to it, among those that were read."""

    is_least: bool = False
    by_id: Counter[str] = field(default_factory=Counter)
    by_answer: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, schema_id: str, *answers: str) -> Count:
        """Of the schemaId, or of those that answered it with one of these."""
        number = sum(self.by_answer[schema_id, answer] for answer in answers) if answers else self.by_id[schema_id]
        return Count(number, self.is_least)

    def read(self, content: dict[str, Any]) -> None:
        pairs = set(_pairs(content))
        self.by_id.update({schema_id for schema_id, _ in pairs})
        self.by_answer.update(pairs)


def answered_by_people(project: Project) -> Named:
    """What the newest thousand answers of people name."""
    answers = Task.objects.filter(project=project, answer__isnull=False).order_by("-id")
    rows = list(answers.values_list("answer", flat=True)[: MOST_ANSWERS + 1])
    named = Named(len(rows) > MOST_ANSWERS)
    for answer in rows[:MOST_ANSWERS]:
        if isinstance(answer, dict):
            named.read(answer)
    return named


def pre_labeled_with(project: Project) -> Named:
    """What the pre-labels of the newest applied imports name, at most five hundred of them."""
    applied = Import.objects.filter(project=project, state=Import.State.APPLIED).order_by("-id")
    newest = list(applied.values_list("pk", flat=True)[: MOST_IMPORTS + 1])
    rows = PreLabel.objects.filter(origin__in=newest[:MOST_IMPORTS], is_unchanged=False)
    named, characters = Named(len(newest) > MOST_IMPORTS), 0
    for number, text in enumerate(rows.order_by().values_list("content", flat=True)[: MOST_PRE_LABELS + 1].iterator()):
        characters += len(text)
        if number == MOST_PRE_LABELS or characters > MOST_CHARACTERS:
            named.is_least = True
            break
        named.read(json.loads(text))
    return named


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    """(schemaId, what was answered) of everything in what an asset was given; the empty answer stands for none."""
    if isinstance(value, list):
        for one in value:
            yield from _pairs(one)
    elif isinstance(value, dict):
        if "schemaId" in value:
            yield from ((str(value["schemaId"]), answer) for answer in _answers(value.get("answer")))
        for one in value.values():
            if isinstance(one, list | dict):
                yield from _pairs(one)


def _answers(answer: object) -> Iterable[str]:
    given = answer if isinstance(answer, list) else [answer]
    return [one for one in given if isinstance(one, str)] or [""]
