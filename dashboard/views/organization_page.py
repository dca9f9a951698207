"""What stands above every tab of an organization: its name, its tabs, and what one may do here."""

from __future__ import annotations

from typing import Any

from pluginhost import access
from pluginhost.models import Organization, Role
from pluginhost.principal import Principal


def frame(principal: Principal, organization: Organization, tab: str) -> dict[str, Any]:
    """The context of templates/organizations/_page.html."""
    role = access.role_in(principal.user, organization.pk)
    return {
        "organization": organization,
        "tab": tab,
        "role": role,
        "role_word": Role(role).label.lower() if role else "",
        "may_own": role == access.OWNER,
        "may_manage": role in Role.at_least(access.MANAGER),
        "members_count": organization.members.count(),
        "has_others": access.organizations(principal).exclude(pk=organization.pk).exists(),
    }


def may_make(principal: Principal) -> bool:
    """A new organization is made by those who own one already, and by administrators."""
    return principal.user.is_superuser or access.organizations(principal, access.OWNER).exists()
