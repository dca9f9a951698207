"""What pages say of sessions."""

from __future__ import annotations

import json
import re

from django import template

from dashboard import history, words
from pluginhost.models import Session
from pluginhost.protocol.import_words import CODES, NOTICES
from pluginhost.protocol.payloads import LEVELS

register = template.Library()
_SIGNS = re.compile(r"^\s*(?:#+|>|[-*+]) |\*\*|__|`")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;:?]*[A-Za-z]|\][^\x07]*\x07?|.)?")


@register.filter
def outcome_words(session: Session) -> str:
    """The few words beside its bar in a list."""
    return history.outcome_words(session)


@register.filter
def shown_name(session: Session) -> str:
    """Its name, or its plugin's."""
    return session.name or session.plugin.name


@register.filter
def level_word(level: str) -> str:
    """The level of a line (`INFO`, `Level 25`) as stylesheets know it."""
    number = level.removeprefix("Level ")
    value = int(number) if number.isdigit() else LEVELS.get(level, 20)
    return "debug" if value < 20 else "info" if value < 30 else "warning" if value < 40 else "error"


@register.filter
def line_time(stamp: str) -> str:
    """`14:04:58.112` of `2026-11-22T14:04:58.112Z`."""
    return stamp[11:23]


@register.filter
def waited(session: Session) -> str:
    """How long it stood in the queue."""
    return words.duration(session.started_at - session.created_at) if session.started_at else "–"


@register.filter
def given(session: Session) -> int:
    """Assets that have what it gave them, old or new."""
    return session.accepted + session.unchanged


@register.filter
def first_words(session: Session) -> str:
    """What a list says of how it went: its message's first line without Markdown's signs, or what went wrong."""
    if session.error:
        return session.error.partition("\n")[0][:300]
    return _SIGNS.sub("", session.message_head)


@register.filter
def reason_word(code: str) -> str:
    """`bad_geometry` as people read it."""
    return code.replace("_", " ").replace("-", " ")


@register.filter
def reason_said(code: str) -> str:
    """What a reason or a notice means, in a sentence; nothing of one that is not known any more."""
    return CODES.get(code) or NOTICES.get(code, "")


@register.filter
def is_state(kind: str) -> bool:
    """Whether an event is a move into a state, which gives it its colour."""
    return kind in Session.State.values


@register.filter
def state_word(state: str) -> str:
    return words.shown(state).word


@register.filter
def as_json(value: object) -> str:
    """For a data attribute."""
    return json.dumps(value)


@register.filter
def item(values: dict[str, int], name: str) -> int:
    return values[name]


@register.filter
def as_seen(message: str) -> str:
    """A line without the terminal's colours; the page's script shows them."""
    return _ESCAPES.sub("", message).replace("\r\n", "\n").rsplit("\r", 1)[-1]
