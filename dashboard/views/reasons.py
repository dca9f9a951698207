"""The Reasons tab of a plugin: why what it sent was rejected, day by day."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import reasons
from pluginhost import access

from .doors import SignedInRequest, signed_in
from .plugin_page import frame


@require_safe
@signed_in
def plugin_reasons(request: SignedInRequest, uid: str) -> HttpResponse:
    """Of all its projects, or of one; the span stands in the address."""
    plugin = access.plugin(request.principal, uid)
    context = frame(request, plugin, "reasons")
    projects = [place.project for place in context["places"]]
    chosen = next((project for project in projects if project.uid == request.GET.get("project")), None)
    days = reasons.span_in(request.GET)
    context |= {
        "told": reasons.over_time(plugin, days, chosen),
        "days": days,
        "spans": reasons.SPANS,
        "projects": projects,
        "project": chosen,
    }
    return render(request, "plugins/reasons.html", context)
