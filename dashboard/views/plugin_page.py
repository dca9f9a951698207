"""What stands above every tab of a plugin: how it stands, its tabs with their counts, and what one may do here."""

from __future__ import annotations

from typing import Any

from dashboard.paging import count_up_to
from dashboard.standings import standing_of
from dashboard.views.doors import SignedInRequest
from pluginhost import access
from pluginhost.models import Plugin, PluginInProject, Role


def frame(request: SignedInRequest, plugin: Plugin, tab: str) -> dict[str, Any]:
    """The context of templates/plugins/_page.html."""
    principal = request.principal
    role = access.role_in(principal.user, plugin.organization_id)
    places = PluginInProject.objects.filter(plugin=plugin, project__deleted_at=None).select_related("project")
    newest = access.sessions(principal).filter(plugin=plugin).order_by("-id")
    return {
        "plugin": plugin,
        "tab": tab,
        "standing": standing_of(plugin),
        "may_own": access.owns(principal, plugin),
        "may_run": role in Role.at_least(access.RUNNER),
        "places": list(places.order_by("project__name")),
        "sessions_count": count_up_to(newest),
        "last_session": newest.only("id", "state", "created_at").first(),
    }
