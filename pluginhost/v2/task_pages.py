"""Pages of tasks in the order that is asked for, with exact totals."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from pluginhost import access
from pluginhost.actions import reads
from pluginhost.models import Asset, Project, Task

from .door import Call
from .pages import Page, page_of
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
    order, skip, limit = order_of(call.query), call.query.skip, call.query.limit
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
    if fitting is not None or call.session is not None:
        pks, total = _one_by_one(call, chosen.order_by(*order), fitting)
    else:
        pks = list(chosen.order_by(*order).values_list("pk", flat=True)[skip : skip + limit])
        total = chosen.order_by().count() if asked.is_on else project.head.assets
    known = dict(Task.objects.filter(pk__in=pks).values_list("pk", "asset__number"))
    page = Page([known[pk] for pk in pks if pk in known], total)
    if call.session is not None:
        reads.note_read(call.session, page.numbers, limit)
    return page


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


def _one_by_one(call: Call, ordered: QuerySet[Task], fitting: set[int] | None) -> tuple[list[int], int]:
    """What the database cannot tell: a session's scope, and a great many assets that match a pattern."""
    scope = call.session.scope.numbers if call.session is not None else None
    columns = ("pk", "asset_id", "asset__number") if scope is not None else ("pk", "asset_id")
    rows = ordered.values_list(*columns).iterator(chunk_size=_LOOKED_AT_ONCE)
    found = [
        pk
        for pk, asset, *number in rows
        if (fitting is None or asset in fitting) and (scope is None or number[0] in scope)
    ]
    return found[call.query.skip : call.query.skip + call.query.limit], len(found)
