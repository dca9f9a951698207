"""What a session read with its key, so that «read, and nothing sent» can be told from «never read»."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce, Greatest

from pluginhost import nudge
from pluginhost.models import Session, SessionReads
from pluginhost.prepared import Prepared
from pluginhost.protocol.numbers import NumberSet

_known = Prepared(
    lambda session_id: (
        SessionReads.objects.select_for_update().filter(session=session_id).values_list("numbers_stored")
    ),
    1,
)


def note_read(session: Session, numbers: Collection[int], page_size: int | None = None) -> None:
    """Write down that these assets were read, and the size of the page that was asked for."""
    with transaction.atomic():
        rows = _known.rows(session.pk)
        if not rows:
            return
        known = NumberSet.from_bytes(bytes(rows[0][0]))
        is_new = any(number not in known for number in numbers)
        news: dict[str, Any] = {}
        if is_new:
            merged = known | NumberSet.of(numbers)
            SessionReads.objects.filter(session=session).update(numbers_stored=merged.to_bytes())
            news["assets_read"] = len(merged)
        if page_size is not None and page_size > (session.page_size or 0):
            news["page_size"] = Greatest(Coalesce("page_size", 0), page_size)
        if news:
            Session.objects.filter(pk=session.pk).update(**news)
        if is_new:
            nudge.session(session.pk)
