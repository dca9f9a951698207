"""What happened to a session, in sentences."""

from __future__ import annotations

from pluginhost.models import LogHead, Session, SessionEvent


def tell(session: Session, kind: str, sentence: str) -> None:
    """Write one sentence into the session's timeline, at its place between the log lines."""
    last = LogHead.objects.filter(session=session).values_list("last", flat=True).first() or 0
    SessionEvent.objects.create(session=session, after_line=last, kind=kind, sentence=sentence[:500])
