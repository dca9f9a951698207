"""What saving other labeling tools takes away, in sentences: read before it happens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.words import grouped
from pluginhost import tool_uses
from pluginhost.models import Project
from pluginhost.protocol import schema_changes
from pluginhost.protocol.schema_changes import Change
from pluginhost.tool_uses import Count

from .tool_words import WORDS

MOST_SHOWN = 100
_MOST_NAMED = 6


@dataclass(frozen=True)
class Loss:
    """One thing that goes or becomes another kind, and what that does."""

    title: str
    what: str
    sentences: list[str]


@dataclass(frozen=True)
class Losses:
    """All of them. `digest` stands for what was said: who means it, means this."""

    shown: list[Loss]
    deleted: int
    changed: int
    digest: str

    def __bool__(self) -> bool:
        return bool(self.deleted or self.changed)

    @property
    def unshown(self) -> int:
        return self.deleted + self.changed - len(self.shown)

    @property
    def words(self) -> str:
        """`Delete 2 and change 1`: for the button."""
        parts = [f"delete {grouped(self.deleted)}"] if self.deleted else []
        parts += [f"change {grouped(self.changed)}"] if self.changed else []
        return " and ".join(parts).capitalize()


def losses(project: Project, schema: dict[str, object]) -> Losses:
    """What becomes of the project when its labeling tools become those of `schema`, which is complete."""
    changes = schema_changes.between(project.category_schema, schema)
    uses = _Uses(project) if changes else None
    return Losses(
        [_loss(change, uses) for change in changes[:MOST_SHOWN]] if uses else [],
        sum(not change.becomes for change in changes),
        sum(bool(change.becomes) for change in changes),
        hashlib.sha256(repr(changes).encode()).hexdigest()[:32],
    )


class _Uses:
    """What is asked once, however many things go."""

    def __init__(self, project: Project) -> None:
        self.mapped = tool_uses.mapped(project)
        self.drawn = tool_uses.drawn(project)
        self.sessions = tool_uses.open_sessions(project)
        self.by_people = tool_uses.answered_by_people(project)
        self.pre_labeled = tool_uses.pre_labeled_with(project)


def _loss(change: Change, uses: _Uses) -> Loss:
    return Loss(change.title, _what(change), list(_said(change, uses)) or ["Nothing uses it."])


def _what(change: Change) -> str:
    if change.option_of:
        return f"an option of {change.option_of}, is deleted"
    was = WORDS[change.kind].lower()
    return f"{was}, becomes {WORDS[change.becomes].lower()}" if change.becomes else f"{was}, is deleted"


def _said(change: Change, uses: _Uses) -> Iterator[str]:
    if change.is_tool:
        yield from _of_mappings(change, uses)
        yield from _of_objects(change, uses.drawn.of(change.schema_id))
    else:
        yield from _of_pre_labels(change, uses.pre_labeled.of(*_named(change)))
    yield from _of_people(change, uses.by_people.of(*_named(change)))
    if change.is_tool:
        yield from _of_sessions(change, uses.sessions.get(change.schema_id, []))


def _named(change: Change) -> tuple[str, ...]:
    return (change.schema_id, change.title) if change.option_of else (change.schema_id,)


def _of_mappings(change: Change, uses: _Uses) -> Iterator[str]:
    by_plugin: dict[str, list[str]] = {}
    for plugin, name in uses.mapped.get(change.schema_id, []):
        by_plugin.setdefault(plugin, []).append(name)
    for plugin, names in by_plugin.items():
        classes = f"{'its class' if len(names) == 1 else 'its classes'} {_listed(names)}"
        if change.becomes:
            kind = WORDS[change.kind].lower()
            yield f"{plugin} maps {classes} to it: what it sends as {kind} is rejected from then on."
        else:
            verb = "is" if len(names) == 1 else "are"
            yield f"{plugin} maps {classes} to it, which {verb} left out of its next sessions until mapped again."


def _of_objects(change: Change, count: Count) -> Iterator[str]:
    if count.number:
        objects = _about(count, "pre-labeled object", "pre-labeled objects")
        if count.number == 1:
            stays = "keeps its form" if change.becomes else "stays in sight, in grey"
            yield f"{objects} was drawn with it and {stays}."
        else:
            stay = "keep their form" if change.becomes else "stay in sight, in grey"
            yield f"{objects} were drawn with it and {stay}."


def _of_pre_labels(change: Change, count: Count) -> Iterator[str]:
    if count.number:
        verb = "chose" if change.option_of else "answer"
        yield f"Pre-labels of {_about(count, 'asset', 'assets').lower()} {verb} it; they stay as they are."


def _of_people(change: Change, count: Count) -> Iterator[str]:
    if count.number:
        yield f"People used it on {_about(count, 'asset', 'assets').lower()}; their answers stay as they are."


def _of_sessions(change: Change, sessions: list[int]) -> Iterator[str]:
    names = _listed([f"#{session}" for session in sessions])
    if len(sessions) == 1:
        yield f"Session {names} was asked for with it and keeps that: what it sends for it is rejected."
    elif sessions:
        yield f"Sessions {names} were asked for with it and keep that: what they send for it is rejected."


def _about(count: Count, one: str, many: str) -> str:
    words = f"{grouped(count.number)} {one if count.number == 1 else many}"
    return f"At least {words}" if count.is_least else words


def _listed(names: list[str]) -> str:
    shown = [name if len(name) <= 60 else f"{name[:59]}…" for name in names[:_MOST_NAMED]]
    return ", ".join(shown) + (f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else "")
