"""Is it alive, is it ready: for whoever watches over the server. No sign-in; nothing is told that is not needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from pluginhost.actions import supervision
from pluginhost.models import ManagedScript, ServerProcess
from pluginhost.tasks.sweeps import SWEPT

LAYER_SECONDS = 2.0
LATE = 6
"""How many sweeps may be missed; the first comes when a server has been up for one interval."""

Answer = dict[str, object]


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers; that is all."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether work can be done here: 503 and the reason when it cannot."""
    parts = {
        "database": _asked(_ask_database),
        "layer": _asked(_ask_layer),
        "worker": _asked(_ask_worker),
        "supervisor": _asked(_ask_supervisor),
    }
    is_ready = all(part["ok"] for part in parts.values())
    answer = {"status": "ok" if is_ready else "error", **parts}
    if not is_ready:
        answer["message"] = " ".join(str(part["message"]) for part in parts.values() if not part["ok"])
    return JsonResponse(answer, status=200 if is_ready else 503)


def _asked(ask: Callable[[], Answer]) -> Answer:
    """What `ask` tells, and how long it took; its docstring says what it means when it fails."""
    began = time.monotonic()
    try:
        told = ask()
    except (Error, RedisError, OSError) as error:
        return {"ok": False, "message": f"{ask.__doc__} ({type(error).__name__})"}
    return {"ok": True, "seconds": round(time.monotonic() - began, 4), **told}


def _ask_database() -> Answer:
    """The database does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def _ask_layer() -> Answer:
    """The channel layer does not carry messages."""
    async_to_sync(_there_and_back)()
    return {}


async def _there_and_back() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    async with asyncio.timeout(LAYER_SECONDS):
        await layer.send(channel, {"type": "hello"})
        await layer.receive(channel)


def _ask_worker() -> Answer:
    """The background work cannot be asked about."""
    swept: datetime | None = cache.get(SWEPT)  # by beat and a worker: its age tells of both
    since = swept or _serving_since()
    age = (timezone.now() - since).total_seconds() if since else 0.0
    told: Answer = {"swept_seconds_ago": round(age, 1) if swept else None}
    if age > LATE * settings.PLUGINHOST_SWEEP_SECONDS:
        told |= {"ok": False, "message": "The background work stands still: no worker, or no beat, or no broker."}
    return told


def _ask_supervisor() -> Answer:
    """Managed scripts cannot be asked about."""
    keeping = ServerProcess.objects.filter(role=supervision.ROLE, ended_at=None, lease_until__gt=timezone.now())
    scripts = ManagedScript.objects.filter(wanted=ManagedScript.Wanted.RUNNING, plugin__deleted_at=None).count()
    told: Answer = {"scripts": scripts, "supervisors": keeping.count()}
    if scripts and not told["supervisors"]:
        told |= {"ok": False, "message": "Managed scripts are to run, and nobody keeps them: «manage.py supervise»."}
    return told


def _serving_since() -> datetime | None:
    newest = ServerProcess.objects.filter(ended_at=None).order_by("-started_at").first()
    return newest.started_at if newest else None
