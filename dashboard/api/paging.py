"""Lists by keyset: a page begins after the last row of the page before, so rows that come meanwhile move nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

from django.db.models import Model, QuerySet
from pydantic import AfterValidator, BaseModel, Field

from pluginhost.errors import Invalid

LARGEST_PAGE = 500
M = TypeVar("M", bound=Model)
Row = TypeVar("Row")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("this holds a NUL character, which no text here has")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]


class Paging(BaseModel):
    """What every list takes."""

    cursor: str | None = Field(default=None, description="The `next` of the page before.")
    limit: int = Field(default=100, ge=1, le=LARGEST_PAGE)


class Page(BaseModel, Generic[Row]):
    """One page of a list; `next` is null on the last one."""

    items: list[Row]
    next: str | None = None
    total: int


def page(rows: QuerySet[M], paging: Paging, show: Callable[[list[M]], list[Row]], *, newest_first: bool) -> Page[Row]:
    """The page that was asked for, in order of making; `show` draws all its rows together."""
    total = rows.order_by().count()
    if paging.cursor is not None:
        (last,) = read_cursor(paging.cursor, 1)
        rows = rows.filter(pk__lt=last) if newest_first else rows.filter(pk__gt=last)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: paging.limit + 1])
    shown = found[: paging.limit]
    following = write_cursor(shown[-1].pk) if len(found) > len(shown) else None
    return Page(items=show(shown), next=following, total=total)


def write_cursor(*place: int) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str, length: int) -> list[int]:
    """The place that `write_cursor` wrote down; Invalid for anything else."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        place = None
    is_place = isinstance(place, list) and len(place) == length and all(_is_key(part) for part in place)
    if is_place and write_cursor(*place) == cursor:
        return place
    raise Invalid(
        "This cursor was not made here. Send the `next` of the page before, or leave it out to begin at the start.",
        [{"path": "cursor", "message": "This cursor was not made here."}],
    )


def _is_key(part: object) -> bool:
    return isinstance(part, int) and not isinstance(part, bool) and 0 <= part < 2**63
