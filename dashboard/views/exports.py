"""Exports of a project: what was asked for and by whom, and asking for one more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from dashboard.forms.exports import ExportForm
from dashboard.paging import page_of
from pluginhost import access, file_links
from pluginhost.actions import exports as actions
from pluginhost.errors import TooMany
from pluginhost.models import Batch, Export, Project
from pluginhost.protocol import stages
from pluginhost.tasks import build_exports

from .doors import SignedInRequest, signed_in
from .project_page import frame

PAGE = 50
WHAT: dict[str, str] = {Export.Shape.TASKS: "Tasks", Export.Shape.ASSETS: "Assets", Export.Shape.ISSUES: "Issues"}


@dataclass(frozen=True)
class Row:
    """One export as it is listed; the link is signed anew each time, and good for a week."""

    export: Export
    what: str
    which: str
    link: str


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_exports(request: SignedInRequest, uid: str) -> HttpResponse:
    """The list, newest first; a POST asks for an export, which Celery builds. Whoever may read may export."""
    project = access.project(request.principal, uid)
    form = ExportForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        _ask(request, project, form)
        return redirect("project_exports", project.uid)
    listed = access.exports(request.principal, project).select_related("asked_by", "file")
    page = page_of(listed, request.GET, key="pk", size=PAGE, newest_first=True)
    context = {"form": form, "page": page, "rows": _rows(project, page.rows)}
    return render(request, "projects/exports.html", frame(request.principal, project, "exports") | context)


def _ask(request: SignedInRequest, project: Project, form: ExportForm) -> None:
    base = f"{request.scheme}://{request.get_host()}"
    shape = form.cleaned_data["shape"]
    try:
        actions.ask(request.principal, project, shape, form.choice(base), is_lines=form.is_lines)
        build_exports.delay_on_commit()
    except TooMany as error:
        messages.error(request, error.sentence)
    except OperationalError:  # the broker is away; builders look by themselves as well
        messages.warning(request, "The export waits until the background work is there again.")
    else:
        messages.success(request, "The export is being built; it is listed here.")


def _rows(project: Project, exports: Sequence[Export]) -> list[Row]:
    named = {uid for export in exports for uid in export.filters.get("batches") or ()}
    batches = dict(Batch.objects.filter(project=project, uid__in=named).values_list("uid", "name"))
    names = stages.known(project.stages)
    return [
        Row(export, WHAT.get(export.shape, export.shape), _which(export, names, batches), _link(export))
        for export in exports
    ]


def _which(export: Export, names: dict[str, str], batches: dict[str, str]) -> str:
    """The stages and batches that it was limited to, in words."""
    words = [names.get(stage, stage) for stage in export.filters.get("stages") or ()]
    words += [batches.get(uid, "a batch that is gone") for uid in export.filters.get("batches") or ()]
    if export.filters.get("assignees") or export.filters.get("times"):
        words.append("by assignee or time")
    return ", ".join(words) or "all"


def _link(export: Export) -> str:
    if export.file is None or export.file.deleted_at is not None:
        return ""
    return file_links.shown_link("", export.file.key)
