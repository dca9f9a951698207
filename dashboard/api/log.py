"""A session's log: a page of lines, or all of it as a file."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router
from pydantic import BaseModel, Field

from dashboard.streaming import streamed
from pluginhost import access, log_reading
from pluginhost.models import LogHead, Session

from .auth import principal_of
from .paging import Text

router = Router()
_DOWNLOADS = {"text": ("text/plain; charset=utf-8", "txt"), "jsonl": ("application/jsonl; charset=utf-8", "jsonl")}


class LogAsked(BaseModel):
    after: int = Field(
        default=0, ge=0, le=2**53, description="Only lines with a larger number: the `next` of the page before."
    )
    limit: int = Field(default=log_reading.MOST_LINES, ge=1, le=log_reading.MOST_LINES)
    level: Text = Field(default="", description="This and worse: debug, info, warning or error.")
    q: Text = Field(default="", description="Only lines that contain this, in any case.")
    format: Literal["json", "text", "jsonl"] = Field(default="json", description="text and jsonl download all lines.")


class LogLine(BaseModel):
    number: int = Field(description="Counts without gaps in the session, from 1.")
    at: str
    level: str
    message: str
    extra: dict[str, Any] | None = Field(description="The other keys that the script sent with it.")
    late: bool = Field(default=False, description="It came after the session's end.")


class Deleted(BaseModel):
    up_to: int = Field(description="Lines 1 to this one are gone.")
    at: str
    why: str


class LogPage(BaseModel):
    lines: list[LogLine]
    next: int | None
    total: int
    deleted: Deleted | None = Field(description="Lines that a rule of retention took, where it did.")


@router.get("/sessions/{session_id}/log", response=LogPage, summary="Its log")
def get_log(request: HttpRequest, session_id: str, asked: Query[LogAsked]) -> LogPage | HttpResponseBase:
    """To follow a running session, ask again with `after` set to the last line's number."""
    session = access.session(principal_of(request), session_id)
    which = log_reading.Filter.asked(asked.level, asked.q)
    if asked.format != "json":
        return _download(session, which, asked.format)
    page = log_reading.page(session.pk, which, after=asked.after, limit=asked.limit)
    lines = [LogLine(**line) for line in page.lines]
    return LogPage(lines=lines, next=page.next, total=page.total, deleted=_deleted(session))


def _deleted(session: Session) -> Deleted | None:
    head = LogHead.objects.filter(session=session).exclude(deleted_at=None).first()
    if head is None or head.deleted_at is None:
        return None
    return Deleted(up_to=head.deleted_up_to, at=log_reading.stamp(head.deleted_at), why=head.deleted_why)


def _download(session: Session, which: log_reading.Filter, form: str) -> HttpResponseBase:
    content_type, ending = _DOWNLOADS[form]
    return streamed(log_reading.chunks(session.pk, which, form), content_type, f"session-{session.pk}.{ending}")
