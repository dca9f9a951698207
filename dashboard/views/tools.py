"""Labeling tools of a project: the editor, what saving would take away, and what others saved meanwhile."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import tool_rows, tool_templates, tool_words
from dashboard.forms.tools import SchemaForm, placed, problems
from dashboard.tool_losses import losses
from pluginhost import access
from pluginhost.actions import projects as actions
from pluginhost.errors import Conflict
from pluginhost.models import AuditEvent, Project
from pluginhost.protocol import category_schema
from pluginhost.protocol import config as config_json

from .doors import SignedInRequest, signed_in
from .project_page import frame

LONGEST_CHECKED = 2 * 2**20


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_tools(request: SignedInRequest, uid: str) -> HttpResponse:
    """The tools; a POST sets them all, and asks first when some would go or become another kind."""
    need = access.MANAGER if request.method == "POST" else access.VIEWER
    project = access.project(request.principal, uid, need)
    if request.method != "POST":
        return _page(request, project, _first_shown(request, project))
    form = SchemaForm(request.POST)
    if not form.is_valid():
        return _page(request, project, _refused(project, form))
    answer = _saved(request, project, form)
    return answer if isinstance(answer, HttpResponse) else _page(request, project, answer)


@signed_in
@require_POST
def project_tools_check(request: SignedInRequest, uid: str) -> HttpResponse:
    """What is wrong with tools that are being edited, and what is worth another look: for the page's script."""
    access.project(request.principal, uid, access.MANAGER)
    text = request.POST.get("schema", "")
    return JsonResponse({"problems": problems(text) if len(text) <= LONGEST_CHECKED else []})


# --- what a POST comes to ---


def _saved(request: SignedInRequest, project: Project, form: SchemaForm) -> HttpResponseRedirect | dict[str, Any]:
    """Back to the page when it is saved; else what the page has to say, with the text as it was sent."""
    given, text = form.cleaned_data, request.POST["schema"]
    wrong = category_schema.problems(given["schema"])
    if wrong:
        return {"text": text, "version": given["schema_version"], "problems": placed(wrong, text, "error")}
    schema = category_schema.complete(given["schema"])
    lost = losses(project, schema)
    if given["schema_version"] == project.schema_version:
        if lost and given["is_meant"] != lost.digest:
            return {"text": text, "version": project.schema_version, "losses": lost}
        try:
            actions.set_category_schema(request.principal, project, schema, based_on=given["schema_version"])
            messages.success(request, "The labeling tools are saved.")
            return redirect("project_tools", project.uid)
        except Conflict:
            project.refresh_from_db()
            lost = losses(project, schema)
    newest = {"text": text, "version": project.schema_version, "losses": lost, "is_older": True}
    return newest | {"changed": _last_change(project)}


def _refused(project: Project, form: SchemaForm) -> dict[str, Any]:
    """The text is not JSON, or the form did not come from this page."""
    text = form.data.get("schema", "")
    sentence = next(iter(form.errors.values()))[0] if "schema" in form.errors else "Reload the page and try again."
    wrong = {"level": "error", "path": "", "line": form.bad_line or 1, "message": sentence}
    version = form.cleaned_data.get("schema_version", project.schema_version)
    return {"text": text, "version": version, "problems": [wrong], "is_json": True}


def _last_change(project: Project) -> AuditEvent | None:
    """Who saved the newer ones."""
    events = AuditEvent.objects.filter(organization_id=project.organization_id, verb="project.labeling_tools_set")
    return events.filter(target_uid=project.uid).first()


# --- the page ---


def _first_shown(request: SignedInRequest, project: Project) -> dict[str, Any]:
    """What is saved, or for a project without tools the start that was chosen."""
    start = tool_templates.named(request.GET.get("template", ""))
    is_empty = not any(category_schema.everything(project.category_schema))
    shown = start.schema if start and is_empty else project.category_schema
    return {
        "text": config_json.text_of(shown),
        "version": project.schema_version,
        "is_unsaved": bool(start and is_empty),
        "is_empty": shown is project.category_schema and is_empty,
        "is_json": request.GET.get("view") == "json",
    }


def _page(request: SignedInRequest, project: Project, shown: dict[str, Any]) -> HttpResponse:
    context = frame(request.principal, project, "tools")
    uses = tool_rows.uses(project)
    context |= {"is_unsaved": request.method == "POST", "newest": project.schema_version, **shown}
    if context["may_manage"]:
        saved = {item["schemaId"]: item["tool"] for item in category_schema.everything(project.category_schema)}
        data = {"kinds": tool_words.for_editor(), "palette": tool_words.palette(), "uses": uses.for_editor()}
        data["saved"] = saved
        context |= {"editor": data, "templates": tool_templates.TEMPLATES}
    else:
        context["rows"] = list(tool_rows.rows(project, uses))
    return render(request, "projects/tools.html", context)
