"""Projects: the list of them, making one, and its settings."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.forms import refusals
from dashboard.forms.projects import DeleteProjectForm, NewProjectForm, ProjectForm
from dashboard.paging import page_of
from pluginhost import access
from pluginhost.actions import projects as actions
from pluginhost.errors import Forbidden, Invalid
from pluginhost.models import Project, Session

from .doors import SignedInRequest, signed_in
from .project_page import frame

PAGE = 50


@signed_in
@require_safe
def projects(request: SignedInRequest) -> HttpResponse:
    """The projects one may see, newest first."""
    q = request.GET.get("q", "").replace("\0", "").strip()
    seen = access.projects(request.principal)
    found = seen.filter(name__icontains=q) if q else seen
    page = page_of(_with_figures(found), request.GET, key="pk", size=PAGE, newest_first=True)
    context = {
        "page": page,
        "q": q,
        "organizations": access.organizations(request.principal).count(),
        "may_create": access.organizations(request.principal, access.MANAGER).exists(),
        "has_any": bool(page.rows) or seen.exists(),
    }
    return render(request, "projects/list.html", context)


def _with_figures(found: QuerySet[Project]) -> QuerySet[Project]:
    held = Session.objects.held().filter(project=OuterRef("pk")).order_by()
    running = held.values("project").annotate(number=Count("pk")).values("number")
    return found.select_related("organization", "head").annotate(
        running=Coalesce(Subquery(running), 0),
        plugins_count=Count("plugin_places", filter=Q(plugin_places__plugin__deleted_at=None)),
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_new(request: SignedInRequest) -> HttpResponse:
    organizations = access.organizations(request.principal, access.MANAGER)
    if not organizations.exists():
        raise Forbidden("Making a project takes the role manager in an organization; ask one of its owners for it.")
    form = NewProjectForm(request.POST or None, organizations=organizations)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(
                request.principal, form.chosen_organization, form.cleaned_data["name"], form.cleaned_data["description"]
            )
            return redirect("project", made.uid)
        except Invalid as error:
            refusals.show(form, error)
    return render(request, "projects/new.html", {"form": form})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_settings(request: SignedInRequest, uid: str) -> HttpResponse:
    project = access.project(request.principal, uid, access.MANAGER)
    form = ProjectForm(request.POST or None, initial={"name": project.name, "description": project.description})
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(request.principal, project, form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("project_settings", project.uid)
        except Invalid as error:
            refusals.show(form, error)
    context = {"form": form, "delete_form": DeleteProjectForm(project=project)}
    return render(request, "projects/settings.html", frame(request.principal, project, "settings") | context)


@signed_in
@require_POST
def project_delete(request: SignedInRequest, uid: str) -> HttpResponse:
    project = access.project(request.principal, uid, access.MANAGER)
    form = DeleteProjectForm(request.POST, project=project)
    if not form.is_valid():
        about = ProjectForm(initial={"name": project.name, "description": project.description})
        context = frame(request.principal, project, "settings") | {"form": about, "delete_form": form}
        return render(request, "projects/settings.html", context)
    actions.delete(request.principal, project)
    messages.success(request, f"The project {project.name} was deleted.")
    return redirect("projects")
