"""The administration's own site: who gets in, by which door, and how its index is ordered."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from dashboard.views.doors import page_of
from pluginhost.errors import Forbidden

SECTIONS = {
    "People": ("User", "Organization", "Member", "ApiKey", "Notification", "RetentionRule"),
    "Plugins": ("Plugin", "PluginInProject", "Connection", "UnknownCaller"),
    "Managed scripts": ("ManagedScript", "ScriptInstance", "ScriptStart", "ScriptCode", "ScriptEnvironment"),
    "Projects": (
        "Project", "ProjectHead", "Asset", "Task", "TaskStep", "Batch", "BatchAsset", "Issue", "IssueComment",
        "StoredFile", "Export",
    ),
    "Sessions": (
        "Session", "SessionInputs", "Scope", "SessionReads", "SessionEvent", "LogHead", "LogLine", "Response",
        "DeletedSession",
    ),
    "Imports": ("Import", "ImportAssets", "PreLabel", "Rejection", "Notice"),
    "Server": ("AuditEvent", "ServerProcess"),
}  # fmt: skip


class Site(AdminSite):
    site_title = site_header = "Pluginhost"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """People sign in where everybody does, so that the throttle there counts for this door too."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            return page_of(request, Forbidden("The administration is for administrators of this Pluginhost only."))
        onward = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': onward})}")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")

    def app_index(self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None) -> Any:
        """There is one app, and its tables are on the index."""
        return redirect("admin:index")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The tables by what they are about, instead of all in one alphabet."""
        by_name = {
            model["object_name"]: {**model, "app": app}
            for app in super().get_app_list(request, app_label)
            for model in app["models"]
        }
        index = reverse("admin:index")
        return [
            {
                "name": section,
                "app_label": section.lower(),
                "app_url": f"{index}#{section.lower()}",
                "has_module_perms": True,
                "models": [by_name[name] for name in names if name in by_name],
            }
            for section, names in SECTIONS.items()
        ]


site = Site(name="admin")
