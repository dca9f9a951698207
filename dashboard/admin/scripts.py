"""Managed scripts and what became of each start. They are set, started and stopped on their plugin's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse

from pluginhost.models import ManagedScript, ScriptCode, ScriptEnvironment, ScriptInstance, ScriptStart

from .base import ViewOnly, state
from .site import site

OF_PLUGIN = ("script__plugin__name", "script__plugin__uid")


@admin.register(ManagedScript, site=site)
class ManagedScripts(ViewOnly):
    """The values of its variables are nowhere: not even here."""

    hidden = ("environment_encrypted",)
    list_display = ("id", "plugin", "wanted", "source", "entry", "instances_wanted", "restart", "keeper", "lease_until")
    list_filter = ("wanted", "source", "restart")
    list_select_related = ("plugin", "keeper")
    search_fields = ("plugin__name", "plugin__uid", "entry")

    def view_on_site(self, script: Any) -> str:
        return reverse("plugin_supervision", args=[script.plugin.uid])


@admin.register(ScriptCode, site=site)
class ScriptCodes(ViewOnly):
    list_display = ("id", "script", "number", "name", "entry", "files", "size", "added_at", "added_by")
    list_select_related = ("script__plugin", "added_by")
    search_fields = (*OF_PLUGIN, "name", "digest")


@admin.register(ScriptEnvironment, site=site)
class ScriptEnvironments(ViewOnly):
    list_display = ("id", "script", state, "began_at", "ended_at", "reason")
    list_filter = ("state",)
    list_select_related = ("script__plugin",)
    search_fields = (*OF_PLUGIN, "digest")


@admin.register(ScriptInstance, site=site)
class ScriptInstances(ViewOnly):
    list_display = ("id", "script", "number", state, "tries", "next_start_at", "changed_at", "reason")
    list_filter = ("state",)
    list_select_related = ("script__plugin",)
    search_fields = (*OF_PLUGIN,)


@admin.register(ScriptStart, site=site)
class ScriptStarts(ViewOnly):
    list_display = ("id", "instance", "number", "pid", "started_at", "up_at", "ended_at", "exit_code", "was_asked")
    list_filter = ("was_asked", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("instance__script__plugin",)
    search_fields = ("instance__script__plugin__name", "instance__script__plugin__uid")
