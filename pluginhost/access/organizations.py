"""Organizations, their members and plugins, and what is one's own."""

from __future__ import annotations

from django.db.models import QuerySet

from pluginhost.errors import Forbidden, NotFound
from pluginhost.ids import is_id
from pluginhost.models import ApiKey, Member, Notification, Organization, Plugin, Role
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal

from .roles import MANAGER, OWNER, VIEWER, no_session_key, require, role_in


def organizations(principal: Principal, need: str = VIEWER) -> QuerySet[Organization]:
    no_session_key(principal, "see organizations")
    members = Member.objects.filter(user=principal.user, role__in=Role.at_least(need))
    return Organization.objects.filter(pk__in=members.values("organization"))


def organization(principal: Principal, uid: str, need: str = VIEWER) -> Organization:
    no_session_key(principal, "see organizations")
    found = Organization.objects.filter(uid=uid).first() if is_id(uid) else None
    if found is None:
        raise NotFound("There is no such organization.")
    require(principal, found.pk, need, "organization")
    return found


def member(principal: Principal, found: Organization, user_uid: str) -> Member:
    """Who is a member of an organization that the principal was let into."""
    known = Member.objects.select_related("user", "organization").filter(organization=found)
    row = known.filter(user__uid=user_uid).first() if is_id(user_uid) else None
    if row is None:
        raise NotFound("There is no such member.")
    return row


# --- what is one's own ---


def api_keys(principal: Principal) -> QuerySet[ApiKey]:
    no_session_key(principal, "see API keys")
    return ApiKey.objects.filter(user=principal.user)


def api_key(principal: Principal, number: int) -> ApiKey:
    found = api_keys(principal).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such API key.")
    return found


def notifications(principal: Principal) -> QuerySet[Notification]:
    no_session_key(principal, "see notifications")
    return Notification.objects.filter(user=principal.user)


# --- plugins ---


def plugins(principal: Principal) -> QuerySet[Plugin]:
    no_session_key(principal, "see plugins")
    return Plugin.objects.for_user(principal.user)


_plugin = Prepared(lambda uid: Plugin.objects.present().select_related("organization", "owner").filter(uid=uid)[:1], 1)


def plugin(principal: Principal, uid: str, need: str = VIEWER) -> Plugin:
    no_session_key(principal, "see plugins")
    found: Plugin | None = _plugin.first(uid) if is_id(uid) else None
    if found is None:
        raise NotFound("There is no such plugin.")
    require(principal, found.organization_id, need, "plugin")
    return found


def owned_plugin(principal: Principal, uid: str) -> Plugin:
    """For what only a plugin's owners may: its secret, its settings, its end."""
    found = plugin(principal, uid)
    if not owns(principal, found):
        raise Forbidden("Only the plugin's owner and the organization's owners may do this.")
    return found


def owns(principal: Principal, found: Plugin) -> bool:
    role = role_in(principal.user, found.organization_id)
    return role == OWNER or (found.owner_id == principal.user.pk and role in Role.at_least(MANAGER))
