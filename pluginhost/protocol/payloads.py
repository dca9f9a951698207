"""What scripts send over Socket.IO, parsed (PROTOCOL 1.2 and 1.4; docs/client.md for what our own client adds).

What does not parse is Malformed, with a reason.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from .text import cut, storable

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "WARN": 30, "ERROR": 40, "CRITICAL": 50, "FATAL": 50}
HIGHEST_LEVEL = 100
_FACTS = ("client", "version", "boot", "python", "host", "pid")
_FIXED_KEYS = {"level", "organization", "pluginId", "runBy", "session", "msg"}
_NUMERIC_LEVEL = re.compile(r"(?:Level )?(\d{1,3})\Z")
MOST_SESSIONS = 1_000
MOST_LINES = 2**53
_PROGRESS = re.compile(r"\[(\d{1,9})\s*/\s*(\d{1,9})\]")


class Malformed(ValueError):
    """Not what the protocol says; the sentence tells what came and what was expected."""


@dataclass(frozen=True)
class Heartbeat:
    plugin: str
    secret: str
    announces_hello: bool = False
    """Our own client: which sessions it holds it will say itself, nothing need be presumed."""


@dataclass(frozen=True)
class Hello:
    """Who our own client is, and which sessions it still holds, or gives back."""

    instance: str
    sessions: tuple[str, ...]
    handed_back: tuple[str, ...]
    is_leaving: bool
    concurrency: int | None
    told: dict[str, str | int]
    """Client, version, Python, host, process, and `boot`, which is new at each start."""

    @property
    def boot(self) -> str:
        return str(self.told.get("boot", ""))


class Log(NamedTuple):
    """One line. `extra` is JSON text of the event's other keys, or empty. Our own client gives it a number in its
    session, and says how many seconds ago it was said where the line to us was down meanwhile."""

    session: str
    level: int
    message: str
    extra: str
    line: int = 0
    ago: float = 0.0


@dataclass(frozen=True)
class Progress:
    session: str
    done: int
    total: int


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
    return Heartbeat(plugin, secret, event.get("hello") is True)


def hello(arguments: tuple[Any, ...]) -> Hello:
    event = _event("hello", arguments)
    instance = event.get("instance")
    if not isinstance(instance, str) or not instance.strip():
        raise Malformed("A hello needs instance, the script's own name for itself, as text.")
    concurrency = event.get("concurrency")
    return Hello(
        storable(instance.strip())[:120],
        _sessions("sessions", event),
        _sessions("handed_back", event),
        event.get("leaving") is True,
        concurrency if _is_whole(concurrency) and concurrency >= 1 else None,
        {name: _fact(event[name]) for name in _FACTS if isinstance(event.get(name), str | int)},
    )


def _sessions(name: str, event: dict[str, Any]) -> tuple[str, ...]:
    given = event.get(name, [])
    if not isinstance(given, list) or not all(isinstance(session, str) for session in given):
        raise Malformed(f"A hello's {name} is a list of session ids.")
    if len(given) > MOST_SESSIONS:
        raise Malformed(f"A hello names at most {MOST_SESSIONS:,} sessions; {len(given):,} came.")
    return tuple(storable(session)[:100] for session in given)


def _fact(value: str | int) -> str | int:
    return storable(value)[:120] if isinstance(value, str) else max(-MOST_LINES, min(value, MOST_LINES))


def progress(arguments: tuple[Any, ...]) -> Progress:
    event = _event("progress", arguments)
    done, total = event.get("done"), event.get("total")
    if not (_is_whole(done) and _is_whole(total)) or total < 1 or done < 0:
        raise Malformed("A progress event needs done and total, whole numbers, and total from 1.")
    return Progress(_session("progress", event), min(done, total, 2**31 - 1), min(total, 2**31 - 1))


def numbered_log(arguments: tuple[Any, ...], line_limit: int, extra_limit: int) -> Log:
    """As `log`, of a client that said hello."""
    event = dict(_event("log", arguments))
    line, ago = event.pop("line", None), event.pop("ago", 0)
    if not _is_whole(line) or not 1 <= line <= MOST_LINES:
        raise Malformed("A log event of a client that said hello needs line, a number from 1.")
    seconds = float(ago) if isinstance(ago, int | float) and 0 <= ago < 10**8 else 0.0
    return log((event,), line_limit, extra_limit)._replace(line=line, ago=seconds)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


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
