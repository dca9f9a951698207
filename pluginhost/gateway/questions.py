"""What the gateway asks the database beside storing, in the same thread."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import close_old_connections
from django.utils import timezone

from pluginhost.actions import connections, hellos

from .peer import Peer


def recheck(peer: Peer) -> bool:
    """Whether this script may have work now."""
    close_old_connections()
    peer.is_out = not connections.recheck(peer.connection_id or 0, timezone.now())
    return not peer.is_out


def due(process_id: int) -> list[int]:
    """This process's connections that have something to look for."""
    close_old_connections()
    return connections.due(process_id)


def at_work(process_id: int) -> list[int]:
    """This process's connections that have a session open."""
    close_old_connections()
    return [connection.pk for connection in connections.at_work(process_id)]


@dataclass(frozen=True)
class News:
    """What a script that said hello has to be told."""

    cancelled: list[str]
    is_draining: bool


def news_for(connection_id: int) -> News:
    return News(hellos.cancelled_on(connection_id), hellos.is_draining(connection_id))
