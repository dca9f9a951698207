"""Sessions: the run history, one run whole, stopping it and running it again."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from dashboard.history import matches
from pluginhost import access
from pluginhost.actions import sessions as actions
from pluginhost.models import Session

from .auth import principal_of
from .bodies import Given
from .paging import Page, Paging, Text, page
from .runs import Run
from .session_shapes import SessionRow, SessionWhole, show_row, show_whole

router = Router()


# --- what comes ---


class SessionFields(Given):
    name: str = Field(max_length=200)


class SessionFilters(Paging):
    project: Text | None = Field(default=None, description="A project's id.")
    plugin: Text | None = Field(default=None, description="A plugin's id.")
    state: list[Session.State] = Field(default=[], description="May be given several times.")
    started_by: Text | None = Field(default=None, description="A user's id or name.")
    q: Text = Field(default="", description="In the name, the message or the name of the plugin; or #1042.")


# --- the calls ---


@router.get("/sessions", response=Page[SessionRow], summary="The run history")
def list_sessions(request: HttpRequest, filters: Query[SessionFilters]) -> Page[SessionRow]:
    """Newest first."""
    rows = _filtered(access.sessions(principal_of(request)), filters)
    rows = rows.select_related("plugin", "project", "started_by")
    return page(rows, filters, lambda sessions: [show_row(session) for session in sessions], newest_first=True)


def _filtered(rows: QuerySet[Session], filters: SessionFilters) -> QuerySet[Session]:
    if filters.project is not None:
        rows = rows.filter(project__uid=filters.project)
    if filters.plugin is not None:
        rows = rows.filter(plugin__uid=filters.plugin)
    if filters.state:
        rows = rows.filter(state__in=filters.state)
    if filters.started_by is not None:
        rows = rows.filter(Q(started_by__uid=filters.started_by) | Q(started_by__username=filters.started_by))
    return rows.filter(matches(filters.q.strip())) if filters.q.strip() else rows


@router.get("/sessions/{session_id}", response=SessionWhole, summary="One session")
def get_session(request: HttpRequest, session_id: str) -> SessionWhole:
    """By its number, or by its id on the wire."""
    return show_whole(access.session(principal_of(request), session_id))


@router.patch("/sessions/{session_id}", response=SessionWhole, summary="Rename a session")
def rename_session(request: HttpRequest, session_id: str, body: SessionFields) -> SessionWhole:
    principal = principal_of(request)
    actions.rename(principal, access.session(principal, session_id, access.RUNNER), body.name)
    return show_whole(access.session(principal, session_id))


@router.post("/sessions/{session_id}/cancel", response=SessionWhole, summary="Stop a session")
def cancel_session(request: HttpRequest, session_id: str) -> SessionWhole:
    """A queued one ends at once; a running one is `cancelling` until its script answers, or half a minute is over.

    A crashed one is not run again by itself then, and what its script still sends is refused.
    """
    principal = principal_of(request)
    actions.cancel(principal, access.session(principal, session_id, access.RUNNER))
    return show_whole(access.session(principal, session_id))


@router.post("/sessions/{session_id}/rerun", response={201: SessionWhole}, summary="Run again")
def rerun_session(request: HttpRequest, session_id: str, body: Run | None = None) -> Status[SessionWhole]:
    """With the same frozen inputs; any of the run's fields that are sent replace theirs."""
    principal = principal_of(request)
    earlier = access.session(principal, session_id, access.RUNNER)
    again = actions.rerun(principal, earlier, (body or Run()).as_request())
    return Status(201, show_whole(access.session(principal, again.pk)))
