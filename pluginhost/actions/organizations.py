"""Organizations, their members, and the first administrator."""

from __future__ import annotations

from django.db import transaction

from pluginhost.actions import audit
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
    Organization.objects.filter(pk=organization.pk).update(name=_name(name))
    audit.note(by, "organization.renamed", organization=organization, target=organization)


@transaction.atomic
def set_member(organization: Organization, user: User, role: str, *, by: Principal | None = None) -> Member:
    """Make `user` a member with this role, or change it. The last owner stays one."""
    known = Member.objects.filter(organization=organization, user=user).first()
    if known and known.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(organization, user)
    member, _ = Member.objects.update_or_create(organization=organization, user=user, defaults={"role": role})
    audit.note(by, "member.set", organization=organization, target=user, details={"role": role})
    return member


@transaction.atomic
def remove_member(member: Member, *, by: Principal | None = None) -> None:
    if member.role == Role.OWNER:
        _keep_an_owner(member.organization, member.user)
    audit.note(by, "member.removed", organization=member.organization, target=member.user)
    member.delete()


def _keep_an_owner(organization: Organization, leaving: User) -> None:
    if not organization.members.filter(role=Role.OWNER).exclude(user=leaving).exists():
        raise Conflict(f"{organization} would be left without an owner. Make somebody else an owner first.")


def _name(name: str) -> str:
    name = name.replace("\0", "").strip()
    if not 1 <= len(name) <= 120:
        sentence = "Give the organization a name of at most 120 characters."
        raise Invalid(sentence, [{"path": "name", "message": sentence}])
    return name


@transaction.atomic
def create_first_admin(password: str) -> User | None:
    """The user `admin` with an organization of its own, when there is no user at all yet."""
    if User.objects.exists():
        return None
    admin = User.objects.create_superuser("admin", "admin@localhost", password)
    create("My organization", admin)
    return admin
