"""What the pages of one's account say with."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from django import template

from pluginhost.models import Notification

register = template.Library()


class SafeLink(NamedTuple):
    """Where a notification leads: to a page of ours, or out by http or https; else nowhere."""

    address: str = ""
    host: str = ""
    is_ours: bool = False


@register.filter
def safe_link(notification: Notification) -> SafeLink:
    return link_of(notification.link)


def link_of(address: str) -> SafeLink:
    """`//elsewhere`, `/\\elsewhere` and other schemes are no links."""
    if address.startswith("/") and not address.startswith(("//", "/\\")):
        return SafeLink(address, "", is_ours=True)
    try:
        parts = urlsplit(address)
    except ValueError:
        return SafeLink()
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return SafeLink()
    return SafeLink(address, parts.hostname)
