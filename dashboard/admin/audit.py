"""The audit trail: it is only ever added to, and not from here."""

from __future__ import annotations

from django.contrib import admin

from pluginhost.models import AuditEvent

from .base import ViewOnly
from .site import site


@admin.register(AuditEvent, site=site)
class AuditEvents(ViewOnly):
    list_display = ("at", "actor_name", "verb", "target", "organization")
    list_filter = ("verb", "at")
    list_select_related = ("organization",)
    search_fields = ("actor_name", "verb", "target", "target_uid__exact", "organization__name")
