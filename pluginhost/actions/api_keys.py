"""Personal API keys."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from pluginhost import credentials
from pluginhost.actions import audit
from pluginhost.errors import Conflict
from pluginhost.models import ApiKey, User
from pluginhost.principal import Principal
from pluginhost.protocol.text import storable

MOST_KEYS = 200
USE_IS_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create(user: User, name: str) -> str:
    """A new key of `user`, to be shown this once."""
    if ApiKey.objects.filter(user=user, revoked_at=None).count() >= MOST_KEYS:
        raise Conflict(f"You have {MOST_KEYS} keys. Revoke one that is no longer used.")
    key, kept_name = credentials.new_personal_key(), storable(name).strip()[:80] or "key"
    ApiKey.objects.create(user=user, name=kept_name, prefix=key[:8], digest=credentials.digest(key))
    audit.note(Principal(user=user), "api_key.created", details={"name": kept_name})
    return key


@transaction.atomic
def revoke(principal: Principal | None, api_key: ApiKey) -> None:
    """It is no longer good, from the next request on."""
    if not ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    audit.note(principal, "api_key.revoked", details={"name": api_key.name})


def note_use(api_key: ApiKey) -> None:
    """It was used just now; written down once a minute, since programs may call many times a second."""
    now = timezone.now()
    if api_key.last_used_at is None or now - api_key.last_used_at > USE_IS_NOTED_EVERY:
        ApiKey.objects.filter(pk=api_key.pk).update(last_used_at=now)
