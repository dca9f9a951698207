"""Plugins: registering them, their settings and their secret."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import ConfigDict, Field

from pluginhost import access
from pluginhost.actions import plugins as actions

from .auth import principal_of
from .bodies import JSON_OR_TEXT, Given
from .me import organization_for
from .paging import Page, Paging, page
from .plugin_shapes import PluginShown, PluginWithSecret, Secret, show, show_with_secret

router = Router()


# --- what comes ---


class PluginFields(Given):
    """The settings of a plugin; a PATCH changes those that it names."""

    name: str = ""
    type: Literal["batch_model"] = "batch_model"
    description: str = ""
    class_names: list[str] = []
    default_config: Any = Field(default={}, json_schema_extra=JSON_OR_TEXT)
    config_schema: Any = Field(default=None, json_schema_extra=JSON_OR_TEXT)
    concurrency: int = 1
    timeout_s: int = 86_400
    idle_timeout_s: int = 1_800
    retries: int = Field(default=0, description="Times a crashed session is run again by itself, 0 to 5.")
    retries_after_imports: bool = Field(default=False, description="Also where it had imported something.")


class NewPlugin(PluginFields):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Detector",
                "type": "batch_model",
                "class_names": ["Car", "Bus"],
                "default_config": {"threshold": 0.5},
            }
        }
    )

    name: str
    organization: str | None = Field(default=None, description="Needed only by whom more than one would let register.")


class Rotation(Given):
    keep_old_for_s: int = Field(
        default=actions.DEFAULT_KEEP_OLD_S, description="How long the old secret is still let in: 0 to 86,400."
    )


class Quarantine(Given):
    reason: str = Field(default="", max_length=300, description="Told to its scripts and shown on its page.")


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
    return Status(201, show_with_secret(plugin, secret))


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
