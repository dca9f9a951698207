"""The import ledger, row by row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from pluginhost.models import Import, ImportAssets, Notice, PreLabel, Rejection
from pluginhost.protocol.numbers import NumberSet

from .base import ViewOnly, shortened, state
from .site import site


@admin.register(Import, site=site)
class Imports(ViewOnly):
    list_display = (
        "id", "project", "session", "plugin", state, "items", "accepted", "rejected", "unchanged", "objects_count",
        "received_at",
    )  # fmt: skip
    list_filter = ("state", "existing", "received_at")
    list_select_related = ("project", "session", "plugin")
    search_fields = ("id__exact", "session__id__exact", "project__name", "plugin__name", "user__username")

    def view_on_site(self, found: Any) -> str:
        return reverse("imported", args=[found.pk])


@admin.register(ImportAssets, site=site)
class AssetsOfImports(ViewOnly):
    list_display = ("origin", "assets")
    list_select_related = ("origin",)
    search_fields = ("origin__id__exact",)
    search_help_text = "The number of an import."

    @admin.display(description="Assets it gave something")
    def assets(self, given: Any) -> int:
        return len(NumberSet.from_bytes(bytes(given.numbers_stored)))


@admin.register(PreLabel, site=site)
class PreLabels(ViewOnly):
    list_display = ("id", "origin", "index", "asset", "objects_count", "is_unchanged")
    list_select_related = ("origin", "asset")
    search_fields = ("origin__id__exact", "asset__external_id__exact", "asset__uid__exact")
    search_help_text = "The number of an import, or an asset's external id or id."

    def get_queryset(self, request: HttpRequest) -> QuerySet[PreLabel]:
        """Without the contents, which lists do not show."""
        return super().get_queryset(request).defer("content")

    @admin.display(description="Content")
    def shown_content(self, row: Any) -> str:
        return shortened(row.content)


@admin.register(Rejection, site=site)
class Rejections(ViewOnly):
    list_display = ("id", "origin", "index", "external_id", "code", "path", "message")
    list_select_related = ("origin",)
    search_fields = ("origin__id__exact", "external_id__exact", "code__exact")
    search_help_text = "The number of an import, an item's external id, or a code."


@admin.register(Notice, site=site)
class Notices(ViewOnly):
    list_display = ("id", "origin", "index", "code", "path", "message")
    list_select_related = ("origin",)
    search_fields = ("origin__id__exact", "code__exact")
    search_help_text = "The number of an import, or a code."
