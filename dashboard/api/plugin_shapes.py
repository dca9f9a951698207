"""How plugins and the stays of their scripts are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q
from pydantic import BaseModel, Field

from dashboard import stays
from pluginhost.models import Connection, Plugin, Session
from pluginhost.protocol import config as config_json

from .times import Moment

Json = dict[str, Any]


class PluginStatus(BaseModel):
    online: bool = False
    connections: int = 0
    queued: int = 0
    running: int = 0
    last_seen: Moment | None = None


class PluginShown(BaseModel):
    id: str
    name: str
    type: str
    description: str
    organization: str
    owner: str
    owner_name: str
    class_names: list[str]
    default_config: Json
    config_schema: Json | None
    concurrency: int
    timeout_s: int
    idle_timeout_s: int
    retries: int
    retries_after_imports: bool
    version: int
    created_at: Moment
    secret_set_at: Moment
    quarantined_at: Moment | None
    quarantine_reason: str
    status: PluginStatus


class PluginWithSecret(PluginShown):
    secret: str


class Secret(BaseModel):
    secret: str


class ConnectionShown(BaseModel):
    id: int
    state: str
    accepted: bool = Field(description="False: its secret was wrong from first to last.")
    address: str
    transport: str
    opened_at: Moment
    last_seen_at: Moment
    closed_at: Moment | None
    reason: str
    refusals: int
    cure: str = Field(description="What to do where it is refused or kept without work.")
    noted: int = Field(description="Events it sent that were refused.")
    noted_reason: str
    is_draining: bool = Field(description="It gets no new sessions.")
    is_to_go: bool = Field(description="It was disconnected: no work until it is started anew.")
    dialect: str = Field(description="Which client it is, as far as it can be told.")
    client_version: str
    instance: str = Field(description="The script's own name for itself.")
    round_trip_ms: float | None = Field(description="Of the newest probe; there is one each 15 seconds.")
    slowest_ms: float | None
    probed_at: Moment | None


def show(plugins: list[Plugin]) -> list[PluginShown]:
    statuses = _statuses(plugins)
    return [PluginShown(**_fields(plugin), status=statuses.get(plugin.pk, PluginStatus())) for plugin in plugins]


def show_with_secret(plugin: Plugin, secret: str) -> PluginWithSecret:
    """A new one: nothing has connected with it yet."""
    return PluginWithSecret(**_fields(plugin), status=PluginStatus(), secret=secret)


def _fields(plugin: Plugin) -> dict[str, Any]:
    copied = (
        "name", "type", "description", "class_names", "concurrency", "timeout_s", "idle_timeout_s", "retries",
        "retries_after_imports", "version",
        "created_at", "secret_set_at", "quarantined_at", "quarantine_reason",
    )  # fmt: skip
    return {
        **{name: getattr(plugin, name) for name in copied},
        "id": plugin.uid,
        "organization": plugin.organization.uid,
        "owner": plugin.owner.uid,
        "owner_name": plugin.owner.username,
        "default_config": config_json.parse_object(plugin.default_config),
        "config_schema": config_json.parse_object(plugin.config_schema) if plugin.config_schema else None,
    }


def _statuses(plugins: list[Plugin]) -> dict[int, PluginStatus]:
    """All in three queries, however many plugins there are."""
    keys = [plugin.pk for plugin in plugins]
    statuses = {key: PluginStatus() for key in keys}
    asked = Session.objects.filter(plugin__in=keys, state__in=Session.OPEN).order_by().values_list("plugin")
    is_queued = Q(state=Session.State.QUEUED)
    for key, queued, held in asked.annotate(queued=Count("pk", filter=is_queued), held=Count("pk", filter=~is_queued)):
        statuses[key].queued, statuses[key].running = queued, held
    present = Connection.objects.open().filter(plugin__in=keys).order_by().values_list("plugin")
    for key, count, seen in present.annotate(count=Count("pk"), seen=Max("last_seen_at")):
        statuses[key].online, statuses[key].connections, statuses[key].last_seen = True, count, seen
    for key, seen in _seen_last([key for key in keys if not statuses[key].online]):
        statuses[key].last_seen = seen
    return statuses


def _seen_last(keys: list[int]) -> list[tuple[int, datetime]]:
    """When those that are away were last here: their newest stay knows."""
    newest = Connection.objects.filter(plugin__in=keys, was_accepted=True).order_by().values("plugin")
    return list(
        Connection.objects.filter(pk__in=newest.annotate(newest=Max("pk")).values("newest")).values_list(
            "plugin", "last_seen_at"
        )
    )


def show_connections(connections: list[Connection]) -> list[ConnectionShown]:
    copied = (
        "id", "state", "address", "transport", "opened_at", "last_seen_at", "closed_at", "reason", "refusals",
        "noted", "noted_reason", "is_draining", "is_to_go", "dialect", "client_version", "instance", "round_trip_ms",
        "slowest_ms", "probed_at",
    )  # fmt: skip
    return [
        ConnectionShown(
            accepted=connection.was_accepted,
            cure=stays.cure(connection, connection.plugin),
            **{name: getattr(connection, name) for name in copied},
        )
        for connection in connections
    ]
