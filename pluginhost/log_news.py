"""What somebody who watches a session's log has not seen yet: for sockets, and for polling when there is none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from .log_reading import CUT_AT, Line, events, head_of, lines_between
from .models import LogHead, Session
from .prepared import Prepared

MOST_IN_A_FRAME = 1_000

_TOLD = (
    "state", "reason", "name", "connection", "is_presumed_alive", "started_at", "sent_at", "lost_at", "finished_at",
    "message_head", "error", "progress_done", "progress_total", "accepted", "rejected", "unchanged", "discarded",
    "objects_count", "assets_read", "page_size",
)  # fmt: skip
_session = Prepared(lambda session_id: Session.objects.filter(pk=session_id).values_list(*_TOLD), 1)


@dataclass(frozen=True)
class Seen:
    """How far the watcher is: the newest line, the newest event, and the version of the session's own facts."""

    line: int = 0
    event: int = 0
    version: str = ""


@dataclass(frozen=True)
class News:
    """`lines` follow on what was seen, gapless up to `last`; they are left out when there are too many to send."""

    seen: Seen
    body: dict[str, Any]


def news(session_id: int, seen: Seen) -> News | None:
    """None when there is nothing new, or no such session."""
    sessions, head = _session.rows(session_id), head_of(session_id)
    if not sessions or head is None:
        return None
    session = dict(zip(_TOLD, sessions[0], strict=True))
    fresh_events = events(session_id, after_id=seen.event)
    now = Seen(
        line=max(head.last, seen.line),
        event=max([seen.event, *(event["id"] for event in fresh_events)]),
        version=_version(session, head.dropped),
    )
    if now == seen:
        return None
    return News(now, _body(session, head, seen, now, fresh_events))


def _body(
    session: dict[str, Any], head: LogHead, seen: Seen, now: Seen, fresh_events: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "last": head.last,
        "counts": counts(head),
        "state": session["state"],
        "final": session["state"] in Session.FINAL,
        "version": now.version,
        "event": now.event,
        "events": fresh_events,
        "lines": _lines(head, seen),
    }


def _lines(head: LogHead, seen: Seen) -> list[Line] | None:
    behind = head.last - seen.line
    if not 0 < behind <= MOST_IN_A_FRAME:
        return None
    return lines_between(head.session_id, seen.line, head.last, cut=CUT_AT)


def counts(head: LogHead) -> dict[str, int]:
    return {"debug": head.debug, "info": head.info, "warning": head.warning, "error": head.error}


def version_of(session: Session) -> str:
    """The version of what the page was drawn with."""
    dropped = LogHead.objects.values_list("dropped", flat=True).get(session=session)
    return _version(Session.objects.filter(pk=session.pk).values(*_TOLD).get(), dropped)


def _version(session: dict[str, Any], dropped: int) -> str:
    """Changes when the page's head would look different."""
    text = "|".join(str(session[name]) for name in _TOLD) + f"|{dropped}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
