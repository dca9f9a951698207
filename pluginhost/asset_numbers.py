"""The numbers of the assets that a query finds: a million of them in a few thousand rows."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, F, QuerySet, Sum, Value
from django.db.models.functions import Cast

from .protocol.numbers import NumberSet

_BYTES = 7
_BITS = 8 * _BYTES
"""Of one row: a database's whole numbers have 63 bits."""


def numbers_of(rows: QuerySet[Any, Any], path: str = "number") -> NumberSet:
    """The set of what `path` leads to from the rows, added up to bitmaps by the database; it may come twice there."""
    bit = Cast(Value(1), BigIntegerField()).bitleftshift(F(path) % _BITS)  # type: ignore[arg-type]  # the stubs know of numbers alone
    words = rows.order_by().values(word=F(path) / _BITS).annotate(bits=Sum(bit, distinct=True))
    return NumberSet.of_words(((word, int(bits)) for word, bits in words.values_list("word", "bits")), _BYTES)
