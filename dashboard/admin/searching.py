"""Searching large tables: what names a row exactly is looked up by its index, and only other words are searched for.

Django would ask for «the number is this, or the id is that, or the name contains it» at once, which reads every row.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

EXACT = "__exact"


def exactly(rows: QuerySet[Any], fields: tuple[str, ...], text: str) -> QuerySet[Any] | None:
    """The rows that the text names by the first of these fields that fits; None when it names none."""
    for field in fields:
        value = _value(field, text)
        if value is not None and (found := rows.filter(**{field: value})).exists():
            return found
    return None


def _value(field: str, text: str) -> str | int | None:
    """As this field is compared with; None when nothing can be equal to it."""
    if not field.endswith(EXACT) or "\0" in text:
        return None
    if field.removesuffix(EXACT).rpartition("__")[2] != "id":
        return text
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def has_words(fields: tuple[str, ...]) -> bool:
    return any(not field.endswith(EXACT) for field in fields)
