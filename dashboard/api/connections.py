"""The stays of a plugin's scripts, and what its owners may ask of those that are here."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from ninja import Query, Router

from pluginhost import access
from pluginhost.actions import connection_wishes
from pluginhost.errors import NotFound
from pluginhost.models import Connection
from pluginhost.principal import Principal

from .auth import principal_of
from .paging import Page, Paging, page
from .plugin_shapes import ConnectionShown, show_connections

router = Router()
_LARGEST = 2**63 - 1


@router.get("/plugins/{plugin_id}/connections", response=Page[ConnectionShown], summary="The stays of its scripts")
def list_connections(request: HttpRequest, plugin_id: str, paging: Query[Paging]) -> Page[ConnectionShown]:
    """Newest first; refused ones too."""
    plugin = access.plugin(principal_of(request), plugin_id)
    stays = Connection.objects.filter(plugin=plugin).select_related("plugin")
    return page(stays, paging, show_connections, newest_first=True)


@router.post(
    "/plugins/{plugin_id}/connections/{connection_id}/drain", response=ConnectionShown, summary="No new sessions for it"
)
def drain_connection(request: HttpRequest, plugin_id: str, connection_id: int) -> ConnectionShown:
    """What it is at work on goes on."""
    return _ask(request, plugin_id, connection_id, connection_wishes.drain)


@router.post(
    "/plugins/{plugin_id}/connections/{connection_id}/fill", response=ConnectionShown, summary="New sessions again"
)
def fill_connection(request: HttpRequest, plugin_id: str, connection_id: int) -> ConnectionShown:
    return _ask(request, plugin_id, connection_id, connection_wishes.fill_again)


@router.post(
    "/plugins/{plugin_id}/connections/{connection_id}/disconnect",
    response=ConnectionShown,
    summary="No work for it until it is started anew",
)
def disconnect_connection(request: HttpRequest, plugin_id: str, connection_id: int) -> ConnectionShown:
    """Its sessions are lost, in grace. The socket stays open: published clients that are cut off come back in a
    storm, or never."""
    return _ask(request, plugin_id, connection_id, connection_wishes.disconnect)


def _ask(
    request: HttpRequest, plugin_id: str, connection_id: int, verb: Callable[[Principal, Connection], None]
) -> ConnectionShown:
    principal = principal_of(request)
    plugin = access.owned_plugin(principal, plugin_id)
    known = Connection.objects.select_related("plugin__organization").filter(plugin=plugin)
    stay = known.filter(pk=connection_id).first() if 0 < connection_id <= _LARGEST else None
    if stay is None:
        raise NotFound("There is no such connection.")
    verb(principal, stay)
    stay.refresh_from_db()
    return show_connections([stay])[0]
