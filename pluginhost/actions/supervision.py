"""Leases on managed scripts: of several supervisors exactly one keeps each, by the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import processes
from pluginhost.models import ManagedScript, ScriptInstance, ServerProcess, Session

ROLE = "supervise"


def renew(keeper: ServerProcess) -> None:
    """Keep what is ours a while longer. What ran out meanwhile stays lost until it is taken anew."""
    processes.renew(keeper)
    _ours(keeper).update(lease_until=_until())


def take_free(keeper: ServerProcess) -> bool:
    """Take what nobody keeps, or nobody keeps any more; whether there was any."""
    free = ManagedScript.objects.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
    return free.exists() and bool(free.update(keeper=keeper, lease_until=_until()))


def kept(keeper: ServerProcess) -> list[ManagedScript]:
    """What is ours now, each with its plugin, its code and its instances, and whether its plugin has sessions at work
    (`has_session`)."""
    at_work = Session.objects.held().filter(plugin=OuterRef("plugin"))
    return list(
        _ours(keeper)
        .annotate(has_session=Exists(at_work))
        .select_related("plugin", "code")
        .prefetch_related("instances")
        .order_by("pk")
    )


def release(keeper: ServerProcess) -> None:
    """We are ending: whoever is there may take over at once."""
    with transaction.atomic():
        ManagedScript.objects.filter(keeper=keeper).update(keeper=None, lease_until=None)
        nudge.supervisor()
    processes.ended(keeper.name, "The supervisor was stopped.")


def others(keeper: ServerProcess) -> list[ServerProcess]:
    """Supervisors that have not said that they ended."""
    return list(ServerProcess.objects.filter(role=ROLE, ended_at=None).exclude(pk=keeper.pk))


def is_dead(gone: ServerProcess) -> None:
    """It is known to have ended: what it kept is free before its lease is over."""
    ManagedScript.objects.filter(keeper=gone).update(keeper=None, lease_until=None)
    processes.ended(gone.name, "The supervisor ended.")


def is_anybody_there(now: datetime | None = None) -> bool:
    """Whether any supervisor lives: if not, nothing that is wanted comes to be."""
    alive = ServerProcess.objects.filter(role=ROLE, ended_at=None, lease_until__gt=now or timezone.now())
    return alive.exists()


def instances(script: ManagedScript) -> list[ScriptInstance]:
    """Those that are wanted, and those that still run."""
    known = ScriptInstance.objects.filter(script=script)
    return list(known.filter(Q(number__lte=script.instances_wanted) | ~Q(state=ScriptInstance.State.STOPPED)))


def _ours(keeper: ServerProcess) -> QuerySet[ManagedScript]:
    return ManagedScript.objects.filter(keeper=keeper, lease_until__gte=Now())


def _until() -> ExpressionWrapper:
    return ExpressionWrapper(Now() + Value(lease()), output_field=DateTimeField())


def lease() -> timedelta:
    return timedelta(seconds=settings.PLUGINHOST_LEASE_SECONDS)
