"""Identifiers for objects that came without one: the same object of the same task gets the same again."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def made_id(task_uid: str, place: int, item: dict[str, Any]) -> str:
    """For the object at this place of what the task shows."""
    text = f"{task_uid} {place} {json.dumps(item)}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:24]
