"""The tabs of a session but for its results: its log, what it was asked with, and what happened to it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.overlay import Tools
from dashboard.said import pretty
from pluginhost import access, log_news, log_reading
from pluginhost.models import Batch, LogHead, Session, SessionEvent, SessionInputs

from .doors import SignedInRequest, signed_in
from .session_page import frame

LINES_AT_FIRST = 200
MOST_EVENTS = 500
LEVELS = [("debug", "Debug"), ("info", "Info"), ("warning", "Warn"), ("error", "Error")]


@require_safe
@signed_in
def session(request: SignedInRequest, session_id: str) -> HttpResponse:
    """The log. It is drawn with its last lines; its script takes over from there."""
    found = access.session(request.principal, session_id)
    context = frame(request.principal, found, "log")
    if context["log_head"].deleted_at is not None:
        context["rows"] = log_reading.page(found.pk, cut=log_reading.CUT_AT, counted=False).lines
    elif "X-Live" not in request.headers:  # the log keeps itself true
        context |= _log(found, context["log_head"])
    return render(request, "sessions/log.html", context)


def _log(session: Session, head: LogHead) -> dict[str, Any]:
    lines = log_reading.last_lines(session.pk, LINES_AT_FIRST)
    happened = log_reading.events(session.pk)
    start = lines[0]["number"] if lines else 1
    return {
        "rows": _rows(lines, [event for event in happened if event["after_line"] >= start - 1]),
        "earlier": start - 1,
        "counts_of_log": log_news.counts(head),
        "version_of_log": log_news.version_of(session),
        "log_levels": LEVELS,
    }


def _rows(lines: list[log_reading.Line], happened: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines and events in one list, by place."""
    placed = [((line["number"], 0, 0), line) for line in lines]
    placed += [((event["after_line"], 1, event["id"]), event) for event in happened]
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


@require_safe
@signed_in
def session_inputs(request: SignedInRequest, session_id: str) -> HttpResponse:
    """What it was asked with, frozen."""
    found = access.session(request.principal, session_id)
    inputs = found.inputs
    context = frame(request.principal, found, "inputs")
    context |= {
        "inputs": inputs,
        "config": pretty(inputs.config or "{}"),
        "mapping": _mapping(inputs, found),
        "batches": Batch.objects.filter(project=found.project, uid__in=inputs.batches),
        "as_json": _as_json(inputs, found),
    }
    return render(request, "sessions/inputs.html", context)


def _mapping(inputs: SessionInputs, session: Session) -> list[dict[str, Any]]:
    """Each class with the tool it is mapped to, as the project has that tool now."""
    tools = Tools(session.project.category_schema)
    return [
        {"name": name, "schema_id": schema_id, "tool": tools.of({"schemaId": schema_id}) if schema_id else None}
        for name, schema_id in inputs.class_mapping.items()
    ]


def _as_json(inputs: SessionInputs, session: Session) -> str:
    """As the API takes them to run the same again."""
    fields = {
        "config": json.loads(inputs.config or "{}"),
        "class_mapping": inputs.class_mapping,
        "scope": inputs.scope_asked,
        "existing": inputs.existing,
        "review_first": inputs.review_first,
        "name": session.name,
    }
    return json.dumps(fields, indent=2, ensure_ascii=False)


@require_safe
@signed_in
def session_timeline(request: SignedInRequest, session_id: str) -> HttpResponse:
    """What happened to it, with the time between."""
    found = access.session(request.principal, session_id)
    events = list(SessionEvent.objects.filter(session=found).order_by("-id")[:MOST_EVENTS])[::-1]
    context = frame(request.principal, found, "timeline")
    context |= {"steps": _steps(events, found), "most": MOST_EVENTS}
    return render(request, "sessions/timeline.html", context)


def _steps(events: list[SessionEvent], session: Session) -> list[dict[str, Any]]:
    """Each event with how long it took until the next one; the last one of an open session lasts until now."""
    ends: list[datetime | None] = [event.at for event in events[1:]]
    ends.append(None if session.is_final else timezone.now())
    return [{"event": event, "took": end - event.at if end else None} for event, end in zip(events, ends, strict=True)]
