"""Who the key's user is, and where they belong."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel

from pluginhost import access
from pluginhost.errors import Forbidden, Invalid
from pluginhost.models import Member, Organization
from pluginhost.principal import Principal

from .auth import principal_of

router = Router()


class Person(BaseModel):
    id: str
    username: str
    email: str


class Membership(BaseModel):
    id: str
    name: str
    role: str


class Me(BaseModel):
    user: Person
    organizations: list[Membership]


@router.get("/me", response=Me, summary="Whose key this is")
def me(request: HttpRequest) -> Me:
    user = principal_of(request).user
    members = Member.objects.filter(user=user).select_related("organization").order_by("organization__name", "id")
    return Me(
        user=Person(id=user.uid, username=user.username, email=user.email),
        organizations=[
            Membership(id=member.organization.uid, name=member.organization.name, role=member.role)
            for member in members
        ],
    )


def organization_for(principal: Principal, uid: str | None) -> Organization:
    """Where something new is made: as asked, or the only organization in which the user may make it."""
    if uid is not None:
        return access.organization(principal, uid, access.MANAGER)
    possible = list(access.organizations(principal, access.MANAGER)[:2])
    if not possible:
        raise Forbidden("This takes the role manager in an organization; you have it in none. Ask an owner of yours.")
    if len(possible) > 1:
        raise Invalid(
            "You may do this in several organizations. Send the id of one as «organization»; GET /api/v1/me has them.",
            [{"path": "organization", "message": "Which one? Send its id."}],
        )
    return possible[0]
