"""Plugins: registering them, their settings, their secret, and the stays of their scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db.models import Count, Max, Q
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from pluginhost import access
from pluginhost.actions import plugins as actions
from pluginhost.models import Connection, Plugin, Session
from pluginhost.protocol import config as config_json

from .auth import principal_of
from .bodies import Given
from .me import organization_for
from .paging import Page, Paging, page
from .times import Moment

router = Router()
Json = dict[str, Any]
_JSON_OR_TEXT: Any = {"anyOf": [{"type": "object"}, {"type": "string", "description": "The same as JSON text."}]}


# --- what comes ---


class PluginFields(Given):
    """The settings of a plugin; a PATCH changes those that it names."""

    name: str = ""
    type: Literal["batch_model"] = "batch_model"
    description: str = ""
    class_names: list[str] = []
    default_config: Any = Field(default={}, json_schema_extra=_JSON_OR_TEXT)
    config_schema: Any = Field(default=None, json_schema_extra=_JSON_OR_TEXT)
    concurrency: int = 1
    timeout_s: int = 86_400
    idle_timeout_s: int = 1_800


class NewPlugin(PluginFields):
    name: str
    organization: str | None = Field(default=None, description="Needed only by whom more than one would let register.")


class Rotation(Given):
    keep_old_for_s: int = Field(
        default=actions.DEFAULT_KEEP_OLD_S, description="How long the old secret is still let in: 0 to 86,400."
    )


class Quarantine(Given):
    reason: str = Field(default="", max_length=300, description="Told to its scripts and shown on its page.")


# --- what goes ---


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
    noted: int = Field(description="Events it sent that were refused.")
    noted_reason: str


def show(plugins: list[Plugin]) -> list[PluginShown]:
    statuses = _statuses(plugins)
    return [PluginShown(**_fields(plugin), status=statuses.get(plugin.pk, PluginStatus())) for plugin in plugins]


def _fields(plugin: Plugin) -> dict[str, Any]:
    copied = (
        "name", "type", "description", "class_names", "concurrency", "timeout_s", "idle_timeout_s", "version",
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


def _connections(connections: list[Connection]) -> list[ConnectionShown]:
    copied = (
        "id", "state", "address", "transport", "opened_at", "last_seen_at", "closed_at", "reason", "refusals",
        "noted", "noted_reason",
    )  # fmt: skip
    return [
        ConnectionShown(accepted=connection.was_accepted, **{name: getattr(connection, name) for name in copied})
        for connection in connections
    ]


# --- the calls ---


@router.get("/plugins", response=Page[PluginShown], summary="The plugins you may see")
def list_plugins(request: HttpRequest, paging: Query[Paging]) -> Page[PluginShown]:
    rows = access.plugins(principal_of(request)).select_related("organization", "owner")
    return page(rows, paging, show, newest_first=False)


@router.post("/plugins", response={201: PluginWithSecret}, summary="Register a plugin")
def register_plugin(request: HttpRequest, body: NewPlugin) -> Status[PluginWithSecret]:
    """The answer holds its id and its secret, with which a script connects."""
    principal = principal_of(request)
    plugin = actions.register(principal, organization_for(principal, body.organization), _settings(body))
    secret = actions.reveal_secret(principal, plugin)
    return Status(201, PluginWithSecret(**_fields(plugin), status=PluginStatus(), secret=secret))


@router.get("/plugins/{plugin_id}", response=PluginShown, summary="One plugin")
def get_plugin(request: HttpRequest, plugin_id: str) -> PluginShown:
    return show([access.plugin(principal_of(request), plugin_id)])[0]


@router.patch("/plugins/{plugin_id}", response=PluginShown, summary="Change a plugin's settings")
def edit_plugin(request: HttpRequest, plugin_id: str, body: PluginFields) -> PluginShown:
    """Sessions that were asked for before keep what they were asked with."""
    principal = principal_of(request)
    plugin = access.owned_plugin(principal, plugin_id)
    return show([actions.edit(principal, plugin, _settings(body))])[0]


def _settings(body: PluginFields) -> dict[str, Any]:
    return {name: value for name, value in body.given().items() if name in actions.EDITABLE}


@router.delete("/plugins/{plugin_id}", response={204: None}, summary="Delete a plugin")
def delete_plugin(request: HttpRequest, plugin_id: str) -> Status[None]:
    """Its sessions stay in the run history of their projects. Open sessions must end first."""
    principal = principal_of(request)
    actions.delete(principal, access.owned_plugin(principal, plugin_id))
    return Status(204, None)


@router.get("/plugins/{plugin_id}/secret", response=Secret, summary="Show the secret again")
def get_secret(request: HttpRequest, plugin_id: str) -> Secret:
    """For the plugin's owner and the organization's owners; each look is written to the audit trail."""
    principal = principal_of(request)
    return Secret(secret=actions.reveal_secret(principal, access.owned_plugin(principal, plugin_id)))


@router.post("/plugins/{plugin_id}/rotate-secret", response=Secret, summary="Make a new secret")
def rotate_secret(request: HttpRequest, plugin_id: str, body: Rotation | None = None) -> Secret:
    """The old one is let in for `keep_old_for_s` more seconds."""
    principal = principal_of(request)
    plugin = access.owned_plugin(principal, plugin_id)
    return Secret(secret=actions.rotate_secret(principal, plugin, (body or Rotation()).keep_old_for_s))


@router.post("/plugins/{plugin_id}/quarantine", response=PluginShown, summary="Take a plugin out of service")
def quarantine_plugin(request: HttpRequest, plugin_id: str, body: Quarantine | None = None) -> PluginShown:
    """Its scripts stay connected and get no work, until it is released."""
    principal = principal_of(request)
    actions.quarantine(principal, access.owned_plugin(principal, plugin_id), (body or Quarantine()).reason)
    return get_plugin(request, plugin_id)


@router.post("/plugins/{plugin_id}/release", response=PluginShown, summary="Put it back into service")
def release_plugin(request: HttpRequest, plugin_id: str) -> PluginShown:
    principal = principal_of(request)
    actions.release(principal, access.owned_plugin(principal, plugin_id))
    return get_plugin(request, plugin_id)


@router.get("/plugins/{plugin_id}/connections", response=Page[ConnectionShown], summary="The stays of its scripts")
def list_connections(request: HttpRequest, plugin_id: str, paging: Query[Paging]) -> Page[ConnectionShown]:
    """Newest first; refused ones too."""
    plugin = access.plugin(principal_of(request), plugin_id)
    return page(Connection.objects.filter(plugin=plugin), paging, _connections, newest_first=True)
