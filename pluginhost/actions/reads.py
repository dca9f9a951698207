"""What a session read with its key, so that «read, and nothing sent» can be told from «never read»."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce, Greatest

from pluginhost import nudge
from pluginhost.models import Session, SessionReads
from pluginhost.protocol.numbers import NumberSet


def note_read(session: Session, numbers: Iterable[int], page_size: int | None = None) -> None:
    """Write down that these assets were read, and the size of the page that was asked for."""
    fresh = NumberSet.of(numbers)
    with transaction.atomic():
        rows = SessionReads.objects.select_for_update().filter(session=session)
        stored = rows.values_list("numbers_stored", flat=True).first()
        if stored is None:
            return
        known = NumberSet.from_bytes(bytes(stored))
        merged = known | fresh
        news: dict[str, Any] = {}
        if merged != known:
            rows.update(numbers_stored=merged.to_bytes())
            news["assets_read"] = len(merged)
        if page_size is not None and page_size > (session.page_size or 0):
            news["page_size"] = Greatest(Coalesce("page_size", 0), page_size)
        if news:
            Session.objects.filter(pk=session.pk).update(**news)
        if merged != known:
            nudge.session(session.pk)
