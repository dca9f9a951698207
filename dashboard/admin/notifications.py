"""What people were told under the bell."""

from __future__ import annotations

from django.contrib import admin

from pluginhost.models import Notification

from .base import ViewOnly
from .site import site


@admin.register(Notification, site=site)
class Notifications(ViewOnly):
    list_display = ("user", "__str__", "sender", "organization", "created_at", "read_at")
    list_select_related = ("user", "sender", "organization")
    search_fields = ("user__username", "organization__name")
    search_help_text = "A part of the receiver's or of the organization's name."
