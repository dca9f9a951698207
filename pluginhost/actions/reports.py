"""What scripts report at the end: responses and acknowledgements. Called by the gateway in arrival order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from pluginhost import nudge
from pluginhost.actions import endings, log_lines, signs
from pluginhost.models import Connection, LogLine, Response, Session
from pluginhost.prepared import Prepared
from pluginhost.protocol.text import first_line

State = Session.State
MOST_LATE_RESPONSES = 10


def sessions_of(plugin_id: int, uids: Iterable[str]) -> dict[str, Session]:
    """The plugin's own sessions among these identifiers; a script speaks for no other."""
    wanted = set(uids)
    if len(wanted) == 1:  # as nearly always
        return {session.uid: session for session in _by_uid.objects(plugin_id, *wanted)}
    return {session.uid: session for session in Session.objects.filter(plugin_id=plugin_id, uid__in=wanted)}


_by_uid = Prepared(lambda plugin, uid: Session.objects.filter(plugin=plugin, uid=uid), 2)


def session_of(plugin_id: int, session_id: int) -> Session | None:
    """The plugin's own session with this number."""
    return Session.objects.filter(plugin_id=plugin_id, pk=session_id).first()


def finish(session: Session, connection: Connection | None, form: str, body: str, at: datetime) -> bool:
    """The script's answer: the session ends by it, unless it had ended before; then it is kept as come late."""
    with transaction.atomic():
        # The row is ours until the commit: neither a cancel nor a limit comes between the look and the end.
        signs.seen(_locked(session), at=at, connection=connection)
        session = _locked(session)
        if session.is_final:
            _keep_late(session, form, body, at)
            return False
        was_cancelled = session.state == State.CANCELLING
        Response.objects.create(session=session, at=at, form=form, body=body, came_late=was_cancelled)
        return _end_by_answer(session, form, body, at)


_lockable = Session.objects.select_for_update(of=("self",)).select_related("scope").defer("scope__numbers_stored")
_to_lock = Prepared(lambda pk: _lockable.filter(pk=pk), 1)


def _locked(session: Session) -> Session:
    (locked,) = _to_lock.objects(session.pk)
    return locked  # type: ignore[no-any-return]


def _keep_late(session: Session, form: str, body: str, at: datetime) -> None:
    """An answer after the end is kept for the page to show; a script that goes on answering is not, nor one that says
    again what it did not hear the receipt of."""
    if Response.objects.filter(session=session, form=form, body=body).exists():
        return
    if Response.objects.filter(session=session, came_late=True).count() < MOST_LATE_RESPONSES:
        Response.objects.create(session=session, at=at, form=form, body=body, came_late=True)
        nudge.session(session.pk)


def acknowledge(session: Session, connection: Connection | None, form: str, body: str, at: datetime) -> bool:
    """The order's acknowledgement: the script's handler has returned, so without an answer by now there is none."""
    if session.is_final:
        return False
    return finish(session, connection, form, body, at)


def go_on(session: Session, connection: Connection | None, done: int, total: int, at: datetime) -> None:
    """Our own client says how far a session is."""
    signs.seen(session, at=at, connection=connection)
    if session.state in (State.RUNNING, State.LOST):
        log_lines.note_progress(session, done, total)
    nudge.session(session.pk)


def fail(session: Session, reason: str, at: datetime) -> bool:
    """It ends as failed for a reason that the script could not tell itself."""
    return endings.end(session, State.FAILED, reason, at=at, only_from=Session.HELD)


def _end_by_answer(session: Session, form: str, body: str, at: datetime) -> bool:
    if session.state == State.CANCELLING:
        reason = "Cancelled; its script has finished."
        return endings.end(session, State.CANCELLED, reason, at=at, only_from=[State.CANCELLING])
    error = _error_of(session, body) if form == Response.Form.ERROR else None
    head = first_line(body, 300) if form in (Response.Form.TEXT, Response.Form.JSON) else ""
    state, reason = endings.ending_of(session, error)
    return endings.end(session, state, reason, at=at, only_from=[State.RUNNING, State.LOST], message_head=head)


def _error_of(session: Session, body: str) -> str:
    """What went wrong: the client's error response has no text, but its last ERROR line may have."""
    if body:
        return body
    last = LogLine.objects.filter(session=session, level__gte=40).order_by("-number").values_list("message", flat=True)
    return first_line(last.first() or "", 500)
