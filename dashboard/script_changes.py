"""What is different since a script last started well: its code, its packages, or how it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pluginhost.models import AuditEvent, ManagedScript, ScriptEnvironment, ScriptStart

MOST_PACKAGES = 12
_CONFIGURED = ("script.configured", "plugin.secret_rotated")


@dataclass(frozen=True)
class Change:
    """`was` and `now` are empty where something came or went; `who` where somebody did it."""

    what: str
    was: str = ""
    now: str = ""
    who: str = ""
    at: datetime | None = None


def changes(script: ManagedScript, good: ScriptStart, environment: ScriptEnvironment | None) -> list[Change]:
    """Since that start; empty when all is as it was, and the cause lies elsewhere."""
    return [*_code(script, good), *_packages(good.environment, environment), *_settings(script, good.started_at)]


def _code(script: ManagedScript, good: ScriptStart) -> list[Change]:
    if good.code_id == script.code_id or script.code is None:
        return []
    was = f"version {good.code.number}, {good.code.name}" if good.code else ""
    return [Change("code", was, f"version {script.code.number}, {script.code.name}", at=script.code.added_at)]


def _packages(was: ScriptEnvironment | None, now: ScriptEnvironment | None) -> list[Change]:
    """Line by line what is installed; where that is not known, what was asked for."""
    if was is None or now is None or was.pk == now.pk:
        return []
    if was.packages and now.packages:
        return _differences(_pinned(was.packages), _pinned(now.packages))
    old, new = set(was.requirements.split("\n")), set(now.requirements.split("\n"))
    lines = [Change("requirement", was=line) for line in sorted(old - new) if line.strip()]
    return [*lines, *(Change("requirement", now=line) for line in sorted(new - old) if line.strip())]


def _pinned(packages: str) -> dict[str, str]:
    pairs = (line.partition("==") for line in packages.splitlines() if line.strip())
    return {name.strip(): version.strip() for name, _, version in pairs}


def _differences(was: dict[str, str], now: dict[str, str]) -> list[Change]:
    names = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    found = [Change(name, was.get(name, ""), now.get(name, "")) for name in names[:MOST_PACKAGES]]
    rest = len(names) - MOST_PACKAGES
    return [*found, Change(f"{rest:,} more packages")] if rest > 0 else found


def _settings(script: ManagedScript, since: datetime) -> Iterable[Change]:
    known = AuditEvent.objects.filter(
        organization=script.plugin.organization_id, target_uid=script.plugin.uid, verb__in=_CONFIGURED, at__gt=since
    )
    for event in known.order_by("-id")[:MOST_PACKAGES]:
        fields = ", ".join(event.details.get("fields", [])).replace("_", " ")
        yield Change(fields or "the secret", who=event.actor_name, at=event.at)
