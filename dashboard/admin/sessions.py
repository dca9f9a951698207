"""Sessions, what they were asked with, what they read and what they answered."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from pluginhost import access
from pluginhost.actions import sessions
from pluginhost.errors import Forbidden
from pluginhost.models import Response, Scope, Session, SessionInputs, SessionReads
from pluginhost.principal import Principal
from pluginhost.protocol.numbers import NumberSet

from .base import ViewOnly, shortened, state
from .site import site

_RANGES_SHOWN = 200


def _ranges(numbers: NumberSet) -> str:
    """`1–40, 57, 60–61`"""
    found = list(islice(numbers.ranges(), _RANGES_SHOWN + 1))
    text = ", ".join(f"{first}–{last}" if first != last else str(first) for first, last in found[:_RANGES_SHOWN])
    return f"{text}, …" if len(found) > _RANGES_SHOWN else text or "none"


@admin.register(Session, site=site)
class Sessions(ViewOnly):
    hidden = ("key_digest",)
    list_display = (
        "__str__", state, "plugin", "project", "started_by", "accepted", "rejected", "message_head", "created_at",
    )  # fmt: skip
    list_filter = ("state", "created_at")
    list_select_related = ("plugin", "project", "started_by")
    search_fields = ("id__exact", "uid__exact", "name", "plugin__name", "project__name", "started_by__username")
    search_help_text = "A number, an id, or a part of the session's, plugin's, project's or user's name."
    actions = ("cancel", "rerun")

    @admin.display(description="Error")
    def shown_error(self, session: Any) -> str:
        return shortened(session.error)

    def view_on_site(self, session: Any) -> str:
        return reverse("session", args=[session.pk])

    @admin.action(description="Cancel the selected sessions")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        self.for_each(request, queryset, sessions.cancel, "Asked to stop")

    @admin.action(description="Run the selected sessions again, with the same inputs")
    def rerun(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        self.for_each(request, queryset.order_by("id"), _rerun, "Queued again")


def _rerun(principal: Principal, session: Any) -> None:
    """A session's key may never more than who started it; that of a stranger to the project would see nothing."""
    if not access.may(principal, session.project.organization_id, access.RUNNER):
        raise Forbidden(
            f"You are no runner in {session.project.organization}, so a session of yours could read nothing there. "
            "Become a member, or ask one to run it again."
        )
    sessions.rerun(principal, session)


@admin.register(SessionInputs, site=site)
class InputsOfSessions(ViewOnly):
    list_display = ("session", "existing", "review_first", "plugin_version")
    list_filter = ("existing", "review_first")
    list_select_related = ("session",)
    search_fields = ("session__id__exact", "session__uid__exact", "session__plugin__name")

    @admin.display(description="Config")
    def shown_config(self, inputs: Any) -> str:
        return shortened(inputs.config)


@admin.register(Scope, site=site)
class Scopes(ViewOnly):
    list_display = ("id", "project", "count", "created_at")
    list_select_related = ("project",)
    search_fields = ("project__name", "project__uid")

    def shown_fields(self) -> list[str]:
        return [*super().shown_fields(), "asset_numbers"]

    @admin.display(description="Numbers of its assets")
    def asset_numbers(self, scope: Any) -> str:
        return _ranges(scope.numbers)


@admin.register(SessionReads, site=site)
class ReadsOfSessions(ViewOnly):
    list_display = ("session",)
    list_select_related = ("session",)
    search_fields = ("session__id__exact", "session__uid__exact")

    def shown_fields(self) -> list[str]:
        return [*super().shown_fields(), "asset_numbers"]

    @admin.display(description="Numbers of the assets it read")
    def asset_numbers(self, reads: Any) -> str:
        return _ranges(NumberSet.from_bytes(bytes(reads.numbers_stored)))


@admin.register(Response, site=site)
class Responses(ViewOnly):
    list_display = ("session", "form", "came_late", "at")
    list_filter = ("form", "came_late")
    list_select_related = ("session",)
    search_fields = ("session__id__exact", "session__uid__exact")

    @admin.display(description="Body")
    def shown_body(self, response: Any) -> str:
        return shortened(response.body)
