"""Logs: found by their session. (A search through all lines of all sessions would read them all.)"""

from __future__ import annotations

from django.contrib import admin

from pluginhost.models import LogHead, LogLine, SessionEvent

from .base import ViewOnly
from .site import site

BY_SESSION = ("session__id__exact", "session__uid__exact")
HELP = "The number or the id of a session."


@admin.register(LogHead, site=site)
class LogHeads(ViewOnly):
    list_display = ("session", "last", "bytes", "debug", "info", "warning", "error", "dropped")
    list_select_related = ("session",)
    search_fields = BY_SESSION
    search_help_text = HELP


@admin.register(LogLine, site=site)
class LogLines(ViewOnly):
    list_display = ("__str__", "at", "level", "message_start", "came_late")
    list_select_related = ("session",)
    search_fields = BY_SESSION
    search_help_text = HELP

    @admin.display(description="Message")
    def message_start(self, line: LogLine) -> str:
        return line.message if len(line.message) <= 200 else f"{line.message[:200]}…"


@admin.register(SessionEvent, site=site)
class SessionEvents(ViewOnly):
    list_display = ("session", "at", "kind", "sentence", "after_line")
    list_select_related = ("session",)
    search_fields = BY_SESSION
    search_help_text = HELP
