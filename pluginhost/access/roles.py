"""Roles, and what every door asks first."""

from __future__ import annotations

from pluginhost.errors import Forbidden, NotFound
from pluginhost.models import Member, Role, User
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal

VIEWER, RUNNER, MANAGER, OWNER = (str(role) for role in (Role.VIEWER, Role.RUNNER, Role.MANAGER, Role.OWNER))

_role = Prepared(
    lambda user, organization: Member.objects.filter(user=user, organization=organization).values_list("role"), 2
)


def role_in(user: User, organization_id: int) -> str | None:
    found = _role.value(user.pk, organization_id)
    return str(found) if found else None


def require(principal: Principal, organization_id: int, need: str, what: str) -> None:
    """NotFound for strangers, Forbidden below `need`."""
    require_role(role_in(principal.user, organization_id), need, what)


def require_role(role: str | None, need: str, what: str) -> None:
    if role is None:
        raise NotFound(f"There is no such {what}.")
    if role not in Role.at_least(need):
        raise Forbidden(f"This takes the role {need} in the organization; yours is {role}.")


def may(principal: Principal, organization_id: int, need: str) -> bool:
    """Whether to offer something at all; the door itself still asks."""
    return principal.session is None and role_in(principal.user, organization_id) in Role.at_least(need)


def no_session_key(principal: Principal, what: str) -> None:
    if principal.session is not None:
        raise Forbidden(f"A session's key cannot {what}; use a personal API key.")
