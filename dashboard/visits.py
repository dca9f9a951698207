"""When somebody was here last, kept in their browser's session: what has happened since is what is new to them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.dateparse import parse_datetime

_KEY = "home"
_AWAY = timedelta(minutes=30)
_NOTED_EVERY = timedelta(minutes=5)
_AT_LEAST = timedelta(hours=24)
_AT_MOST = timedelta(days=14)


def note(session: SessionBase, now: datetime | None = None) -> None:
    """They look at the page: a new visit begins when they were away for a while. Written down every few minutes."""
    now = now or timezone.now()
    kept = dict(session.get(_KEY) or {})
    here = _moment(kept.get("here"))
    if here is not None and now - here < _NOTED_EVERY:
        return
    if here is not None and now - here > _AWAY:
        kept["before"] = kept["here"]
    kept["here"] = now.isoformat()
    session[_KEY] = kept


def mark_seen(session: SessionBase) -> None:
    """All that the page shows now is known to them."""
    session[_KEY] = {**(session.get(_KEY) or {}), "seen": timezone.now().isoformat()}


def news_since(session: SessionBase, now: datetime | None = None) -> datetime:
    """Since their last visit, at least a day back and at most a fortnight; not before what they marked as seen."""
    now = now or timezone.now()
    kept = session.get(_KEY) or {}
    before = _moment(kept.get("before")) or now
    since = max(min(before, now - _AT_LEAST), now - _AT_MOST)
    seen = _moment(kept.get("seen"))
    return max(since, seen) if seen else since


def _moment(text: object) -> datetime | None:
    return parse_datetime(text) if isinstance(text, str) else None
