"""Imports: a project's list of them, and one with its items."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import flips, imported_items
from dashboard.paging import page_of
from pluginhost import access
from pluginhost.models import Import

from .assets import shows_pictures
from .doors import SignedInRequest, signed_in
from .project_page import frame

PAGE = 50


@signed_in
@require_safe
def project_imports(request: SignedInRequest, uid: str) -> HttpResponse:
    """The Imports tab, newest first."""
    project = access.project(request.principal, uid)
    state = request.GET.get("state", "")
    imports = access.imports(request.principal, project).select_related("session", "plugin", "user")
    if state in Import.State.values:
        imports = imports.filter(state=state)
    page = page_of(imports, request.GET, key="pk", size=PAGE, newest_first=True)
    context = {
        "page": page,
        "rows": [(one, imported_items.by_count(one.reasons)) for one in page.rows],
        "state": state,
        "states": Import.State.choices,
        "may_flip": {verb for one in page.rows for verb in flips.verbs_for(one.state)},
    }
    return render(request, "projects/imports.html", frame(request.principal, project, "imports") | context)


@signed_in
@require_safe
@shows_pictures
def imported(request: SignedInRequest, import_id: int) -> HttpResponse:
    """One import: its numbers, its reasons, and its items by what became of them."""
    found = access.imported(request.principal, import_id)
    outcome = imported_items.chosen_in(found, request.GET)
    page = imported_items.page(found, outcome, request.GET)
    context = {
        "imported": found,
        "project": found.project,
        "outcome": outcome,
        "reason": request.GET.get("reason", "")[:40],
        "choices": imported_items.choices(found, outcome),
        "page": page,
        "rows": imported_items.drawn(found, page.rows, request.get_host()),
        **_numbers(found),
        "reviewed_as": found.reviewed_as.all(),
        "import_crumb": f"Import {found.pk}",
        "may_run": access.may(request.principal, found.project.organization_id, access.RUNNER),
        "verbs": flips.verbs_for(found.state),
    }
    return render(request, "imports/page.html", context)


def _numbers(found: Import) -> dict[str, Any]:
    """What the import keeps about itself."""
    return {
        "reasons": imported_items.by_count(found.reasons),
        "notices": imported_items.by_count(found.notices),
        "classes": imported_items.classes(found),
        "rest": found.items - found.accepted - found.rejected - found.unchanged,
    }
