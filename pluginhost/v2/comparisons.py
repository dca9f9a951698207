"""Numbers and moments in a filter, compared by `$eq $ne $in $nin $gt $gte $lt $lte $exists`."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from .query import boolean, refused

OPERATORS = ("$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists")
MOST_VALUES = 1_000
_FARTHEST = 2**31 - 1
_SHOWN = timedelta(milliseconds=1)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def of_number(column: str, operator: str, operand: Any, path: str) -> Q:
    """The condition on a column of whole numbers; the operand may be a fraction."""
    _check(operator, path)
    if operator == "$exists":
        return Q() if boolean(operand, path) else Q(pk__in=[])
    if operator in ("$eq", "$ne", "$in", "$nin"):
        numbers = [number for number in _numbers(operator, operand, path) if number == int(number)]
        condition = Q(**{f"{column}__in": [int(number) for number in numbers]})
        return ~condition if operator in ("$ne", "$nin") else condition
    (number,) = _numbers(operator, operand, path)
    rounded = math.floor(number) if operator in ("$gt", "$lte") else math.ceil(number)
    return Q(**{f"{column}__{operator[1:]}": rounded})


def holds(value: int, operator: str, operand: Any) -> bool:
    """Whether a condition that `of_number` took is true of the value."""
    if operator in ("$in", "$nin"):
        return (value in operand) is (operator == "$in")
    return {
        "$exists": lambda: boolean(operand, operator),
        "$eq": lambda: value == operand,
        "$ne": lambda: value != operand,
        "$gt": lambda: value > operand,
        "$gte": lambda: value >= operand,
        "$lt": lambda: value < operand,
        "$lte": lambda: value <= operand,
    }[operator]()


def of_moment(column: str, operator: str, operand: Any, path: str) -> Q:
    """The condition on a moment. It is shown in milliseconds, and so it is compared in milliseconds."""
    _check(operator, path)
    if operator == "$exists":
        return Q() if boolean(operand, path) else Q(pk__in=[])
    if operator in ("$in", "$nin", "$eq", "$ne"):
        condition = Q(pk__in=[])
        for value in _values(operator, operand, path):
            moment = _moment(value, path)
            condition |= Q(**{f"{column}__gte": moment, f"{column}__lt": moment + _SHOWN})
        return ~condition if operator in ("$ne", "$nin") else condition
    moment = _moment(operand, path)
    after = moment + _SHOWN
    bound = {"$gt": ("gte", after), "$gte": ("gte", moment), "$lt": ("lt", moment), "$lte": ("lt", after)}[operator]
    return Q(**{f"{column}__{bound[0]}": bound[1]})


def _check(operator: str, path: str) -> None:
    if operator not in OPERATORS:
        raise refused(f"{path}.{operator[:40]}", f"Of the operators, {', '.join(OPERATORS)} are understood here.")


def _values(operator: str, operand: Any, path: str) -> list[Any]:
    if operator not in ("$in", "$nin"):
        return [operand]
    if not isinstance(operand, list) or len(operand) > MOST_VALUES:
        raise refused(f"{path}.{operator}", f"This must be a list of at most {MOST_VALUES:,} values.")
    return operand


def _numbers(operator: str, operand: Any, path: str) -> list[float]:
    values = _values(operator, operand, path)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise refused(path, "This must be a number.")
    return [max(min(value, _FARTHEST), -_FARTHEST) for value in values]


def _moment(value: Any, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if moment > _LATEST:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise refused(path, "This must be a moment like 2026-01-31T12:00:00.000Z.") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
