"""What is labeled: assets, the work on them, batches, and uploaded files. Scripts and pages make them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse

from pluginhost.models import Asset, Batch, BatchAsset, StoredFile, Task

from .base import ViewOnly, shortened
from .site import site


@admin.register(Asset, site=site)
class Assets(ViewOnly):
    list_display = ("external_id", "number", "project", "uid", "created_at")
    list_select_related = ("project",)
    search_fields = ("external_id", "uid__exact", "project__name")

    @admin.display(description="Data")
    def shown_data(self, asset: Any) -> str:
        return shortened(asset.data)

    def view_on_site(self, asset: Any) -> str:
        return reverse("asset", args=[asset.project.uid, asset.number])


@admin.register(Task, site=site)
class Tasks(ViewOnly):
    list_display = ("uid", "asset", "project", "status", "assignee", "updated_at")
    list_filter = ("status",)
    list_select_related = ("asset", "project", "assignee")
    search_fields = ("uid__exact", "asset__external_id", "project__name")


@admin.register(Batch, site=site)
class Batches(ViewOnly):
    list_display = ("name", "project", "uid", "created_at")
    list_select_related = ("project",)
    search_fields = ("name", "uid__exact", "project__name")


@admin.register(BatchAsset, site=site)
class AssetsInBatches(ViewOnly):
    list_display = ("asset", "batch")
    list_select_related = ("asset", "batch")
    search_fields = ("batch__name", "asset__external_id")


@admin.register(StoredFile, site=site)
class StoredFiles(ViewOnly):
    list_display = ("key", "kind", "content_type", "size", "project", "created_by", "created_at")
    list_filter = ("kind", "content_type")
    list_select_related = ("project", "created_by")
    search_fields = ("key", "project__name", "created_by__username")
