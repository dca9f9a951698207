"""What assets show: the live ones among their pre-labels. Only reads; imports are made in `actions.imports`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, F, Q, QuerySet
from django.db.models.functions import Coalesce

from .models import Import, PreLabel
from .models.session import Existing
from .protocol.object_ids import made_id

Content = dict[str, Any]
"""`{"objects": […], "classifications": […], "relations": […]}`, and `brushDataUrl`, `medicalBrushDataUrl` if given."""

LISTS = ("objects", "classifications", "relations")


class _Row(NamedTuple):
    """One pre-label with what its import says of it."""

    asset: int
    text: str
    existing: str
    session: int | None
    plugin: int | None
    user: int | None
    origin: int

    @property
    def giver(self) -> tuple[str, int | None]:
        """Whose earlier ones it replaces: its plugin's, or the user's who imported with a personal key."""
        return ("plugin", self.plugin) if self.plugin is not None else ("user", self.user)


def live(asset_ids: Iterable[int]) -> dict[int, Content]:
    """What each asset shows, for those that show pre-labels. One query, however many assets are asked for."""
    return shown(applied(Q(asset__in=list(asset_ids))).iterator())


def shown(rows: Iterable[tuple[Any, ...]]) -> dict[int, Content]:
    """The same, from the rows of `applied`."""
    return {asset: _joined(of_asset) for asset, of_asset in _counting(rows).items()}


def live_by_import(asset_ids: Iterable[int], session: int | None = None) -> dict[int, list[tuple[int, Content]]]:
    """The same, import by import in the order in which they were applied: (its id, what it gives the asset)."""
    found = _counting(applied(Q(asset__in=list(asset_ids)), session).iterator())
    return {asset: [(row.origin, json.loads(row.text)) for row in rows] for asset, rows in found.items()}


def as_answer(task_uid: str, shown: Content) -> Content:
    """Pre-labels in the words of an answer: objects are its tools, each with an id that stays the same."""
    answer = {name: value for name, value in shown.items() if name != "objects"}
    answer["tools"] = [_tool(task_uid, place, item) for place, item in enumerate(shown.get("objects", ()))]
    return answer


def _tool(task_uid: str, place: int, item: Content) -> Content:
    return {
        "objectId": made_id(task_uid, place, item),
        "classifications": [],
        "lock": False,
        "metadata": {"createdBy": "import"},
    } | item


def _counting(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[_Row]]:
    """The rows of each asset that no later one hides."""
    found: dict[int, list[_Row]] = {}
    for row in map(_Row._make, rows):
        found[row.asset] = _after(found.get(row.asset, []), row)
    return found


def pre_labeled(which: Q, session: int | None = None) -> QuerySet[PreLabel, Any]:
    """The keys of those assets that show pre-labels, among the pre-labels that `which` chooses; some come twice.

    They are those with any row that counts, since what hides others is shown itself.
    """
    return rows_that_count(which, session).order_by().values_list("asset_id")


def applied(which: Q, session: int | None = None) -> QuerySet[PreLabel, Any]:
    """Those rows that count among the pre-labels that `which` chooses, in the order in which they were applied.

    To the script of a `session` its staged results look as if they were applied already, after all others.
    """
    fields = (
        "asset_id",
        "content",
        "origin__existing",
        Coalesce("origin__session_id", "origin__deleted_session", output_field=BigIntegerField()),
        "origin__plugin_id",
        "origin__user_id",
        "origin_id",
    )
    rows = rows_that_count(which, session)
    if session is None:
        return rows.order_by("origin__applied_seq").values_list(*fields)
    return rows.order_by(F("origin__applied_seq").asc(nulls_last=True), "origin_id").values_list(*fields)


def rows_that_count(which: Q, session: int | None = None) -> QuerySet[PreLabel]:
    """Those rows that count among the pre-labels that `which` chooses; of a `session`, what it has staged, too.

    An asset that people have labeled shows their answer and no pre-labels.
    """
    return PreLabel.objects.filter(
        which, counting("origin__", session), is_unchanged=False, asset__task__answer__isnull=True
    )


def counting(origin: str = "", session: int | None = None) -> Q:
    """Of rows that `origin` leads to an import from: that it is applied, or staged by the session that asks."""
    is_applied = Q(**{f"{origin}state": Import.State.APPLIED})
    if session is None:
        return is_applied
    return is_applied | Q(**{f"{origin}state": Import.State.STAGED, f"{origin}session": session})


def _after(shown: list[_Row], new: _Row) -> list[_Row]:
    """What is shown once `new` was applied to what was shown before."""
    own = [row for row in shown if new.session is not None and row.session == new.session]
    if own:  # a session's later result takes the place of its earlier one, whatever it does to those of others
        shown = [row for row in shown if row not in own]
    elif new.existing == Existing.SKIP and shown:
        return shown
    if new.existing == Existing.REPLACE:
        shown = [row for row in shown if row.giver != new.giver]
    return [*shown, new]


def _joined(rows: list[_Row]) -> Content:
    """The contents of the rows as one."""
    whole: Content = {name: [] for name in LISTS}
    for row in rows:
        for name, value in json.loads(row.text).items():
            if name in LISTS:
                whole[name].extend(value)
            else:
                whole[name] = value
    return whole
