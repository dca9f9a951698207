"""The members of an organization as clients name them: by e-mail address, by name, or by id. Only reads."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from .errors import Invalid
from .models import User


def named(organization_id: int, words: Iterable[str]) -> dict[str, User]:
    """The active member that each of the words names; words that name nobody, or two people, are left out."""
    wanted = {word: word.strip().lower() for word in words}
    found: dict[str, list[User]] = {}
    members = User.objects.filter(memberships__organization=organization_id, is_active=True)
    for user in members.filter(pk__in=accounts(wanted.values())):
        for name in {user.email.lower(), user.username.lower(), user.uid}:
            found.setdefault(name, []).append(user)
    return {word: found[name][0] for word, name in wanted.items() if name and len(found.get(name, ())) == 1}


def member(organization_id: int, word: object, path: str) -> User:
    """The member that the word names; Invalid when it names none."""
    found = named(organization_id, [word]) if isinstance(word, str) else {}
    if not isinstance(word, str) or word not in found:
        message = f"No member of the organization has the e-mail address, name or id «{str(word)[:100]}»."
        raise Invalid(f"{path}: {message}", [{"path": path, "message": message}])
    return found[word]


def accounts(words: Iterable[str]) -> list[int]:
    """The keys of all accounts that the words name, members or not (any more)."""
    names = sorted({word.strip().lower() for word in words} - {""})
    lowered = User.objects.annotate(address=Lower("email"), name=Lower("username"))
    found = lowered.filter(Q(uid__in=names) | Q(address__in=names) | Q(name__in=names))
    return list(found.values_list("pk", flat=True)) if names else []


def shown(user: User | None) -> str | None:
    """How a user stands on the wire: by the e-mail address, or by name where there is none."""
    return (user.email or user.username) if user else None


def shown_at(path: str) -> Coalesce:
    """The same as a column, for the user to whom `path` leads."""
    return Coalesce(NullIf(f"{path}__email", Value("")), f"{path}__username")
