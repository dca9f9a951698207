"""What all tables of the administration have in common.

A table is either `ViewOnly`, since editing it would tell a lie, or `acting.Acting`: what is typed goes to a verb.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.db.models import BinaryField, Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html

from dashboard import words
from pluginhost import authentication
from pluginhost.errors import PluginhostError
from pluginhost.principal import Principal

from . import searching

MOST_COUNTED = 10_000
MOST_TOLD = 5
LONGEST_SHOWN = 20_000


def principal_of(request: HttpRequest) -> Principal:
    return authentication.by_user(request.user)  # type: ignore[arg-type]


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than ten thousand rows: what lies beyond is found by searching, not by leafing."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MOST_COUNTED + 1].count())


class Table(ModelAdmin):  # type: ignore[type-arg]
    """A table that stays quick when it is large."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    ordering = ("-pk",)
    hidden: ClassVar[tuple[str, ...]] = ()

    def shown_fields(self) -> list[str]:
        """All columns but bytes and what is hidden; a column with a method `shown_<name>` is drawn by that."""
        columns = [field for field in self.opts.concrete_fields if not isinstance(field, BinaryField)]
        names = [field.name for field in columns if field.name not in self.hidden]
        return [f"shown_{name}" if hasattr(self, f"shown_{name}") else name for name in names]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A number or an id finds its row; other words are searched for, where the table has words."""
        fields = tuple(self.get_search_fields(request))
        text = search_term.strip()
        if not text:
            return queryset, False
        found = searching.exactly(queryset, fields, text)
        if found is not None or not searching.has_words(fields):
            return queryset.none() if found is None else found, False
        return super().get_search_results(request, queryset, search_term)

    def for_each(
        self, request: HttpRequest, rows: QuerySet[Any], verb: Callable[[Principal, Any], object], done: str
    ) -> None:
        """Do `verb` to each row and tell what came of it; one that is refused keeps none of the others."""
        principal, did, refused = principal_of(request), [], []
        for row in rows:
            try:
                verb(principal, row)
                did.append(str(row))
            except PluginhostError as error:
                refused.append(f"{row}: {error.sentence}")
        if did:
            self.message_user(request, f"{done}: {_few(did)}.", messages.SUCCESS)
        for sentence in refused[:MOST_TOLD]:
            self.message_user(request, sentence, messages.ERROR)
        if len(refused) > MOST_TOLD:
            self.message_user(request, f"{len(refused) - MOST_TOLD:,} more were refused.", messages.ERROR)


def _few(names: list[str]) -> str:
    rest = len(names) - MOST_TOLD
    return ", ".join(names[:MOST_TOLD]) + (f" and {rest:,} more" if rest > 0 else "")


@admin.display(description="State", ordering="state")
def state(row: Any) -> str:
    """The word for it, in its colour."""
    return format_html(
        '<span class="state" data-state="{}">{}</span>', words.colour(row.state), words.shown(row.state).word
    )


def shortened(text: str) -> str:
    """A long text's beginning, with a word about the rest."""
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[:LONGEST_SHOWN]} … ({len(text):,} characters in all)"


class ViewOnly(Table):
    """Facts that somebody or something else made: they can be looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.shown_fields()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.shown_fields()
