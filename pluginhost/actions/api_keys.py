"""Personal API keys."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from pluginhost import credentials
from pluginhost.actions import audit
from pluginhost.models import ApiKey, User
from pluginhost.principal import Principal

USE_IS_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create(user: User, name: str) -> str:
    """A new key of `user`, to be shown this once."""
    key = credentials.new_personal_key()
    ApiKey.objects.create(user=user, name=name.strip()[:80] or "key", prefix=key[:8], digest=credentials.digest(key))
    audit.note(Principal(user=user), "api_key.created", details={"name": name[:80]})
    return key


@transaction.atomic
def revoke(principal: Principal | None, api_key: ApiKey) -> None:
    """It is no longer good, from the next request on."""
    ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=timezone.now())
    audit.note(principal, "api_key.revoked", details={"name": api_key.name})


def note_use(api_key: ApiKey) -> None:
    """It was used just now; written down once a minute, since programs may call many times a second."""
    now = timezone.now()
    if api_key.last_used_at is None or now - api_key.last_used_at > USE_IS_NOTED_EVERY:
        ApiKey.objects.filter(pk=api_key.pk).update(last_used_at=now)
