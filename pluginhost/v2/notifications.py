"""Notifications to members of an organization (PROTOCOL 2.5)."""

from __future__ import annotations

from typing import Any

from pluginhost import access, people
from pluginhost.actions import messages
from pluginhost.errors import Forbidden
from pluginhost.models import Organization

from .door import Answer, Call


def send(call: Call) -> Answer:
    """POST notifications: with an owner's key. It goes to one organization of his, where all receivers are members."""
    call.refuse_session_key("send notifications")
    body = call.body()
    organization = _organization(call, body)
    count = messages.send(
        call.principal,
        organization,
        body.get("receivers"),
        body.get("message"),
        title=body.get("title"),
        link=body.get("clickableLink"),
    )
    return {"notifications": count, "organization": organization.uid}


def _organization(call: Call, body: dict[str, Any]) -> Organization:
    """The one that was named, or the first in which all receivers are known; the first, if there is none such."""
    asked = body.get("organization")
    if isinstance(asked, str):
        return access.organization(call.principal, asked, need=access.OWNER)
    owned = list(access.organizations(call.principal, need=access.OWNER).order_by("id"))
    if not owned:
        raise Forbidden("Sending notifications takes the role owner in an organization; you have it in none.")
    receivers = body.get("receivers")
    words = [word for word in receivers if isinstance(word, str)] if isinstance(receivers, list) else []
    words = words[: messages.MOST_RECEIVERS]
    fitting = (one for one in owned if words and len(people.named(one.pk, words)) == len(set(words)))
    return next(fitting, owned[0])
