"""The Plugins tab of a project: those that are enabled with how they stand, and the others to enable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.forms.runs import TRY_ON
from dashboard.mapping import Health, health
from dashboard.runs_of_plugins import tapes
from dashboard.standings import Standing, standing, with_standing
from pluginhost import access
from pluginhost.actions import projects as actions
from pluginhost.models import Plugin, PluginInProject, Project, Session
from pluginhost.principal import Principal

from .doors import SignedInRequest, signed_in
from .project_page import frame


@dataclass(frozen=True)
class EnabledRow:
    """A plugin in the project, with its last session there and the tape of those before."""

    plugin: Plugin
    standing: Standing
    mapping: Health
    last: Session | None
    tape: list[Session]


@dataclass(frozen=True)
class OtherRow:
    """A plugin of the organization that is not enabled here."""

    plugin: Plugin
    standing: Standing


@signed_in
@require_safe
def project_plugins(request: SignedInRequest, uid: str) -> HttpResponse:
    project = access.project(request.principal, uid)
    context = frame(request.principal, project, "plugins") | plugins_tab(request, project)
    return render(request, "projects/plugins.html", context)


def plugins_tab(request: SignedInRequest, project: Project) -> dict[str, Any]:
    """What the tab shows; the run dialog shows it behind itself."""
    q, show = request.GET.get("q", "").strip(), request.GET.get("show", "")
    every = _enabled(project)
    enabled = [row for row in every if q.casefold() in row.plugin.name.casefold()]
    if show == "online":
        enabled = [row for row in enabled if row.standing.is_online]
    return {
        "q": q,
        "show": show,
        "enabled": enabled,
        "enabled_count": len(every),
        "online_count": sum(row.standing.is_online for row in every),
        "others": _others(request.principal, project),
        "try_on": TRY_ON,
    }


def _enabled(project: Project) -> list[EnabledRow]:
    """Online ones first, then those that were used last."""
    places = {place.plugin_id: place for place in PluginInProject.objects.filter(project=project)}
    plugins = list(with_standing(Plugin.objects.present().filter(pk__in=places)))
    last = _last_sessions(project, plugins)
    drawn = tapes(Session.objects.filter(project=project), plugins)
    rows = [
        EnabledRow(
            plugin,
            standing(plugin),
            health(project, plugin, places[plugin.pk].class_mapping, places[plugin.pk].left_out),
            last.get(plugin.pk),
            drawn[plugin.pk],
        )
        for plugin in plugins
    ]
    return sorted(rows, key=lambda row: (not row.standing.is_online, -(row.last.pk if row.last else 0)))


def _last_sessions(project: Project, plugins: Sequence[Plugin]) -> dict[int, Session]:
    """For each plugin the newest session here, where there is one: a seek in an index for each."""
    own = Session.objects.filter(project=project, plugin=OuterRef("pk")).order_by("-id").values("pk")
    chosen = Plugin.objects.filter(pk__in=[plugin.pk for plugin in plugins])
    newest = [last for last in chosen.values_list(Subquery(own[:1]), flat=True) if last is not None]
    read = Session.objects.select_related("scope").filter(pk__in=newest).order_by()
    read = read.only("plugin_id", "state", "created_at", "accepted", "rejected", "scope__count")
    return {session.plugin_id: session for session in read}


def _others(principal: Principal, project: Project) -> list[OtherRow]:
    own = access.plugins(principal).filter(organization=project.organization)
    others = with_standing(own.exclude(places__project=project)).order_by("name")
    return [OtherRow(plugin, standing(plugin)) for plugin in others]


@signed_in
@require_POST
def project_plugin_enable(request: SignedInRequest, uid: str, plugin_uid: str) -> HttpResponse:
    project = access.project(request.principal, uid, access.MANAGER)
    plugin = access.plugin_for_project(request.principal, project, plugin_uid)
    place = actions.enable_plugin(request.principal, project, plugin)
    found = health(project, plugin, place.class_mapping, place.left_out)
    messages.success(request, f"{plugin} is enabled. By their names, {found.words}.")
    return redirect("project_plugins", project.uid)


@signed_in
@require_POST
def project_plugin_disable(request: SignedInRequest, uid: str, plugin_uid: str) -> HttpResponse:
    project = access.project(request.principal, uid, access.MANAGER)
    plugin = access.plugin_for_project(request.principal, project, plugin_uid)
    actions.disable_plugin(request.principal, project, plugin)
    messages.success(request, f"{plugin} is not enabled here any more. Its sessions stay in the run history.")
    return redirect("project_plugins", project.uid)
