"""Scripts whose heartbeat names no plugin are written down, so that their author finds out."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from pluginhost.ids import is_id
from pluginhost.models import Plugin, UnknownCaller

MOST = 1_000
"""Anybody can make rows here: the oldest go."""


def note(address: str, given_id: str, dialect: str, at: datetime) -> None:
    """One more try. What stands in the place of an id may be anything; it is kept as far as it can be shown."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in given_id[:64])
    facts = {"is_deleted": _was_deleted(given_id), "dialect": dialect, "first_at": at}
    found, is_new = UnknownCaller.objects.get_or_create(address=address, given_id=shown, defaults=facts)
    UnknownCaller.objects.filter(pk=found.pk).update(tries=F("tries") + 1, last_at=at)
    if is_new:
        _forget_the_oldest()


def _was_deleted(given_id: str) -> bool:
    return is_id(given_id) and Plugin.objects.filter(uid=given_id).exclude(deleted_at=None).exists()


def _forget_the_oldest() -> None:
    beyond = list(UnknownCaller.objects.values_list("pk", flat=True)[MOST : MOST + 100])
    UnknownCaller.objects.filter(pk__in=beyond).delete()
