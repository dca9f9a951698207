"""The audit trail is written by the verbs themselves, in their transaction."""

from __future__ import annotations

from pluginhost.models import AuditEvent, Organization
from pluginhost.principal import Principal


def note(
    principal: Principal | None,
    verb: str,
    *,
    organization: Organization | None = None,
    target: object = "",
    details: dict[str, object] | None = None,
) -> None:
    """Write down that `principal` (None: the server itself) did `verb` to `target`. Never a secret."""
    actor = principal.user if principal else None
    AuditEvent.objects.create(
        organization=organization,
        actor=actor,
        actor_name=actor.username if actor else "Pluginhost",
        verb=verb,
        target=f"{type(target).__name__.lower()} {target}"[:200] if target != "" else "",
        target_uid=getattr(target, "uid", ""),
        details={**(details or {}), **({"by": principal.kind} if principal else {})},
    )
