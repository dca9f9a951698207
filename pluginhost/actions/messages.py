"""Messages from one member of an organization to others: they stand under the bell, as from who sent them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.db import transaction

from pluginhost import nudge, people
from pluginhost.actions import audit
from pluginhost.errors import Invalid
from pluginhost.models import Notification, Organization, User
from pluginhost.principal import Principal
from pluginhost.protocol.storable import clean_text

MOST_RECEIVERS = 100
LONGEST = {"message": 1_000, "title": 200, "clickableLink": 2_048}


@transaction.atomic
def send(
    principal: Principal,
    organization: Organization,
    receivers: object,
    message: object,
    *,
    title: object = None,
    link: object = None,
) -> int:
    """Notify these members, each once; Invalid, and nobody, when one of them is none. How many they are."""
    users = _members(organization, receivers)
    text = _text(message, "message")
    if not text:
        raise _bad("message", "Say something.")
    _put(principal, organization, users, text, _text(title, "title"), _link(link))
    details: dict[str, object] = {"receivers": len(users)}
    audit.note(principal, "notification.sent", organization=organization, target=organization, details=details)
    return len(users)


def tell_mentioned(
    principal: Principal, organization: Organization, words: Iterable[str], title: str, text: str
) -> None:
    """Tell those members whom a text mentions; who mentions himself knows. In the transaction of who calls."""
    users = {user.pk: user for user in people.named(organization.pk, words).values() if user != principal.user}
    _put(principal, organization, list(users.values()), text[: LONGEST["message"]], title[: LONGEST["title"]], "")


def _put(
    principal: Principal, organization: Organization, users: list[User], message: str, title: str, link: str
) -> None:
    Notification.objects.bulk_create(
        Notification(
            user=user, organization=organization, sender=principal.user, title=title, message=message, link=link
        )
        for user in users
    )
    for user in users:
        nudge.user(user.pk)


def _members(organization: Organization, receivers: object) -> list[User]:
    if not isinstance(receivers, list) or not all(isinstance(word, str) for word in receivers):
        raise _bad("receivers", "This must be a list of e-mail addresses.")
    if not 1 <= len(receivers) <= MOST_RECEIVERS:
        raise _bad("receivers", f"Give 1 to {MOST_RECEIVERS} e-mail addresses.")
    found = people.named(organization.pk, receivers)
    strangers = [word for word in receivers if word not in found]
    if strangers:
        message = (
            f"Not a member of {organization}: {', '.join(word[:100] for word in strangers[:10])}. Nothing was sent."
        )
        raise Invalid(f"receivers: {message}", [{"path": "receivers", "message": message}])
    return list({user.pk: user for user in found.values()}.values())


def _text(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _bad(name, "This must be text.")
    text = clean_text(value).strip()
    if len(text) > LONGEST[name]:
        raise _bad(name, f"This is longer than {LONGEST[name]:,} characters.")
    return text


def _link(value: object) -> str:
    link = _text(value, "clickableLink")
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, link))
    except ValueError:
        is_good = False
    if not is_good:
        raise _bad("clickableLink", "This must be a whole address that begins with http:// or https://.")
    return link


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
