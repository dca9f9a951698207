"""The stays of scripts, and the server's processes that hold their sockets."""

from __future__ import annotations

from django.contrib import admin

from pluginhost.models import Connection, ServerProcess, UnknownCaller

from .base import ViewOnly, state
from .site import site


@admin.register(Connection, site=site)
class Connections(ViewOnly):
    list_display = (
        "id", "plugin", state, "was_accepted", "address", "dialect", "opened_at", "last_seen_at", "round_trip_ms",
        "refusals", "noted",
    )  # fmt: skip
    list_filter = ("state", "was_accepted", "transport", "is_draining")
    list_select_related = ("plugin",)
    search_fields = ("plugin__name", "plugin__uid", "address", "reason")


@admin.register(UnknownCaller, site=site)
class UnknownCallers(ViewOnly):
    list_display = ("given_id", "address", "dialect", "is_deleted", "tries", "first_at", "last_at")
    list_filter = ("is_deleted",)
    search_fields = ("given_id", "address")


@admin.register(ServerProcess, site=site)
class ServerProcesses(ViewOnly):
    list_display = ("name", "role", "host", "pid", "started_at", "lease_until", "ended_at")
    list_filter = ("role", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "host")
