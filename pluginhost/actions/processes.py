"""Serving processes: their leases, and what becomes of the scripts of one that is gone."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pluginhost.actions import broken_lines, connections
from pluginhost.models import Connection, ServerProcess

NOTICED_WITHIN = timedelta(seconds=3)
"""So soon the parent of a process, and then its next one, know that it has ended."""
_current: ServerProcess | None = None


def begin(role: str = "web", name: str = "") -> ServerProcess:
    """Write down that this process serves from now on, under `name` (the parent may have chosen it)."""
    global _current
    now = timezone.now()
    _current = ServerProcess.objects.create(
        name=name or secrets.token_hex(8),
        host=socket.gethostname()[:255],
        pid=os.getpid(),
        role=role,
        started_at=now,
        lease_until=now + _lease(),
    )
    return _current


def current() -> ServerProcess | None:
    """This process, if it serves."""
    return _current


def renew(process: ServerProcess) -> None:
    """Live on, also where another machine thought us dead: a pause is no end."""
    ServerProcess.objects.filter(pk=process.pk).update(lease_until=timezone.now() + _lease(), ended_at=None)


@transaction.atomic
def ended(name: str, reason: str = "The server process that held it ended.") -> None:
    """The process called `name` is gone: its connections are closed, and their sessions lost (in grace)."""
    now = timezone.now()
    process = ServerProcess.objects.filter(name=name).first()
    if process is None:
        return
    ServerProcess.objects.filter(pk=process.pk, ended_at=None).update(ended_at=now)
    for connection in connections.at_work(process.pk):
        broken_lines.note_restart(connection)
        connections.close(connection, reason, at=now)
    connections.close_all(process, reason, at=now)


def end_expired() -> None:
    """End the processes whose lease ran out without a word; never ourselves, who are just being slow."""
    silent = ServerProcess.objects.filter(ended_at=None, lease_until__lt=timezone.now())
    if _current is not None:
        silent = silent.exclude(pk=_current.pk)
    for process in list(silent):
        held = _held_by(process.name)
        ended(process.name, "The server process that held it went silent.")
        renewed = process.lease_until - _lease()
        for connection in held:
            broken_lines.adopt_where_back(connection, since=renewed, until=renewed + _lease() / 3)


def ended_just_now(name: str) -> None:
    """The process called `name` is gone while another serves: its scripts may be back there before we know of it."""
    now = timezone.now()
    held = _held_by(name)
    ended(name)
    for connection in held:
        broken_lines.adopt_where_back(connection, since=now - NOTICED_WITHIN, until=now)


def _held_by(name: str) -> list[Connection]:
    return list(Connection.objects.filter(process__name=name).exclude(state=Connection.State.CLOSED))


def _lease() -> timedelta:
    return timedelta(seconds=settings.PLUGINHOST_LEASE_SECONDS)
