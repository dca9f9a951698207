"""Labeling tools of a project: looking at them, adding one, and setting them all as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.forms.tools import KINDS, NewToolForm, SchemaForm
from pluginhost import access
from pluginhost.actions import projects as actions
from pluginhost.errors import Invalid
from pluginhost.models import PluginInProject, Project
from pluginhost.protocol import category_schema
from pluginhost.protocol import config as config_json

from .doors import SignedInRequest, signed_in
from .project_page import frame


@dataclass(frozen=True)
class ToolRow:
    """One tool, classification or relation as the table shows it."""

    title: str
    color: str
    schema_id: str
    kind: str
    icon: str
    depth: int
    options: list[str]
    mapped_by: list[str]


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_tools(request: SignedInRequest, uid: str) -> HttpResponse:
    """The list; a POST sets the whole schema, and asks first when mapped tools would go."""
    need = access.MANAGER if request.method == "POST" else access.VIEWER
    project = access.project(request.principal, uid, need)
    form = SchemaForm(request.POST or None, initial={"schema": config_json.text_of(project.category_schema)})
    losses: list[str] = []
    if request.method == "POST" and form.is_valid():
        schema = form.cleaned_data["schema"]
        losses = list(_losses(project, schema))
        if not losses or form.cleaned_data["is_meant"]:
            try:
                actions.set_category_schema(request.principal, project, schema)
                messages.success(request, "The labeling tools are saved.")
                return redirect("project_tools", project.uid)
            except Invalid as error:
                losses = []
                form.add_error("schema", error.sentence)
    return _page(request, project, {"schema_form": form, "losses": losses})


@signed_in
@require_POST
def project_tool_add(request: SignedInRequest, uid: str) -> HttpResponse:
    project = access.project(request.principal, uid, access.MANAGER)
    form = NewToolForm(request.POST)
    if form.is_valid():
        try:
            actions.set_category_schema(request.principal, project, form.added_to(project.category_schema))
            messages.success(request, f"{form.cleaned_data['title']} was added.")
            return redirect("project_tools", project.uid)
        except Invalid as error:
            form.add_error(None, error.sentence)
    return _page(request, project, {"tool_form": form})


def _page(request: SignedInRequest, project: Project, context: dict[str, Any]) -> HttpResponse:
    rows = list(_rows(project))
    shown = {
        "rows": rows,
        "schema_form": SchemaForm(initial={"schema": config_json.text_of(project.category_schema)}),
        "tool_form": NewToolForm(tools=len(rows)),
        "losses": [],
        **context,
    }
    return render(request, "projects/tools.html", frame(request.principal, project, "tools") | shown)


def _rows(project: Project) -> Iterator[ToolRow]:
    mapped = _mapped_by(project)
    for kind in category_schema.KINDS:
        for depth, item in _with_depth(project.category_schema.get(kind) or [], 0):
            word, icon = KINDS.get(item["tool"], (item["tool"], "tag"))
            options = [str(option["value"]) for option in item.get("options") or []]
            schema_id = item["schemaId"]
            yield ToolRow(
                item["title"], item["color"], schema_id, word, icon, depth, options, mapped.get(schema_id, [])
            )


def _with_depth(items: list[dict[str, Any]], depth: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for item in items:
        yield depth, item
        yield from _with_depth(item.get("classifications") or [], depth + 1)


def _mapped_by(project: Project) -> dict[str, list[str]]:
    """schemaId → «Detector: Car» for each model class that is mapped to it."""
    found: dict[str, list[str]] = {}
    places = PluginInProject.objects.filter(project=project, plugin__deleted_at=None).select_related("plugin")
    for place in places.order_by("plugin__name"):
        for name, schema_id in place.class_mapping.items():
            if schema_id:
                found.setdefault(schema_id, []).append(f"{place.plugin}: {name}")
    return found


def _losses(project: Project, schema: dict[str, Any]) -> Iterator[str]:
    """What stops being mapped when the tools become those of `schema`, a sentence for each tool that goes."""
    kept = {str(item.get("schemaId")) for item in _loosely(schema.get("tools"))}
    mapped = _mapped_by(project)
    for tool in category_schema.tools_of(project.category_schema):
        if tool["schemaId"] not in kept and tool["schemaId"] in mapped:
            yield f"{tool['title']} goes; mapped to it: {', '.join(mapped[tool['schemaId']])}."


def _loosely(items: object) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
