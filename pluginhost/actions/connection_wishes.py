"""What people ask of a connection: no new sessions, new ones again, or no work at all."""

from __future__ import annotations

from django.db import transaction

from pluginhost import nudge
from pluginhost.actions import audit
from pluginhost.errors import Conflict
from pluginhost.models import Connection
from pluginhost.principal import Principal


def drain(principal: Principal, connection: Connection) -> None:
    """It gets no new sessions; what it is at work on goes on. Conflict when it has gone."""
    _ask(principal, connection, "connection.drained", is_draining=True)


def fill_again(principal: Principal, connection: Connection) -> None:
    """It gets new sessions again."""
    _ask(principal, connection, "connection.filled_again", is_draining=False)


def disconnect(principal: Principal, connection: Connection) -> None:
    """It is kept without work from now on, and what it says is refused; its sessions are lost, in grace.

    The socket stays open: published clients that are cut off come back in a storm, or never.
    """
    _ask(principal, connection, "connection.disconnected", is_to_go=True)


@transaction.atomic
def _ask(principal: Principal, connection: Connection, verb: str, **flag: bool) -> None:
    here = Connection.objects.filter(pk=connection.pk).exclude(state=Connection.State.CLOSED)
    if not here.update(**flag):
        raise Conflict("This connection has gone already.")
    plugin = connection.plugin
    details: dict[str, object] = {"address": connection.address}
    audit.note(principal, verb, organization=plugin.organization, target=plugin, details=details)
    nudge.plugin(plugin.pk)
