"""Who asks: a signed-in user, or the holder of a key."""

from __future__ import annotations

from . import credentials
from .errors import Unauthenticated, UnknownKey
from .models import ApiKey, Session, User
from .prepared import Prepared
from .principal import Principal

_personal_keys = ApiKey.objects.select_related("user").filter(user__is_active=True)
_sessions = Session.objects.select_related("started_by", "scope").defer("scope__numbers_stored")
_personal = Prepared(lambda digest: _personal_keys.filter(digest=digest)[:1], 1)
_of_session = Prepared(lambda digest: _sessions.filter(key_digest=digest)[:1], 1)


def by_user(user: User) -> Principal:
    return Principal(user=user)


def by_key(key: str) -> Principal:
    """The principal of a personal or session key; Unauthenticated says why it is not good."""
    if key.startswith(credentials.SESSION_PREFIX):
        return _by_session_key(key)
    found: ApiKey | None = _personal.first(credentials.digest(key))
    if found is None:
        raise UnknownKey("Invalid API key.")
    if found.revoked_at is not None:
        raise Unauthenticated(
            "This API key was revoked. Make another one under «API keys» in the menu of your account."
        )
    return Principal(user=found.user, api_key=found)


def _by_session_key(key: str) -> Principal:
    found: Session | None = _of_session.first(credentials.digest(key))
    if found is None:
        raise UnknownKey("Invalid API key.")
    if found.state == Session.State.CANCELLING:
        raise Unauthenticated(f"Session #{found.pk} was cancelled; so is its key.")
    if found.is_final and not found.is_revisable:
        raise Unauthenticated(f"Session #{found.pk} has ended ({found.get_state_display().lower()}); so has its key.")
    if not found.started_by.is_active:
        raise Unauthenticated(f"The account that started session #{found.pk} is not active any more.")
    return Principal(user=found.started_by, session=found)
