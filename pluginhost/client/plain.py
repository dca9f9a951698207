"""What a callback returns or logs, as values that JSON has words for."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import uuid
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

DEEPEST = 100


class NotPlain(TypeError):
    """There is no JSON for it; the sentence says what it is and where."""


def plain(value: Any, where: str = "it", depth: int = 0) -> Any:
    """`value` with dicts, lists, text, numbers, True, False and None alone.

    Numbers and arrays of NumPy and the like, sets, tuples, dates, paths, enumerations and dataclasses are converted.
    NaN and Infinity become None, since JSON has no words for them. Whatever else there is raises NotPlain.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth > DEEPEST:
        raise NotPlain(f"{where} is nested more than {DEEPEST} deep")
    if isinstance(value, Mapping):
        return {_name(name, where): plain(item, f"{where}[{name!r}]", depth + 1) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return [plain(item, f"an element of {where}", depth + 1) for item in sorted(value, key=repr)]
    return _converted(value, where, depth + 1)


def _name(name: Any, where: str) -> str:
    converted = plain(name, f"a key of {where}", DEEPEST)
    if isinstance(converted, (dict, list)):
        raise NotPlain(f"a key of {where} is a {type(name).__name__}, and JSON's keys are text")
    return converted if isinstance(converted, str) else str(name)


def _converted(value: Any, where: str, depth: int) -> Any:
    if isinstance(value, enum.Enum):
        return plain(value.value, where, depth)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (PurePath, uuid.UUID)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return plain(fields, where, depth)
    for method in ("tolist", "toDict", "_asdict"):  # NumPy and PyTorch; the models of the public client; named tuples
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            return plain(convert(), where, depth)
    raise NotPlain(f"{where} is a {type(value).__name__}, which is no JSON")


def plain_or_text(value: Any) -> Any:
    """For a log line's fields, where nothing must fail: what is no JSON is written out."""
    try:
        return plain(value)
    except Exception:
        return repr(value)[:2000]
