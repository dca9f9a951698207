"""What scripts report: log lines and final messages. Called by the gateway with batches, in arrival order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from pluginhost import nudge
from pluginhost.actions import bulk, endings, signs
from pluginhost.models import Connection, LogHead, LogLine, Response, Session
from pluginhost.protocol.payloads import progress_in
from pluginhost.protocol.text import first_line

State = Session.State
MOST_LATE_RESPONSES = 10
_LINE_FIELDS = ("session", "number", "at", "level", "message", "extra", "came_late")


@dataclass(frozen=True)
class Line:
    at: datetime
    level: int
    message: str
    extra: str = ""


def sessions_of(plugin_id: int, uids: Iterable[str]) -> dict[str, Session]:
    """The plugin's own sessions among these identifiers; a script speaks for no other."""
    return {session.uid: session for session in Session.objects.filter(plugin_id=plugin_id, uid__in=set(uids))}


def session_of(plugin_id: int, session_id: int) -> Session | None:
    """The plugin's own session with this number."""
    return Session.objects.filter(plugin_id=plugin_id, pk=session_id).first()


def add_lines(session: Session, connection: Connection | None, lines: Sequence[Line]) -> None:
    """Store lines in the order they came, numbered on from the session's last. To be called in a transaction."""
    kept = _make_room(session, lines)
    if kept:
        late = session.is_final and not session.is_revisable
        first = _take_numbers(session, kept)
        rows = (
            (session.pk, first + index, line.at, line.level, line.message, line.extra, late)
            for index, line in enumerate(kept)
        )
        bulk.insert(LogLine, _LINE_FIELDS, rows)
        _note_progress(session, kept)
    if lines:
        signs.seen(session, at=lines[-1].at, connection=connection)
    nudge.session(session.pk)


def _make_room(session: Session, lines: Sequence[Line]) -> Sequence[Line]:
    """As many of the lines as the session may still have; the rest is counted."""
    last = LogHead.objects.values_list("last", flat=True).get(session=session)
    room = max(settings.PLUGINHOST_LINES_LIMIT - last, 0)
    if len(lines) > room:
        LogHead.objects.filter(session=session).update(dropped=F("dropped") + len(lines) - room)
    return lines[:room]


def _take_numbers(session: Session, lines: Sequence[Line]) -> int:
    """Raise the head by the lines; the row is ours until the commit, so the first number is ours alone."""
    head = LogHead.objects.filter(session=session)
    head.update(
        last=F("last") + len(lines),
        bytes=F("bytes") + sum(len(line.message) + len(line.extra) for line in lines),
        debug=F("debug") + sum(line.level < 20 for line in lines),
        info=F("info") + sum(20 <= line.level < 30 for line in lines),
        warning=F("warning") + sum(30 <= line.level < 40 for line in lines),
        error=F("error") + sum(line.level >= 40 for line in lines),
    )
    return head.values_list("last", flat=True).get() - len(lines) + 1


def _note_progress(session: Session, lines: Sequence[Line]) -> None:
    """The newest `[done/total]` of these lines."""
    for line in reversed(lines):
        found = progress_in(line.message)
        if found and found != (session.progress_done, session.progress_total):
            done, total = (min(number, 2**31 - 1) for number in found)
            Session.objects.filter(pk=session.pk).update(progress_done=done, progress_total=total)
        if found:
            return


def finish(session: Session, connection: Connection | None, form: str, body: str, at: datetime) -> bool:
    """The script's answer: the session ends by it, unless it had ended before; then it is kept as come late."""
    with transaction.atomic():
        # The row is ours until the commit: neither a cancel nor a limit comes between the look and the end.
        signs.seen(_locked(session), at=at, connection=connection)
        session = _locked(session)
        if session.is_final:
            _keep_late(session, form, body, at)
            return False
        Response.objects.create(session=session, at=at, form=form, body=body)
        return _end_by_answer(session, form, body, at)


def _locked(session: Session) -> Session:
    return Session.objects.select_for_update(of=("self",)).select_related("scope").get(pk=session.pk)


def _keep_late(session: Session, form: str, body: str, at: datetime) -> None:
    """An answer after the end is kept for the page to show; a script that goes on answering is not."""
    if Response.objects.filter(session=session, came_late=True).count() < MOST_LATE_RESPONSES:
        Response.objects.create(session=session, at=at, form=form, body=body, came_late=True)
        nudge.session(session.pk)


def acknowledge(session: Session, connection: Connection | None, form: str, body: str, at: datetime) -> bool:
    """The order's acknowledgement: the script's handler has returned, so without an answer by now there is none."""
    if session.is_final:
        return False
    return finish(session, connection, form, body, at)


def fail(session: Session, reason: str, at: datetime) -> bool:
    """It ends as failed for a reason that the script could not tell itself."""
    return endings.end(session, State.FAILED, reason, at=at, only_from=Session.HELD)


def _end_by_answer(session: Session, form: str, body: str, at: datetime) -> bool:
    if session.state == State.CANCELLING:
        reason = "Cancelled; its script has finished."
        return endings.end(session, State.CANCELLED, reason, at=at, only_from=[State.CANCELLING])
    error = _error_of(session, body) if form == Response.Form.ERROR else None
    head = first_line(body, 300) if form in (Response.Form.TEXT, Response.Form.JSON) else ""
    Session.objects.filter(pk=session.pk).update(message_head=head)
    state, reason = endings.ending_of(session, error)
    return endings.end(session, state, reason, at=at, only_from=[State.RUNNING, State.LOST])


def _error_of(session: Session, body: str) -> str:
    """What went wrong: the client's error response has no text, but its last ERROR line may have."""
    if body:
        return body
    last = LogLine.objects.filter(session=session, level__gte=40).order_by("-number").values_list("message", flat=True)
    return first_line(last.first() or "", 500)
