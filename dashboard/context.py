"""What every page shows: where it is, what runs, which version this is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest

from pluginhost.models import Notification, Session, User
from pluginhost.prepared import Prepared

_PLACES = {
    "": "home",
    "projects": "projects",
    "imports": "projects",
    "plugins": "plugins",
    "sessions": "sessions",
    "notifications": "notifications",
}
_MOST_UNREAD = 100
_UNREAD = Prepared(
    lambda user: Notification.objects.filter(user=user, read_at=None).order_by().values_list("pk")[:_MOST_UNREAD], 1
)
_HELD = Prepared(lambda user: Session.objects.held().for_user(user).order_by().values_list("pk"), 1)


def shell(request: HttpRequest) -> dict[str, Any]:
    """For templates/base.html. The count is asked for only by a page that shows it."""
    first = request.path.strip("/").partition("/")[0]
    return {
        "place": _PLACES.get(first, ""),
        "own_version": settings.VERSION,
        "running_count": lambda: _running_count(request),
        "unread_count": lambda: _unread_count(request),
        # A page that fetches itself would use up what is meant for the next page that somebody opens.
        "shown_messages": [] if "X-Live" in request.headers else lambda: get_messages(request),
    }


def _unread_count(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return 0
    return len(_UNREAD.rows(user.pk))


def _running_count(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    return len(_HELD.rows(user.pk)) if isinstance(user, User) else 0
