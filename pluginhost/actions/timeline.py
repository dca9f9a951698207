"""What happened to a session, in sentences."""

from __future__ import annotations

from django.utils import timezone

from pluginhost.actions import bulk
from pluginhost.models import LogHead, Session, SessionEvent
from pluginhost.prepared import Prepared

_last_line = Prepared(lambda session: LogHead.objects.filter(session=session).values_list("last"), 1)
_FIELDS = ("session", "at", "after_line", "kind", "sentence")


def tell(session: Session, kind: str, sentence: str) -> None:
    """Write one sentence into the session's timeline, at its place between the log lines."""
    last = _last_line.value(session.pk) or 0
    bulk.insert(SessionEvent, _FIELDS, [(session.pk, timezone.now(), last, str(kind), sentence[:500])])
