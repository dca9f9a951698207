"""What scripts send over Socket.IO, parsed (PROTOCOL 1.2 and 1.4). What does not parse is Malformed, with a reason."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from .text import cut, storable

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "WARN": 30, "ERROR": 40, "CRITICAL": 50, "FATAL": 50}
HIGHEST_LEVEL = 100
_FIXED_KEYS = {"level", "organization", "pluginId", "runBy", "session", "msg"}
_NUMERIC_LEVEL = re.compile(r"(?:Level )?(\d{1,3})\Z")
_PROGRESS = re.compile(r"\[(\d{1,9})\s*/\s*(\d{1,9})\]")


class Malformed(ValueError):
    """Not what the protocol says; the sentence tells what came and what was expected."""


@dataclass(frozen=True)
class Heartbeat:
    plugin: str
    secret: str


class Log(NamedTuple):
    """One line. `extra` is JSON text of the event's other keys, or empty."""

    session: str
    level: int
    message: str
    extra: str


@dataclass(frozen=True)
class Answer:
    """A response: `form` is one of models.Response.Form."""

    session: str
    form: str
    body: str


def heartbeat(arguments: tuple[Any, ...]) -> Heartbeat:
    event = _event("heartbeat", arguments)
    plugin, secret = event.get("id"), event.get("secret")
    if not isinstance(plugin, str) or not isinstance(secret, str):
        raise Malformed("A heartbeat needs id and secret as text.")
    if len(plugin) > 200 or len(secret) > 1000:
        raise Malformed("The id or the secret of the heartbeat is too long to be one.")
    return Heartbeat(plugin, secret)


def log(arguments: tuple[Any, ...], line_limit: int, extra_limit: int) -> Log:
    """The line of a `log` event; a text that is too long is cut and says so."""
    event = _event("log", arguments)
    session = _session("log", event)
    if "msg" not in event:
        raise Malformed("A log event needs msg.")
    message = event["msg"]
    text = message if isinstance(message, str) else _json(message)
    return Log(session, level_of(event.get("level")), cut(storable(text), line_limit), _extra(event, extra_limit))


def response(arguments: tuple[Any, ...]) -> Answer:
    event = _event("response", arguments)
    session = _session("response", event)
    if event.get("error"):
        return Answer(session, "error", _error_text(event["error"]))
    return Answer(session, *answer_of(event.get("response")))


def answer_of(value: Any) -> tuple[str, str]:
    """(form, body) of what a callback returned."""
    if value is None:
        return "nothing", ""
    if isinstance(value, str):
        return "text", storable(value)
    if isinstance(value, bytes | bytearray):
        return "bytes", base64.b64encode(value).decode()
    return "json", _json(value)


def level_of(value: Any) -> int:
    """The number of a level, however it was written; what nobody knows is INFO."""
    if isinstance(value, str):
        return LEVELS.get(value) or _level_in(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        return max(0, min(value, HIGHEST_LEVEL))
    return LEVELS["INFO"]


def _level_in(text: str) -> int:
    numeric = _NUMERIC_LEVEL.match(text)
    return min(int(numeric[1]), HIGHEST_LEVEL) if numeric else LEVELS.get(text.upper(), LEVELS["INFO"])


def progress_in(message: str) -> tuple[int, int] | None:
    """(done, total) of a `[3/24]` in a line, whichever way round it was written."""
    found = _PROGRESS.search(message)
    if not found:
        return None
    first, second = int(found[1]), int(found[2])
    return (min(first, second), max(first, second)) if max(first, second) else None


def _event(name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
    if len(arguments) < 1 or not isinstance(arguments[0], dict):
        kind = type(arguments[0]).__name__ if arguments else "nothing"
        raise Malformed(f"A {name} event needs an object; {kind} came.")
    return arguments[0]


def _session(name: str, event: dict[str, Any]) -> str:
    session = event.get("session")
    if not isinstance(session, str) or not session:
        raise Malformed(f"A {name} event needs session as text.")
    return storable(session)[:100]


def _extra(event: dict[str, Any], limit: int) -> str:
    if event.keys() <= _FIXED_KEYS:
        return ""
    text = _json({key: value for key, value in event.items() if key not in _FIXED_KEYS})
    if len(text) <= limit // 4 or len(text.encode()) <= limit:
        return text
    return json.dumps({"…": f"left out: {len(text):,} characters of extra fields"}, ensure_ascii=False)


def _error_text(value: Any) -> str:
    return storable(value) if isinstance(value, str) else "" if value is True else _json(value)


def _json(value: Any) -> str:
    try:
        return storable(json.dumps(value, ensure_ascii=False, default=_stand_in))
    except RecursionError:
        raise Malformed("A value in the event is nested too deeply.") from None


def _stand_in(value: Any) -> str:
    """What JSON has no word for: bytes inside an object."""
    return base64.b64encode(value).decode() if isinstance(value, bytes | bytearray) else str(value)
