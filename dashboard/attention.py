"""What somebody should look at: runs that went wrong, scripts that were turned away, secrets that end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from pluginhost import access
from pluginhost.models import Connection, ManagedScript, Member, Plugin, Role, ScriptInstance, Session
from pluginhost.principal import Principal

from . import words
from .history import for_rows
from .newest import last_key, newest_of

MOST = 8
_MOST_SEARCHED = 20_000
_WENT_WRONG = (Session.State.FAILED, Session.State.CRASHED, Session.State.TIMED_OUT)


@dataclass(frozen=True)
class Wanted:
    """One row: a state for its colour, what it is about, why, since when, and what to do about it."""

    state: str
    word: str
    name: str
    address: str
    told: str
    at: datetime | None
    action: str = "Look"
    action_address: str = ""
    posts: bool = False
    number: int | None = None


def wanted(principal: Principal, since: datetime) -> dict[str, Any]:
    """What has happened since then and nobody has seen to yet, and what is wrong now; newest first, and not all."""
    roles = dict(Member.objects.filter(user=principal.user).values_list("organization_id", "role"))
    may_run = {organization for organization, role in roles.items() if role in Role.at_least(access.RUNNER)}
    rows = [*_sessions(principal, since, may_run), *_plugins(principal), *_refused(principal, since)]
    rows += scripts(access.plugins(principal))
    rows.sort(key=lambda row: row.at or since, reverse=True)
    return {"wanted": rows[:MOST], "wants_more": len(rows) > MOST}


def _sessions(principal: Principal, since: datetime, may_run: set[int]) -> list[Wanted]:
    """Lost now, or ended badly since then and not asked for again."""
    again = Session.objects.filter(rerun_of=OuterRef("pk"))
    ended = Q(state__in=_WENT_WRONG, finished_at__gte=since) & ~Exists(again)
    wrong = Q(state__in=(*_WENT_WRONG, Session.State.LOST))
    found = for_rows(access.sessions(principal)).filter(wrong, ended | Q(state=Session.State.LOST))
    return [_session(session, may_run) for session in newest_of(found, MOST + 1, within=_MOST_SEARCHED)]


def _session(session: Session, may_run: set[int]) -> Wanted:
    address = reverse("session", args=[session.pk])
    told = (session.error or session.reason).partition("\n")[0][:300]
    at = session.finished_at or session.lost_at
    row = Wanted(session.state, "", session.name or session.plugin.name, address, told, at, "Look", address,
                 number=session.pk)  # fmt: skip
    if session.state == Session.State.LOST or session.project.organization_id not in may_run:
        return row
    rerun = reverse("session_rerun", args=[session.pk])
    return replace(row, action="Rerun", action_address=rerun, posts=True)


def _plugins(principal: Principal) -> list[Wanted]:
    """Quarantined ones, and those whose old secret is about to end."""
    now = timezone.now()
    found = access.plugins(principal).filter(Q(quarantined_at__isnull=False) | Q(old_secret_until__gt=now))
    return [_plugin(plugin, now) for plugin in found.order_by("-quarantined_at")[:MOST]]


def _plugin(plugin: Plugin, now: datetime) -> Wanted:
    if plugin.is_quarantined():
        address = reverse("plugin", args=[plugin.uid])
        told = f"{plugin.quarantine_reason} Its scripts get no work.".strip()
        return Wanted("failed", "Quarantined", plugin.name, address, told, plugin.quarantined_at, "Look", address)
    address = reverse("plugin_development", args=[plugin.uid])
    minutes = max(int(((plugin.old_secret_until or now) - now).total_seconds() // 60), 1)
    left = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    told = f"its old secret is good for {left} more; scripts that still use it get no work after that"
    return Wanted("partial", "Secret ends", plugin.name, address, told, plugin.secret_set_at, "New secret", address)


def scripts(plugins: QuerySet[Plugin]) -> list[Wanted]:
    """Managed scripts of these plugins that do not stay up: one row each, the worst of its instances."""
    troubled = ScriptInstance.objects.filter(
        script__plugin__in=plugins,
        script__wanted=ManagedScript.Wanted.RUNNING,
        state__in=[ScriptInstance.State.GAVE_UP, ScriptInstance.State.BACKING_OFF],
    )
    read = troubled.select_related("script__plugin").only(
        "state", "reason", "changed_at", "script__plugin__uid", "script__plugin__name"
    )
    worst: dict[int, ScriptInstance] = {}
    for instance in read.order_by("-state", "-changed_at")[: 10 * MOST]:  # «gave_up» before «backing_off»
        worst.setdefault(instance.script_id, instance)
    return [_script(instance) for instance in worst.values()]


def _script(instance: ScriptInstance) -> Wanted:
    plugin = instance.script.plugin
    address = reverse("plugin_supervision", args=[plugin.uid])
    gave_up = instance.state == ScriptInstance.State.GAVE_UP
    told = f"its managed script {'was given up' if gave_up else 'does not stay up'}: {instance.reason}"
    colour = "gaveup" if gave_up else "backoff"
    return Wanted(colour, words.shown(instance.state).word, plugin.name, address, told, instance.changed_at,
                  "Look", address)  # fmt: skip


def _refused(principal: Principal, since: datetime) -> list[Wanted]:
    """One row for each plugin that turned scripts away, with the newest reason."""
    first = last_key(Connection) - _MOST_SEARCHED
    turned_away = Q(was_accepted=False) | Q(state=Connection.State.QUARANTINED)
    stays = Connection.objects.filter(turned_away, pk__gt=first, last_seen_at__gte=since)
    mine = stays.filter(plugin__in=access.plugins(principal), plugin__quarantined_at=None)
    read = mine.select_related("plugin").only("address", "reason", "last_seen_at", "plugin__uid", "plugin__name")
    newest: dict[int, Connection] = {}
    for stay in read.order_by("-last_seen_at")[: 10 * MOST]:
        newest.setdefault(stay.plugin_id, stay)
    return [_turned_away(stay) for stay in newest.values()]


def _turned_away(stay: Connection) -> Wanted:
    address = reverse("plugin_connections", args=[stay.plugin.uid])
    told = f"a script from {stay.address or 'an unknown address'} was turned away: {stay.reason}"
    return Wanted("failed", "Refused", stay.plugin.name, address, told, stay.last_seen_at, "Look", address)
