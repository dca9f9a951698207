"""How long organizations keep, and what is left of sessions that went."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model

from pluginhost.actions import retention
from pluginhost.models import DeletedSession, RetentionRule
from pluginhost.principal import Principal

from .acting import Acting
from .base import ViewOnly
from .site import site


@admin.register(RetentionRule, site=site)
class RetentionRules(Acting):
    list_display = ("organization", *retention.MOST, "updated_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
    fields = ("organization", *retention.MOST)
    autocomplete_fields = ("organization",)
    fixed = ("organization",)

    def act(self, principal: Principal, row: Model | None, fields: dict[str, Any]) -> Model:
        organization = row.organization if isinstance(row, RetentionRule) else fields["organization"]
        return retention.keep(principal, organization, {name: fields[name] for name in retention.MOST})

    def take_away(self, principal: Principal, row: RetentionRule) -> None:
        retention.keep_all(principal, row.organization)


@admin.register(DeletedSession, site=site)
class DeletedSessions(ViewOnly):
    list_display = ("__str__", "plugin_name", "project", "state", "created_at", "deleted_at", "why")
    list_select_related = ("project",)
    search_fields = ("id__exact", "uid__exact", "project__name")
    search_help_text = "The number or the id of a session, or a part of a project's name."
