"""Personal API keys: only their first characters are known to anybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pluginhost.actions import api_keys
from pluginhost.errors import Conflict
from pluginhost.models import ApiKey
from pluginhost.principal import Principal

from .base import ViewOnly
from .site import site


@admin.register(ApiKey, site=site)
class ApiKeys(ViewOnly):
    hidden = ("digest",)
    list_display = ("name", "prefix", "user", "created_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username", "user__email")
    actions = ("revoke",)

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        self.for_each(request, queryset, _revoke, "Revoked, and no longer let in from the next request on")


def _revoke(principal: Principal, api_key: Any) -> None:
    if api_key.revoked_at is not None:
        raise Conflict("This key was revoked before.")
    api_keys.revoke(principal, api_key)
