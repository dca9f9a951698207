"""The run dialog: a page that asks what a session is to be asked with, and asks for it; and a try without it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.forms.run_scope import ScopeForm
from dashboard.forms.runs import TRY_ON, RunForm
from dashboard.standings import standing_of
from pluginhost import access
from pluginhost.actions import projects, sessions
from pluginhost.errors import Conflict, Invalid, NotFound
from pluginhost.models import Plugin, PluginInProject, Project, Session

from .doors import SignedInRequest, signed_in
from .project_page import frame
from .project_plugins import plugins_tab


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_run(request: SignedInRequest, uid: str, plugin_uid: str) -> HttpResponse:
    """The dialog over the Plugins tab; a POST queues the session and shows it.

    `?from=` starts from an earlier session, `?scope=left` with what it left chosen, `?batch=` with that batch.
    """
    project = access.project(request.principal, uid, access.RUNNER)
    plugin = access.plugin_for_project(request.principal, project, plugin_uid)
    place = _place(project, plugin)
    earlier = _earlier(request, project, plugin)
    form = RunForm(request.POST or None, project=project, plugin=plugin, place=place, earlier=earlier)
    form.start_with(request.GET.get("scope", ""), request.GET.getlist("batch"))
    if request.method == "POST" and form.is_valid():
        try:
            session = _start(request, project, plugin, form)
        except Invalid as error:
            form.show(error)
        else:
            _keep(request, place, form)
            return redirect("session", session.pk)
    return render(request, "runs/dialog.html", _context(request, project, plugin, form))


@signed_in
@require_POST
def project_try(request: SignedInRequest, uid: str, plugin_uid: str) -> HttpResponse:
    """One click: the first few assets, for review, with mapping and config as they are kept here.

    What cannot be asked for like that is mended in the dialog, and says so there.
    """
    project = access.project(request.principal, uid, access.RUNNER)
    plugin = access.plugin_for_project(request.principal, project, plugin_uid)
    if not project.head.assets:
        raise Conflict(f"{project} has no assets to try it on yet. Add some first.")
    asked = sessions.Request(
        scope={"first": TRY_ON}, review_first=True, idempotency_key=request.POST.get("idempotency_key", "")[:80] or None
    )
    try:
        session = sessions.start(request.principal, project, plugin, asked)
    except Invalid as error:
        messages.warning(request, error.sentence)
        return redirect("project_run", project.uid, plugin.uid)
    return redirect("session", session.pk)


def _place(project: Project, plugin: Plugin) -> PluginInProject:
    found = PluginInProject.objects.filter(project=project, plugin=plugin).first()
    if found is None:
        raise Conflict(f"{plugin} is not enabled in {project}. Enable it on the project's Plugins page first.")
    return found


def _earlier(request: SignedInRequest, project: Project, plugin: Plugin) -> Session | None:
    """The session to start from, of this very plugin and project."""
    asked = request.GET.get("from")
    if not asked:
        return None
    found = access.session(request.principal, asked)
    if (found.project_id, found.plugin_id) != (project.pk, plugin.pk):
        raise NotFound(f"Session #{found.pk} is not one of {plugin} in {project}.")
    return found


def _start(request: SignedInRequest, project: Project, plugin: Plugin, form: RunForm) -> Session:
    if form.earlier is not None:
        return sessions.rerun(request.principal, form.earlier, form.request)
    return sessions.start(request.principal, project, plugin, sessions.Request(**form.request))


def _keep(request: SignedInRequest, place: PluginInProject, form: RunForm) -> None:
    """Remember mapping and config for the next time, where somebody who may asked for it and they changed."""
    asked = form.request
    may = access.may(request.principal, place.project.organization_id, access.MANAGER)
    if not (may and form.cleaned_data["keep"]):
        return
    config = asked["config"] if asked["config"].strip() != (place.config or place.plugin.default_config) else None
    mapping = asked["class_mapping"] if asked["class_mapping"] != place.class_mapping else None
    if config is not None or mapping is not None:
        projects.enable_plugin(request.principal, place.project, place.plugin, class_mapping=mapping, config=config)


def _context(request: SignedInRequest, project: Project, plugin: Plugin, form: RunForm) -> dict[str, Any]:
    behind = frame(request.principal, project, "plugins") | plugins_tab(request, project)
    count = form.count()
    return behind | {
        "form": form,
        "plugin": plugin,
        "standing": standing_of(plugin),
        "count": count,
        "try_on": TRY_ON,
        "tried": min(count, TRY_ON) or TRY_ON,
    }


@signed_in
@require_safe
def project_scope_count(request: SignedInRequest, uid: str) -> HttpResponse:
    """`{"assets": n}` for the dialog's fields of the scope: what its live line says."""
    project = access.project(request.principal, uid)
    form = ScopeForm(request.GET, project=project)
    return JsonResponse({"assets": form.count() if form.is_valid() else 0})
