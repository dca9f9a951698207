"""The Sessions tab of a project."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import history
from dashboard.paging import page_of
from pluginhost import access
from pluginhost.models import Session

from .doors import SignedInRequest, signed_in
from .project_page import frame

PAGE = 50


@signed_in
@require_safe
def project_sessions(request: SignedInRequest, uid: str) -> HttpResponse:
    project = access.project(request.principal, uid)
    found = history.for_rows(Session.objects.filter(project=project))
    page = page_of(found, request.GET, key="pk", size=PAGE, newest_first=True)
    context = {
        "page": page,
        "rows": history.say_what_they_wait_for(page.rows),
        "deleted": history.deleted(access.deleted_sessions(request.principal).filter(project=project), page),
    }
    return render(request, "projects/sessions.html", frame(request.principal, project, "sessions") | context)
