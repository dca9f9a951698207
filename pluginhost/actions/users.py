"""Accounts of people. What they may do follows from their memberships (see `organizations`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from pluginhost.actions import audit
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import User
from pluginhost.principal import Principal

EDITABLE = ("username", "first_name", "last_name", "email", "is_active", "is_superuser")


@transaction.atomic
def create(principal: Principal, fields: Mapping[str, Any], password: str, *, must_change: bool = False) -> User:
    """A new account. `fields` are those of EDITABLE; `is_superuser` makes an administrator of the installation."""
    given = {name: fields[name] for name in EDITABLE if name in fields}
    _check_name(given.get("username"), None)
    user = User(**given, is_staff=bool(given.get("is_superuser")), must_change_password=must_change)
    user.set_password(password)
    user.save()
    audit.note(principal, "user.created", target=user)
    return user


@transaction.atomic
def edit(principal: Principal, user: User, fields: Mapping[str, Any]) -> None:
    """Change what EDITABLE names. Somebody inactive is signed out, and neither keys nor running scripts are let in."""
    changed = {name: fields[name] for name in EDITABLE if name in fields and fields[name] != getattr(user, name)}
    if not changed:
        return
    if "username" in changed:
        _check_name(changed["username"], user)
    if changed.get("is_active", True) is False or changed.get("is_superuser", True) is False:
        _keep_an_administrator(user)
    if "is_superuser" in changed:
        changed["is_staff"] = changed["is_superuser"]
    User.objects.filter(pk=user.pk).update(**changed)
    audit.note(principal, "user.edited", target=user, details={"fields": sorted(changed)})


@transaction.atomic
def set_password(principal: Principal, user: User, password: str) -> None:
    """From now on; wherever they are signed in they must sign in again."""
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.note(principal, "user.password_set", target=user)


@transaction.atomic
def change_own_password(user: User, password: str) -> None:
    """By the user, who knows it alone from now on."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    audit.note(Principal(user=user), "user.password_changed", target=user)


def _check_name(username: object, user: User | None) -> None:
    if not isinstance(username, str) or not username.strip():
        raise _bad("username", "Give the user a name to sign in with.")
    others = User.objects.exclude(pk=user.pk) if user else User.objects.all()
    if others.filter(username__iexact=username).exists():
        raise _bad("username", "Somebody else has this name.")


def _keep_an_administrator(leaving: User) -> None:
    others = User.objects.filter(is_active=True, is_superuser=True).exclude(pk=leaving.pk)
    if leaving.is_superuser and leaving.is_active and not others.exists():
        raise Conflict("Nobody would be left to administer Pluginhost. Make somebody else an administrator first.")


def _bad(path: str, message: str) -> Invalid:
    return Invalid(message, [{"path": path, "message": message}])
