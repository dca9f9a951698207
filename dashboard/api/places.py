"""A plugin in a project: enabling it there, with its class mapping and config, and running it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from pluginhost import access
from pluginhost.actions import projects as actions
from pluginhost.actions import sessions
from pluginhost.models import PluginInProject
from pluginhost.protocol import config as config_json

from .auth import principal_of
from .bodies import JSON_OR_TEXT, Given
from .paging import Page, Paging, page
from .runs import Run
from .session_shapes import SessionWhole, show_whole
from .times import Moment

router = Router()


class PlaceFields(Given):
    """What is left out stays as it is; at first, classes are mapped to labeling tools of the same name."""

    class_mapping: dict[str, str | None] | None = Field(
        default=None, description="Model class → schemaId of a labeling tool, or null to leave it out."
    )
    config: Any = Field(
        default=None,
        description="An object or its JSON text; an empty text: the plugin's default again.",
        json_schema_extra=JSON_OR_TEXT,
    )


class PlaceShown(BaseModel):
    plugin: str
    plugin_name: str
    project: str
    class_mapping: dict[str, str | None]
    config: dict[str, Any] | None = Field(description="Null: the plugin's default.")
    created_at: Moment
    updated_at: Moment


def _show(places: list[PluginInProject]) -> list[PlaceShown]:
    return [
        PlaceShown(
            plugin=place.plugin.uid,
            plugin_name=place.plugin.name,
            project=place.project.uid,
            class_mapping=place.class_mapping,
            config=config_json.parse_object(place.config) if place.config else None,
            created_at=place.created_at,
            updated_at=place.updated_at,
        )
        for place in places
    ]


@router.get("/projects/{project_id}/plugins", response=Page[PlaceShown], summary="The plugins enabled in a project")
def list_places(request: HttpRequest, project_id: str, paging: Query[Paging]) -> Page[PlaceShown]:
    project = access.project(principal_of(request), project_id)
    rows = PluginInProject.objects.filter(project=project).select_related("plugin", "project")
    return page(rows, paging, _show, newest_first=False)


@router.put("/projects/{project_id}/plugins/{plugin_id}", response=PlaceShown, summary="Enable a plugin, or set it up")
def enable_plugin(request: HttpRequest, project_id: str, plugin_id: str, body: PlaceFields | None = None) -> PlaceShown:
    principal = principal_of(request)
    project = access.project(principal, project_id, access.MANAGER)
    plugin = access.plugin_for_project(principal, project, plugin_id)
    asked = body or PlaceFields()
    place = actions.enable_plugin(principal, project, plugin, class_mapping=asked.class_mapping, config=asked.config)
    return _show([place])[0]


@router.delete("/projects/{project_id}/plugins/{plugin_id}", response={204: None}, summary="Disable a plugin")
def disable_plugin(request: HttpRequest, project_id: str, plugin_id: str) -> Status[None]:
    """Its sessions there stay in the run history."""
    principal = principal_of(request)
    project = access.project(principal, project_id, access.MANAGER)
    actions.disable_plugin(principal, project, access.plugin_for_project(principal, project, plugin_id))
    return Status(204, None)


@router.post(
    "/projects/{project_id}/plugins/{plugin_id}/sessions", response={201: SessionWhole}, summary="Run a plugin"
)
def run_plugin(request: HttpRequest, project_id: str, plugin_id: str, body: Run | None = None) -> Status[SessionWhole]:
    """The session waits in the queue until a script of the plugin is online and free."""
    principal = principal_of(request)
    project = access.project(principal, project_id, access.RUNNER)
    plugin = access.plugin_for_project(principal, project, plugin_id)
    started = sessions.start(principal, project, plugin, sessions.Request(**(body or Run()).as_request()))
    return Status(201, show_whole(access.session(principal, started.pk)))
