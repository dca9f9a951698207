"""The stages that a project's tasks go through: three that every project has, and those of its own (PROTOCOL 2.1).

A project stores what it was given. Start, Label and Complete are shown in any case, under ids that never change.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from pluginhost.errors import Invalid

START, LABEL, COMPLETE = "Start", "Label", "Complete"
TYPES = (START, LABEL, "Review", "Logic", "Plugin", "Webhook", COMPLETE, "Archive", "Consensus", "Hold")
MOST_STAGES = 100
LONGEST_ID, LONGEST_NAME = 64, 200
LARGEST_DETAILS = 256 * 2**10
_STEP = 200
_ALSO_COMPLETE = "completed"

Stage = dict[str, Any]


def checked(given: object) -> list[Stage]:
    """The stages as a project stores them. Missing ids are made; Invalid names the first thing wrong by its path."""
    if not isinstance(given, list):
        raise _bad("stages", "This must be a list.")
    if len(given) > MOST_STAGES:
        raise _bad("stages", f"A project has at most {MOST_STAGES} stages.")
    stages = [_stage(item, f"stages[{index}]") for index, item in enumerate(given)]
    for index, stage in enumerate(stages):
        if any(stage["id"].casefold() == other["id"].casefold() for other in stages[:index]):
            raise _bad(f"stages[{index}].id", f"«{stage['id']}» stands twice.")
    if len(json.dumps(stages)) > LARGEST_DETAILS:
        raise _bad("stages", f"All stages together may have at most {LARGEST_DETAILS // 1024} KB.")
    return stages


def shown(stored: Sequence[Stage]) -> list[Stage]:
    """All stages of a project from left to right as they were given, with those that every project has."""
    ids = {stage["id"] for stage in stored}
    right = max([_STEP, *(_x(stage) or 0 for stage in stored)]) + _STEP
    before = [_own(START, 0), _own(LABEL, _STEP)]
    after = [_own(COMPLETE, right)]
    stages = [stage for stage in before if stage["id"] not in ids]
    stages += [_placed(stage, (index + 2) * _STEP) for index, stage in enumerate(stored)]
    return stages + [stage for stage in after if stage["id"] not in ids]


def known(stored: Sequence[Stage]) -> dict[str, str]:
    """The name of each stage by its id."""
    return {stage["id"]: stage["name"] for stage in shown(stored)}


def after(stored: Sequence[Stage], uid: str) -> str:
    """The stage to the right of one; Complete is the last."""
    ids = [stage["id"] for stage in shown(stored)]
    place = ids.index(uid) + 1 if uid in ids else len(ids)
    return COMPLETE if uid == COMPLETE or place >= len(ids) else str(ids[place])


def found(stored: Sequence[Stage], word: object, path: str) -> str:
    """The id of the stage that is meant, by its id or its name in any case. Invalid lists those that there are."""
    stages = known(stored)
    if isinstance(word, str):
        if word in stages:
            return word
        folded = COMPLETE.casefold() if word.casefold() == _ALSO_COMPLETE else word.casefold()
        for uid, name in stages.items():
            if folded in (uid.casefold(), name.casefold()):
                return uid
    listed = ", ".join(f"{name} ({uid})" if name != uid else uid for uid, name in stages.items())
    raise _bad(path, f"There is no stage «{str(word)[:80]}» in this project; there are {listed[:1000]}.")


def _stage(item: object, path: str) -> Stage:
    if not isinstance(item, dict):
        raise _bad(path, "This must be an object with id, name and type.")
    kind = item.get("type")
    if kind not in TYPES:
        raise _bad(f"{path}.type", f"This must be one of {', '.join(TYPES)}.")
    uid = item.get("id") or item.get("_id") or uuid.uuid4().hex
    if not isinstance(uid, str) or len(uid) > LONGEST_ID:
        raise _bad(f"{path}.id", f"This must be text of at most {LONGEST_ID} characters.")
    _check_fixed(uid, kind, path)
    name = item.get("name") or uid
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        raise _bad(f"{path}.name", f"Give it a name of at most {LONGEST_NAME} characters.")
    return {**item, "id": uid, "name": name.strip(), "type": kind, **_position(item.get("position"), path)}


def _check_fixed(uid: str, kind: str, path: str) -> None:
    """What the ids of the three mean never changes, and there is one Complete: a completed task is there."""
    for fixed in (START, LABEL, COMPLETE):
        if uid.casefold() == fixed.casefold() and (uid, kind) != (fixed, fixed):
            raise _bad(f"{path}.id", f"{fixed} is the stage of the type {fixed} in every project; choose another id.")
    if kind == COMPLETE and uid != COMPLETE:
        raise _bad(f"{path}.id", f"The stage of the type {COMPLETE} has the id {COMPLETE} here.")


def _position(value: object, path: str) -> Stage:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(_is_number(value.get(axis, 0)) for axis in ("x", "y")):
        raise _bad(f"{path}.position", "This must be an object with the numbers x and y.")
    return {"position": value}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 10**15


def _own(kind: str, x: float) -> Stage:
    return {"id": kind, "name": kind, "type": kind, "position": {"x": x, "y": 0}, "consensusId": None}


def _placed(stage: Stage, x: int) -> Stage:
    """Clients read a position and a consensusId of each."""
    position = {"x": x, "y": 0} | (stage.get("position") or {})
    return {**stage, "position": position, "consensusId": stage.get("consensusId")}


def _x(stage: Stage) -> float | None:
    value = (stage.get("position") or {}).get("x")
    return value if _is_number(value) else None


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
