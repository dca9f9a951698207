"""What stands above every tab of a plugin: how it stands, its tabs with their counts, and what one may do here."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from dashboard.paging import count_up_to
from dashboard.standings import standing_of
from dashboard.views.doors import SignedInRequest, asking
from pluginhost import access
from pluginhost.models import Plugin, PluginInProject, Role, Session
from pluginhost.prepared import Prepared


def frame(request: SignedInRequest, plugin: Plugin, tab: str) -> dict[str, Any]:
    """The context of templates/plugins/_page.html."""
    principal = request.principal
    role = access.role_in(principal.user, plugin.organization_id)
    return {
        "plugin": plugin,
        "tab": tab,
        "standing": standing_of(plugin),
        "may_own": access.owns(principal, plugin),
        "may_run": role in Role.at_least(access.RUNNER),
        "places": _PLACES.objects(plugin.pk),
        "sessions_count": count_up_to(access.sessions(principal).filter(plugin=plugin)),
        "last_session": _NEWEST.first(principal.user.pk, plugin.pk),
    }


def _places(plugin: int) -> QuerySet[PluginInProject]:
    places = PluginInProject.objects.filter(plugin=plugin, project__deleted_at=None).select_related("project")
    return places.only("project__uid", "project__name").order_by("project__name")


def _newest(user: int, plugin: int) -> QuerySet[Session]:
    found = access.sessions(asking(user)).filter(plugin=plugin)
    return found.only("id", "state", "created_at").order_by("-id")[:1]


_PLACES = Prepared(_places, 1)
_NEWEST = Prepared(_newest, 2)
