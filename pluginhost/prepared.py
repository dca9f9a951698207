"""Queries that are asked again and again: their SQL is made once, and each asking only fills in the values.

To make the SQL for a page of assets takes Django several times as long as the database takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators

_MARK = 1_900_000_000
"""From here on numbers stand for the values while the SQL is made; no condition of ours has such a number itself."""


class Prepared:
    """Rows or objects of `queryset(value, …)`, whose conditions are these whole numbers or texts, and constants."""

    def __init__(self, queryset: Callable[..., QuerySet[Any, Any]], values: int) -> None:
        self._queryset, self._values = queryset, values
        self._made: dict[str, _Made] = {}

    def rows(self, *values: int | str) -> list[tuple[Any, ...]]:
        """Of a `values_list`."""
        return self._here().rows(values)

    def value(self, *values: int | str) -> Any:
        """The first column of the first row of a `values_list`, or None."""
        return next((row[0] for row in self.rows(*values)), None)

    def objects(self, *values: int | str) -> list[Any]:
        """Of a queryset of models, with what it selects of others."""
        return list(self._here().objects(values))

    def first(self, *values: int | str) -> Any:
        """The first of the objects, or None."""
        return next(self._here().objects(values), None)

    def _here(self) -> _Made:
        found = self._made.get(connection.vendor)
        if found is None:
            marks = range(_MARK, _MARK + self._values)
            found = self._made[connection.vendor] = _Made(self._queryset(*marks), marks)
        return found


def listed(values: Iterable[int | str]) -> str:
    """Any number of values as the one value that `members_of` takes."""
    return msgspec.json.encode(list(values)).decode()


def members_of(mark: int, kind: Literal["text", "bigint"]) -> RawSQL:
    """For `column__in`: the members of a list that is one value of the query, however many they are."""
    return RawSQL(_MEMBERS[connection.vendor, kind], [mark])  # noqa: S611  # one of ours


_MEMBERS = {
    ("sqlite", "text"): "SELECT value FROM json_each(%s)",
    ("sqlite", "bigint"): "SELECT value FROM json_each(%s)",
    ("postgresql", "text"): "SELECT value FROM jsonb_array_elements_text(%s::jsonb)",
    ("postgresql", "bigint"): "SELECT value::bigint FROM jsonb_array_elements_text(%s::jsonb)",
}


class _Made:
    """A query as one kind of database wants it."""

    def __init__(self, queryset: QuerySet[Any, Any], marks: range) -> None:
        self._compiler: Any = queryset.query.get_compiler(connection=connection)
        sql, marked = self._compiler.as_sql()
        places = {mark: place for place, mark in enumerate(marks)} | {str(mark): mark - _MARK for mark in marks}
        self._sql, rest = _with_literals(sql, marked, places)
        self._parameters = [(places.get(parameter), parameter) for parameter in rest]
        self._converters = self._compiler.get_converters([column for column, *_ in self._compiler.select])
        if queryset.query.default_cols:  # models, no `values_list`
            self._prepare_objects()

    def rows(self, values: tuple[int | str, ...]) -> list[tuple[Any, ...]]:
        filled = [constant if place is None else values[place] for place, constant in self._parameters]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, filled)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        if self._converters:
            return [tuple(row) for row in self._compiler.apply_converters(found, self._converters)]
        return found

    def _prepare_objects(self) -> None:
        """As Django's own ModelIterable does for each query anew."""
        about, select = self._compiler.klass_info, self._compiler.select
        self._model = about["model"]
        self._own = slice(about["select_fields"][0], about["select_fields"][-1] + 1)
        self._names = [column.target.attname for column, *_ in select[self._own]]
        self._populators = get_related_populators(about, select, connection.alias)  # type: ignore[call-arg]  # newer stubs
        self._annotations = (self._compiler.annotation_col_map or {}).items()

    def objects(self, values: tuple[int | str, ...]) -> Iterator[Any]:
        for row in self.rows(values):
            found = self._model.from_db(connection.alias, self._names, row[self._own])
            for populator in self._populators:
                populator.populate(row, found)
            for name, column in self._annotations:
                setattr(found, name, row[column])
            yield found


def _with_literals(sql: str, marked: Sequence[Any], places: Container[Any]) -> tuple[str, list[Any]]:
    """The SQL with our own constants in it, and the parameters that are left.

    SQLite takes no partial index, like that of queued sessions, for a state that it is told only later.
    """
    parts, rest = sql.split("%s"), []
    whole = parts[0]
    for parameter, part in zip(marked, parts[1:], strict=True):
        if isinstance(parameter, str) and parameter not in places and "%" not in parameter:
            whole += "'" + str(parameter).replace("'", "''") + "'" + part
        else:
            rest.append(parameter)
            whole += "%s" + part
    return whole, rest
