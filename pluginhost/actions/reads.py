"""What a session read with its key, so that «read, and nothing sent» can be told from «never read»."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Coalesce, Greatest

from pluginhost import nudge
from pluginhost.models import Session, SessionReads
from pluginhost.protocol.numbers import NumberSet


def note_read(session: Session, numbers: Iterable[int], page_size: int | None = None) -> None:
    """Write down that these assets were read, and the size of the page that was asked for."""
    fresh = NumberSet.of(numbers)
    with transaction.atomic():
        reads = SessionReads.objects.select_for_update().filter(session=session).first()
        if reads is None:
            return
        known = NumberSet.from_bytes(bytes(reads.numbers_stored))
        merged = known | fresh
        if merged != known:
            SessionReads.objects.filter(pk=reads.pk).update(numbers_stored=merged.to_bytes())
            Session.objects.filter(pk=session.pk).update(assets_read=len(merged))
            nudge.session(session.pk)
        if page_size is not None and page_size > (session.page_size or 0):
            largest = Greatest(Coalesce("page_size", 0), page_size)
            Session.objects.filter(pk=session.pk).update(page_size=largest)
