"""What a managed script printed, as JSON for the viewer and as files to download: of a plugin, and of a session."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard import outputs
from dashboard.streaming import streamed
from pluginhost import access, output_reading
from pluginhost.errors import Invalid, NotFound
from pluginhost.output_reading import Filter, Output

from .doors import SignedInRequest, signed_in
from .session_page import frame

_TYPES = {"text": ("text/plain; charset=utf-8", "txt"), "jsonl": ("application/x-ndjson", "jsonl")}


@require_safe
@signed_in
def plugin_output(request: SignedInRequest, uid: str, which: str) -> HttpResponseBase:
    """Of one instance, or of the newest environment's build (`build`)."""
    found = access.plugin(request.principal, uid)
    return _answer(outputs.of_plugin(found, which), request.GET, f"{found.uid}-{which}")


@require_safe
@signed_in
def session_output_lines(request: SignedInRequest, session_id: str, which: str) -> HttpResponseBase:
    found = access.session(request.principal, session_id)
    return _answer(outputs.of_session(found, which), request.GET, f"session-{found.pk}-output-{which}")


@require_safe
@signed_in
def session_output(request: SignedInRequest, session_id: str) -> HttpResponse:
    """The tab of a session: what its managed script printed in that time."""
    found = access.session(request.principal, session_id)
    context = frame(request.principal, found, "output")
    instances = context["output_instances"]
    if not instances:
        raise NotFound("No managed script ran while this session did.")
    if "X-Live" not in request.headers:  # the viewer keeps itself true
        asked = request.GET.get("of", "")
        which = asked if asked in instances else outputs.likely(found, instances)
        url = reverse("session_output_lines", args=[found.pk, which])
        socket = f"/ws/sessions/{found.pk}/output/{which}/"
        context |= outputs.viewer(outputs.of_session(found, which), which, url, socket)
    return render(request, "sessions/output.html", context)


def _answer(output: Output | None, asked: Mapping[str, str], name: str) -> HttpResponseBase:
    if output is None:
        raise NotFound("There is no such output.")
    try:
        which = Filter.asked(asked.get("stream", ""), asked.get("q", ""), is_bad=asked.get("level") == "40")
        if "format" in asked:
            return _download(output, which, asked["format"], name)
        return JsonResponse(_told(output, which, asked))
    except Invalid as error:
        return JsonResponse({"status": "error", "message": error.sentence}, status=400)


def _told(output: Output, which: Filter, asked: Mapping[str, str]) -> dict[str, object]:
    after, view = _number(asked, "after"), asked.get("view", "")
    if view == "index":
        return output_reading.index(output, which)
    if view == "numbers":
        return output_reading.numbers(output, which, after)
    if view == "news":
        return output_reading.news(output, after)
    cut = 0 if asked.get("whole") else output_reading.CUT_AT
    return output_reading.lines(output, which, after, _number(asked, "limit") or output_reading.MOST_LINES, cut)


def _download(output: Output, which: Filter, form: str, name: str) -> HttpResponseBase:
    if form not in _TYPES:
        raise Invalid("format: choose text or jsonl.")
    content_type, ending = _TYPES[form]
    part = "" if which.is_all else "-filtered"
    return streamed(output_reading.chunks(output, which, form), content_type, f"{name}{part}.{ending}")


def _number(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
