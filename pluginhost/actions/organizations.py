"""Organizations, their members, and the first administrator."""

from __future__ import annotations

from django.db import transaction

from pluginhost.actions import audit
from pluginhost.errors import Conflict
from pluginhost.models import Member, Organization, Role, User


@transaction.atomic
def create(name: str, owner: User) -> Organization:
    organization = Organization.objects.create(name=name)
    Member.objects.create(organization=organization, user=owner, role=Role.OWNER)
    audit.note(None, "organization.created", organization=organization, target=organization)
    return organization


@transaction.atomic
def set_member(organization: Organization, user: User, role: str) -> Member:
    """Make `user` a member with this role, or change it. The last owner stays one."""
    known = Member.objects.filter(organization=organization, user=user).first()
    if known and known.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(organization, user)
    member, _ = Member.objects.update_or_create(organization=organization, user=user, defaults={"role": role})
    audit.note(None, "member.set", organization=organization, target=user, details={"role": role})
    return member


@transaction.atomic
def remove_member(member: Member) -> None:
    if member.role == Role.OWNER:
        _keep_an_owner(member.organization, member.user)
    audit.note(None, "member.removed", organization=member.organization, target=member.user)
    member.delete()


def _keep_an_owner(organization: Organization, leaving: User) -> None:
    if not organization.members.filter(role=Role.OWNER).exclude(user=leaving).exists():
        raise Conflict(f"{organization} would be left without an owner. Make somebody else an owner first.")


@transaction.atomic
def create_first_admin(password: str) -> User | None:
    """The user `admin` with an organization of its own, when there is no user at all yet."""
    if User.objects.exists():
        return None
    admin = User.objects.create_superuser("admin", "admin@localhost", password)
    create("My organization", admin)
    return admin
