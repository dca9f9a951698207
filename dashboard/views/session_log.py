"""A session's lines as JSON for its page, as files to download, and its message whole."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from dashboard import said
from dashboard.streaming import streamed
from pluginhost import access, log_news, log_reading
from pluginhost.errors import Invalid, NotFound
from pluginhost.models import Response, Session

from .doors import SignedInRequest, signed_in

_TYPES = {"text": ("text/plain; charset=utf-8", "txt"), "jsonl": ("application/x-ndjson", "jsonl")}


@require_safe
@signed_in
def session_log(request: SignedInRequest, session_id: str) -> HttpResponseBase:
    """Lines after a number. `format=text|jsonl` downloads; `view` asks for what the page's list is made of."""
    found = access.session(request.principal, session_id)
    asked = request.GET
    try:
        which = log_reading.Filter.asked(asked.get("level", ""), asked.get("q", ""))
        if "format" in asked:
            return _download(found, which, asked["format"])
        return JsonResponse(_VIEWS.get(asked.get("view", ""), _lines)(found, which, asked))
    except Invalid as error:
        return JsonResponse({"status": "error", "message": error.sentence}, status=400)


def _download(session: Session, which: log_reading.Filter, form: str) -> HttpResponseBase:
    if form not in log_reading.FORMS:
        raise Invalid("format: choose text or jsonl.")
    content_type, ending = _TYPES[form]
    part = "" if which.is_all else "-filtered"
    name = f"session-{session.pk}-log{part}.{ending}"
    return streamed(log_reading.chunks(session.pk, which, form), content_type, name)


# --- what the page's list is made of ---


def _lines(session: Session, which: log_reading.Filter, asked: Mapping[str, str]) -> dict[str, object]:
    cut = 0 if asked.get("whole") else log_reading.CUT_AT
    limit = _number(asked, "limit") or log_reading.MOST_LINES
    counted = asked.get("total") != "no"
    page = log_reading.page(session.pk, which, after=_number(asked, "after"), limit=limit, cut=cut, counted=counted)
    lines: dict[str, object] = {"lines": page.lines, "next": page.next}
    return lines | ({"total": page.total} if counted else {})


def _index(session: Session, which: log_reading.Filter, asked: Mapping[str, str]) -> dict[str, object]:
    """With the number of each five-hundredth line a filtered list can be opened anywhere."""
    marks = [] if which.is_all else log_reading.marks(session.pk, which)
    return {
        "total": log_reading.total(session.pk, which),
        "marks": marks,
        "events": log_reading.events(session.pk, which),
    }


def _numbers(session: Session, which: log_reading.Filter, asked: Mapping[str, str]) -> dict[str, object]:
    numbers, has_more = log_reading.numbers(session.pk, which, after=_number(asked, "after"))
    return {"numbers": numbers, "more": has_more}


def _news(session: Session, which: log_reading.Filter, asked: Mapping[str, str]) -> dict[str, object]:
    """What the socket would say, for a page without one."""
    seen = log_news.Seen(_number(asked, "after"), _number(asked, "event"), asked.get("version", ""))
    found = log_news.news(session.pk, seen)
    return found.body if found else {}


_VIEWS = {"index": _index, "numbers": _numbers, "news": _news}


def _number(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


# --- the message ---


@require_safe
@signed_in
def session_message(request: SignedInRequest, session_id: str, response_id: int) -> HttpResponseBase:
    """One response, whole, as a file."""
    found = access.session(request.principal, session_id)
    response = Response.objects.filter(session=found, pk=response_id).first()
    if response is None:
        raise NotFound("There is no such message.")
    content, content_type, ending = said.whole(response)
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="session-{found.pk}-message.{ending}"'
    return answer
