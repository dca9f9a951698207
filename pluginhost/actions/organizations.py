"""Organizations, their members, and the first administrator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from pluginhost import credentials, nudge
from pluginhost.actions import audit, users
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Member, Organization, Role, User
from pluginhost.principal import Principal


@transaction.atomic
def create(name: str, owner: User, *, by: Principal | None = None) -> Organization:
    organization = Organization.objects.create(name=_name(name))
    Member.objects.create(organization=organization, user=owner, role=Role.OWNER)
    audit.note(by, "organization.created", organization=organization, target=organization)
    return organization


@transaction.atomic
def rename(organization: Organization, name: str, *, by: Principal | None = None) -> None:
    fresh = _name(name)
    if fresh == organization.name:
        return
    Organization.objects.filter(pk=organization.pk).update(name=fresh)
    details: dict[str, object] = {"name": fresh}
    audit.note(by, "organization.renamed", organization=organization, target=organization, details=details)


@transaction.atomic
def set_member(organization: Organization, user: User, role: str, *, by: Principal | None = None) -> Member:
    """Make `user` a member with this role, or change it. The last owner stays one."""
    if role not in Role.values:
        raise _bad("role", "Choose owner, manager, runner or viewer.")
    known = Member.objects.filter(organization=organization, user=user).first()
    if known and known.role == role:
        return known
    if known and known.role == Role.OWNER:
        _keep_an_owner(organization, user)
    member, _ = Member.objects.update_or_create(organization=organization, user=user, defaults={"role": role})
    details: dict[str, object] = {"role": role, "was": known.role} if known else {"role": role}
    audit.note(by, "member.set", organization=organization, target=user, details=details)
    nudge.user(user.pk)
    return member


@transaction.atomic
def add_member(principal: Principal, organization: Organization, name_or_email: str, role: str) -> Member:
    """Let an account that exists in; it is found by its name or its e-mail address."""
    user = _account(name_or_email.replace("\0", "").strip())
    if Member.objects.filter(organization=organization, user=user).exists():
        raise _bad("account", f"{user.shown_name} is a member already. Change the role in the list.")
    return set_member(organization, user, role, by=principal)


@transaction.atomic
def add_new_account(
    principal: Principal, organization: Organization, fields: Mapping[str, Any], role: str
) -> tuple[User, str]:
    """A new account that is a member, and its one-time password: it has to be changed at the first sign-in."""
    password = credentials.new_password()
    user = users.create(principal, fields, password, must_change=True)
    set_member(organization, user, role, by=principal)
    return user, password


@transaction.atomic
def remove_member(member: Member, *, by: Principal | None = None) -> None:
    if member.role == Role.OWNER:
        _keep_an_owner(member.organization, member.user)
    audit.note(
        by, "member.removed", organization=member.organization, target=member.user, details={"role": member.role}
    )
    member.delete()
    nudge.user(member.user_id)


def _account(name_or_email: str) -> User:
    """Active accounts only. An address that two accounts share names nobody."""
    who = Q(username__iexact=name_or_email) | Q(email__iexact=name_or_email)
    found = list(User.objects.filter(who, is_active=True)[:2]) if name_or_email else []
    if not found:
        raise _bad("account", "No account has this name or e-mail address. Make a new one below.")
    exact = [user for user in found if user.username.lower() == name_or_email.lower()]
    if len(found) > 1 and len(exact) != 1:
        raise _bad("account", "Several accounts have this e-mail address. Give the account's name.")
    return exact[0] if exact else found[0]


def _keep_an_owner(organization: Organization, leaving: User) -> None:
    """The owners' rows are locked: of two who leave at once, the second one waits and then stays."""
    owners = organization.members.filter(role=Role.OWNER).select_for_update().order_by("pk")
    if not set(owners.values_list("user", flat=True)) - {leaving.pk}:
        raise Conflict(f"{organization} would be left without an owner. Make somebody else an owner first.")


def _bad(path: str, message: str) -> Invalid:
    return Invalid(message, [{"path": path, "message": message}])


def _name(name: str) -> str:
    name = name.replace("\0", "").strip()
    if not 1 <= len(name) <= 120:
        raise _bad("name", "Give the organization a name of at most 120 characters.")
    return name


@transaction.atomic
def create_first_admin(password: str) -> User | None:
    """The user `admin` with an organization of its own, when there is no user at all yet."""
    if User.objects.exists():
        return None
    admin = User.objects.create_superuser("admin", "admin@localhost", password)
    create("My organization", admin)
    return admin
