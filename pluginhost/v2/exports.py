"""Exports, as clients of all versions ask for them: one GET, which is answered when the ZIP is there (PROTOCOL 2.2)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from pluginhost import access, file_links, people
from pluginhost.actions import batches as batch_actions
from pluginhost.actions import exports
from pluginhost.errors import PluginhostError, TooMany
from pluginhost.export_choice import Choice
from pluginhost.models import Export, Project, Task
from pluginhost.protocol import moments, stages
from pluginhost.tasks import build_exports

from .door import Answer, Call
from .query import refused

logger = logging.getLogger(__name__)

Shape = Export.Shape
NEWER = ("includeMetadata", "includeHistory", "includeOnlyKeyFrames", "taskTypes", "stage", "type")
OLDER = ("labelStatus", "labeledAt", "assetStatus", "tag")
"""Parameters by which the generations of clients differ: the first of them that is there says which one asks."""
TIMES = {"updatedAt": "updated", "completedAt": "completed", "createdAt": "created"}
OPERATORS = ("gt", "gte", "lt", "lte")
TASK_TYPES = ("default", "consensus", "benchmark")
FLAGS = (
    "sendEmail",
    "doNotNotify",
    "includeMask",
    "includeSegmentationPoints",
    "includeOnlyKeyFrames",
    "includeIdleBlurDurations",
)
"""Read, so that nonsense is refused, and without effect here; docs/compatibility.md says what each comes to."""
MOST_AT_ONCE = 64
"""So many calls are built or waited for here at once; each has a thread of the server's to itself (dashboard.asgi)."""
_LOOKS_EACH_S = 0.1, 0.5
_places = threading.BoundedSemaphore(MOST_AT_ONCE)
_nothing = threading.Event()


class Unfinished(PluginhostError):
    """It is not ready yet, and is built further."""

    status = 504


class Full(TooMany):
    """Every place is taken: one more would wait for a thread, and nobody would tell it so."""

    status = 503


class Failed(PluginhostError):
    """It was begun and could not be built."""

    status = 500


def export(call: Call) -> Answer:
    """GET export: the shape is told from the query."""
    return _answer(call, _shape(call))


def export_v3(call: Call) -> Answer:
    """GET exportV3: always one item per task, or per issue."""
    return _answer(call, Shape.ISSUES if _is_about_issues(call) else Shape.TASKS)


def _answer(call: Call, shape: Shape) -> Answer:
    uid = call.query.text("project")
    if uid is None:
        raise refused("project", "Name the project by its id.")
    project = access.project(call.principal, uid)
    choice = _choice(call, project, shape)
    with _a_place():
        asked = exports.ask(call.principal, project, shape, choice, is_lines=_is_lines(call))
        if exports.is_large(asked):
            _nudge_builders()
        else:
            exports.build(asked.pk)
        built = _wait_for(asked.pk)
    if built.file is None:
        raise Failed(f"The export failed. {built.error}")
    return {"exportPath": file_links.shown_link(call.base, built.file.key), "export": built.uid, "items": built.items}


# --- building, and waiting for it ---


@contextmanager
def _a_place() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Full(f"{MOST_AT_ONCE} exports are waited for here at once; ask again in a minute.")
    try:
        yield
    finally:
        _places.release()


def _nudge_builders() -> None:
    try:
        build_exports.delay_on_commit()
    except OperationalError as error:  # the broker is away: builders look by themselves, too
        logger.warning("nobody was told of an export: %s", error)


def _wait_for(export_id: int) -> Export:
    """The export, once it has ended. Nobody else waits meanwhile: these calls have threads of their own."""
    deadline = time.monotonic() + settings.PLUGINHOST_EXPORT_WAIT_SECONDS
    pause, longest = _LOOKS_EACH_S
    while True:
        found = Export.objects.select_related("file").get(pk=export_id)
        if found.state in exports.FINAL:
            return found
        if time.monotonic() >= deadline:
            raise Unfinished(
                f"The export is not ready after {settings.PLUGINHOST_EXPORT_WAIT_SECONDS:,} s. It is built further: "
                "find it among the project's exports, or ask for less (batches, stages, dates)."
            )
        _let_go()
        _nothing.wait(pause)
        pause = min(pause * 1.3, longest)


def _let_go() -> None:
    """Whoever waits holds no connection: PostgreSQL has a hundred for all of us."""
    if not connection.in_atomic_block:
        connection.close()


# --- what is asked for ---


def _shape(call: Call) -> Shape:
    if _is_about_issues(call):
        return Shape.ISSUES
    is_newer = any(call.query.has(name) for name in NEWER)
    return Shape.ASSETS if not is_newer and any(call.query.has(name) for name in OLDER) else Shape.TASKS


def _is_about_issues(call: Call) -> bool:
    kind = _word(call, "type", ("task", "issue"), "task")
    return kind == "issue"


def _is_lines(call: Call) -> bool:
    return _word(call, "format", ("json", "ndjson"), "json") == "ndjson"


def _word(call: Call, name: str, known: tuple[str, ...], default: str) -> str:
    """One of the known words; clients that have none to give write `None`."""
    given = (call.query.text(name) or "None").strip().lower()
    word = default if given in ("none", "null", "") else given
    if word not in known:
        raise refused(name, f"«{word[:40]}» is not known; choose {' or '.join(known)}.")
    return word


def _choice(call: Call, project: Project, shape: Shape) -> Choice:
    for name in FLAGS:
        call.query.flag(name)
    batches = batch_actions.resolve(project, _batches(call), "batches")
    return Choice(
        stages=_stages(call, project, shape),
        batches=[batch.uid for batch in batches],
        assignees=_assignees(call, project),
        times={name: limits for given, name in TIMES.items() if (limits := _times(call, given))},
        has_metadata=call.query.flag("includeMetadata", default=True),
        has_history=call.query.flag("includeHistory", default=True),
        base=call.base,
    )


def _batches(call: Call) -> list[Any]:
    """Of those that name none, the oldest clients send the flag `batches=true`, which asks for a field."""
    given = call.query.words("batches", "tags", "tag")
    return [word for word in given if word not in ("true", "false")]


def _stages(call: Call, project: Project, shape: Shape) -> list[str] | None:
    """No stage at all means every stage, but to the oldest clients, which know of no stages: what is complete."""
    given = call.query.words("stage", "stages")
    if not _has_default_tasks(call):
        return []
    if not given:
        return [Task.COMPLETE] if shape == Shape.ASSETS else None
    return list(dict.fromkeys(stages.found(project.stages, word, "stage") for word in given))


def _has_default_tasks(call: Call) -> bool:
    """Consensus and benchmark tasks are a kind of their own, of which there are none here."""
    kinds = call.query.words("taskTypes")
    for kind in kinds:
        if kind not in TASK_TYPES:
            raise refused("taskTypes", f"«{str(kind)[:40]}» is not known; choose of {', '.join(TASK_TYPES)}.")
    return not kinds or "default" in kinds


def _assignees(call: Call, project: Project) -> list[str]:
    """Members of the project's organization, by id, mail address or name."""
    words = call.query.words("assignee", "assignees")
    return [people.member(project.organization_id, word, "assignee").uid for word in words]


def _times(call: Call, name: str) -> dict[str, str]:
    """Limits as `name[gt]=…`, or as the JSON object `{"$gt": …}`."""
    given: dict[str, Any] = dict(call.query.json(name))
    for operator in OPERATORS:
        for spelling in (f"{name}[{operator}]", f"{name}[${operator}]"):
            if (value := call.query.text(spelling)) is not None:
                given[operator] = value
    limits = {}
    for word, value in given.items():
        operator = word.removeprefix("$")
        if operator not in OPERATORS:
            raise refused(name, f"«{word[:40]}» is not understood; use $gt, $gte, $lt or $lte.")
        if value is not None:
            limits[operator] = _moment(name, value)
    return limits


def _moment(name: str, value: object) -> str:
    try:
        return moments.text_of(moments.moment_of(value)) if isinstance(value, str) else _no_moment(name, value)
    except ValueError:
        return _no_moment(name, value)


def _no_moment(name: str, value: object) -> str:
    raise refused(name, f"«{str(value)[:40]}» is no date and time; write 2026-11-22T09:00:00.000Z.")
