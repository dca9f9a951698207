"""Exports: who asked for which, and what became of it."""

from __future__ import annotations

from django.contrib import admin

from pluginhost.models import Export

from .base import ViewOnly, state
from .site import site


@admin.register(Export, site=site)
class Exports(ViewOnly):
    list_display = ("uid", "project", state, "shape", "is_lines", "items", "asked_by", "created_at")
    list_filter = ("state", "shape")
    list_select_related = ("project", "asked_by")
    search_fields = ("uid__exact", "project__name")
    search_help_text = "An export's id, or a part of a project's name."
