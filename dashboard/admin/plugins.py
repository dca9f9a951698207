"""Plugins, and plugins in projects."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from pluginhost.actions import plugins, projects
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Plugin, PluginInProject
from pluginhost.principal import Principal

from .acting import Acting
from .site import site


@admin.register(Plugin, site=site)
class Plugins(Acting):
    """The secret is nowhere here: its owners see it on the plugin's own page."""

    fixed = ("organization",)
    readonly_fields = (
        "uid", "type", "owner", "version", "secret_set_at", "quarantined_at", "quarantine_reason", "created_at",
        "deleted_at",
    )  # fmt: skip
    fields = ("organization", *plugins.EDITABLE, *readonly_fields)
    autocomplete_fields = ("organization",)
    list_display = ("name", "uid", "organization", "owner", "concurrency", "version", "quarantined_at", "deleted_at")
    list_filter = (("quarantined_at", admin.EmptyFieldListFilter), ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "owner")
    search_fields = ("name", "uid", "owner__username", "organization__name")
    actions = ("rotate_secret", "quarantine", "release")

    def view_on_site(self, plugin: Any) -> str:
        return reverse("plugin", args=[plugin.uid])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or obj.deleted_at is None

    has_delete_permission = has_change_permission

    def act(self, principal: Principal, row: Any, fields: dict[str, Any]) -> Model:
        if row is None:
            return plugins.register(principal, fields["organization"], fields)
        return plugins.edit(principal, row, fields)

    def take_away(self, principal: Principal, row: Any) -> None:
        plugins.delete(principal, row)

    @admin.action(description="Rotate the secret of the selected plugins (the old one stays good for an hour)")
    def rotate_secret(self, request: HttpRequest, queryset: QuerySet[Plugin]) -> None:
        done = "New secret made; its owners find it on the plugin's page, and scripts with the old one have an hour"
        self.for_each(request, queryset, lambda principal, row: plugins.rotate_secret(principal, _present(row)), done)

    @admin.action(description="Quarantine the selected plugins: their scripts stay connected and get no work")
    def quarantine(self, request: HttpRequest, queryset: QuerySet[Plugin]) -> None:
        self.for_each(request, queryset, _quarantine, "Quarantined")

    @admin.action(description="Release the selected plugins from quarantine")
    def release(self, request: HttpRequest, queryset: QuerySet[Plugin]) -> None:
        self.for_each(request, queryset, _release, "Released: their scripts get work again")


def _present(plugin: Any) -> Plugin:
    if plugin.deleted_at is not None:
        raise Conflict("This plugin was deleted.")
    return plugin  # type: ignore[no-any-return]


def _quarantine(principal: Principal, plugin: Any) -> None:
    if _present(plugin).is_quarantined():
        raise Conflict("It is in quarantine already.")
    plugins.quarantine(principal, plugin)


def _release(principal: Principal, plugin: Any) -> None:
    if not _present(plugin).is_quarantined():
        raise Conflict("It is not in quarantine.")
    plugins.release(principal, plugin)


@admin.register(PluginInProject, site=site)
class PluginsInProjects(Acting):
    fields = ("project", "plugin", "class_mapping", "config", "enabled_by", "created_at", "updated_at")
    readonly_fields = ("enabled_by", "created_at", "updated_at")
    fixed = ("project", "plugin")
    autocomplete_fields = ("project", "plugin")
    list_display = ("plugin", "project", "enabled_by", "updated_at")
    list_select_related = ("plugin", "project", "enabled_by")
    search_fields = ("plugin__name", "plugin__uid", "project__name", "project__uid")

    def act(self, principal: Principal, row: Any, fields: dict[str, Any]) -> Model:
        project, plugin = (row.project, row.plugin) if row else (fields["project"], fields["plugin"])
        if project.organization_id != plugin.organization_id:
            raise Invalid("A plugin can be enabled in projects of its own organization only.")
        mapping = fields["class_mapping"] if row else fields["class_mapping"] or None
        return projects.enable_plugin(
            principal, project, plugin, class_mapping=mapping, config=fields["config"].strip()
        )

    def take_away(self, principal: Principal, row: Any) -> None:
        projects.disable_plugin(principal, row.project, row.plugin)
