"""Pages of tasks in the order that is asked for, with exact totals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from django.db.models import Q, QuerySet

from pluginhost import access
from pluginhost.actions import reads
from pluginhost.asset_numbers import numbers_of
from pluginhost.models import Asset, Project, Session, Task
from pluginhost.protocol.numbers import NumberSet

from .door import Call
from .pages import Page, cut, page_of
from .patterns import Pattern
from .query import Query, refused
from .task_filters import Asked

_LOOKED_AT_ONCE = 5_000
_FEW = 1_000
_COLUMNS = {
    "updatedAt": "updated_at",
    "priority": "priority",
    "externalId": "asset__external_id",
    "status": "status",
    "stage": "stage",
    "reviewStatus": "review_status",
    "assignee": "assignee__email",
}
_AS_MADE = ("createdAt", "_id")
"""Tasks are made in the order of their assets' numbers, and no two at once: what follows such a key changes nothing."""


def tasks_of(call: Call, project: Project, asked: Asked) -> Page:
    """The page that the query asks for, by the numbers of the tasks' assets. What a session's key reads is written
    down."""
    order = order_of(call.query)
    if not asked.is_on and order in (["pk"], ["-pk"]):
        newest_first = order == ["-pk"]
        everything = access.assets(call.principal, project)
        return page_of(call, project, everything, is_filtered=False, newest_first=newest_first)
    fitting = _fitting(project, asked.patterns) if asked.patterns else None
    if fitting is not None and len(fitting) <= _FEW:
        asked.assets, fitting = asked.assets & Q(asset__in=fitting), None
    chosen = asked.tasks(project)
    if any(name.endswith("asset__external_id") for name in order):
        chosen = chosen.filter(asset__project=project)  # the index of external ids begins with the project
    page = _page(call, project, asked, chosen, order, fitting)
    if call.session is not None:
        reads.note_read(call.session, page.numbers, call.query.limit)
    return page


def _page(
    call: Call, project: Project, asked: Asked, chosen: QuerySet[Task], order: list[str], fitting: set[int] | None
) -> Page:
    skip, limit = call.query.skip, call.query.limit
    scope = _narrower(call.session, project)
    if fitting is not None:
        pks, total = _one_by_one(chosen.order_by(*order), fitting, scope, skip, limit)
    elif scope is not None:
        inside = numbers_of(chosen, "asset__number") & scope
        if len(order) == 1:
            return cut(inside, skip, limit, newest_first=order == ["-pk"])
        pks, total = _first_inside(chosen.order_by(*order), inside, skip + limit)[skip:], len(inside)
    else:
        pks = list(chosen.order_by(*order).values_list("pk", flat=True)[skip : skip + limit])
        total = chosen.order_by().count() if asked.is_on else project.head.assets
    known = dict(Task.objects.filter(pk__in=pks).values_list("pk", "asset__number"))
    return Page([known[pk] for pk in pks if pk in known], total)


def _narrower(session: Session | None, project: Project) -> NumberSet | None:
    """A session's scope, unless it is all that there is."""
    if session is None or not len(project.head.numbers - session.scope.numbers):
        return None
    return session.scope.numbers


def order_of(query: Query) -> list[str]:
    """The columns to sort by, a `-` before those that fall; ties are broken in the direction of the last one."""
    order: list[str] = []
    sign = ""
    for word in (word.strip() for word in (query.text("sort") or "").split(",")):
        sign, name = ("-", word[1:]) if word.startswith("-") else ("", word.removeprefix("+"))
        if name in _AS_MADE or not name:
            break
        if name not in _COLUMNS:
            raise refused("sort", f"«{name[:40]}» is not known; {', '.join(('createdAt', *_COLUMNS))} are.")
        order.append(f"{sign}{_COLUMNS[name]}")
    return [*order, f"{sign}pk"]


def _fitting(project: Project, patterns: Sequence[Pattern]) -> set[int]:
    """The assets whose external ids match all patterns; the index of external ids is all that is read for it."""
    assets = Asset.objects.filter(project=project)
    for pattern in patterns:
        assets = assets.filter(external_id__contains=pattern.literal) if pattern.literal else assets
    rows = assets.order_by().values_list("pk", "external_id").iterator(chunk_size=_LOOKED_AT_ONCE)
    return {pk for pk, external_id in rows if all(pattern.matches(external_id) for pattern in patterns)}


def _one_by_one(
    ordered: QuerySet[Task], fitting: set[int], scope: NumberSet | None, skip: int, limit: int
) -> tuple[list[int], int]:
    """What the database cannot tell: a great many assets that match a pattern."""
    rows = ordered.values_list("pk", "asset_id", "asset__number").iterator(chunk_size=_LOOKED_AT_ONCE)
    found = [pk for pk, asset, number in rows if asset in fitting and (scope is None or number in scope)]
    return found[skip : skip + limit], len(found)


def _first_inside(ordered: QuerySet[Task], inside: NumberSet, count: int) -> list[int]:
    """So many of those inside, in an order that numbers do not have; none is read after the last of them."""
    rows = ordered.values_list("pk", "asset__number").iterator(chunk_size=_LOOKED_AT_ONCE)
    return list(islice((pk for pk, number in rows if number in inside), min(count, len(inside))))
