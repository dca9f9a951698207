"""Imports: a project's list of them, and one with its items."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.paging import Page, page_of
from pluginhost import access
from pluginhost.models import Import, PreLabel, Rejection

from .doors import SignedInRequest, signed_in
from .project_page import frame

PAGE = 50
OUTCOMES = ("rejected", "accepted", "unchanged")


@signed_in
@require_safe
def project_imports(request: SignedInRequest, uid: str) -> HttpResponse:
    """The Imports tab, newest first."""
    project = access.project(request.principal, uid)
    imports = access.imports(request.principal, project).select_related("session", "plugin", "user")
    page = page_of(imports, request.GET, key="pk", size=PAGE, newest_first=True)
    return render(request, "projects/imports.html", frame(request.principal, project, "imports") | {"page": page})


@signed_in
@require_safe
def imported(request: SignedInRequest, import_id: int) -> HttpResponse:
    """One import: its numbers, its reasons, and its items by what became of them."""
    found = access.imported(request.principal, import_id)
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in OUTCOMES else "rejected" if found.rejected else "accepted"
    context = {
        "imported": found,
        "project": found.project,
        "outcome": outcome,
        "outcomes": [(name, getattr(found, name)) for name in OUTCOMES],
        "page": _items(found, outcome, request.GET),
        "reasons": sorted(found.reasons.items(), key=lambda reason: -reason[1]),
        "import_crumb": f"Import {found.pk}",
        "rest": found.items - found.accepted - found.rejected - found.unchanged,
    }
    return render(request, "imports/page.html", context)


def _items(found: Import, outcome: str, asked: Any) -> Page[Any]:
    """A page of items, in the order in which they came (rows are stored in that order, so by their key)."""
    if outcome == "rejected":
        rejections = Rejection.objects.filter(origin=found).select_related("asset")
        return page_of(rejections, asked, key="pk", size=PAGE)
    rows = PreLabel.objects.filter(origin=found, is_unchanged=outcome == "unchanged")
    return page_of(rows.select_related("asset").defer("content"), asked, key="pk", size=PAGE)
