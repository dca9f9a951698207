"""Queries that are asked again and again: their SQL is made once, and each asking only fills in the values.

To make the SQL for a page of assets takes Django several times as long as the database takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

_MARK = 1_900_000_000
"""From here on numbers stand for the values while the SQL is made; no condition of ours has such a number itself."""


class Prepared:
    """Rows of `queryset(value, …)`: a `values_list` whose conditions are these whole numbers and constants."""

    def __init__(self, queryset: Callable[..., QuerySet[Any, Any]], values: int) -> None:
        self._queryset, self._marks = queryset, range(_MARK, _MARK + values)
        self._made: dict[str, tuple[Any, str, tuple[Any, ...]]] = {}

    def rows(self, *values: int) -> list[tuple[Any, ...]]:
        compiler, sql, marked = self._made.get(connection.vendor) or self._make()
        with connection.cursor() as cursor:
            cursor.execute(sql, [values[mark - _MARK] if mark in self._marks else mark for mark in marked])
            return list(compiler.results_iter([cursor.fetchall()], tuple_expected=True))

    def _make(self) -> tuple[Any, str, tuple[Any, ...]]:
        compiler = self._queryset(*self._marks).query.get_compiler(connection=connection)
        made = (compiler, *compiler.as_sql())
        self._made[connection.vendor] = made
        return made
