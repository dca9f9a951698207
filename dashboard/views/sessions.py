"""Sessions: the run history, and what one may do with a session."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard import history, tables
from dashboard.paging import newest_page
from dashboard.streaming import streamed
from pluginhost import access
from pluginhost.actions import sessions as actions
from pluginhost.models import Session

from .doors import SignedInRequest, came_from, signed_in

PAGE = 50
MOST_CHOICES = 200


@require_safe
@signed_in
def sessions(request: SignedInRequest) -> HttpResponseBase:
    """The run history, newest first, with its filters in the address."""
    seen = access.sessions(request.principal)
    plugins = list(access.plugins(request.principal).only("pk", "uid", "name")[:MOST_CHOICES])
    projects = list(access.projects(request.principal).only("pk", "uid", "name")[:MOST_CHOICES])
    chosen = history.chosen(request.GET, plugins, projects)
    found = history.for_rows(chosen.of(seen, request.user))
    if request.GET.get("format") == "csv":
        return streamed(
            tables.lines(history.COLUMNS, found, history.as_cells), "text/csv; charset=utf-8", "sessions.csv"
        )
    page = newest_page(found, request.GET, size=PAGE)
    context = {
        "page": page,
        "rows": history.say_what_they_wait_for(page.rows),
        "chosen": chosen,
        "groups": _groups(chosen, chosen.counts(seen, request.user)),
        "plugins": plugins,
        "projects": projects,
        "states": Session.State.choices,
        "most_rows": tables.MOST_ROWS,
        "has_any": bool(page.rows) or seen.exists(),
        "deleted": history.deleted(access.deleted_sessions(request.principal), page),
    }
    return render(request, "sessions/history.html", context)


def _groups(chosen: history.Chosen, counts: dict[str, int]) -> list[dict[str, object]]:
    return [
        {"name": name, "word": word, "count": counts.get(name), "is_on": chosen.state == name}
        for name, (word, _) in history.GROUPS.items()
    ]


@require_POST
@signed_in
def session_cancel(request: SignedInRequest, session_id: str) -> HttpResponse:
    found = access.session(request.principal, session_id, access.RUNNER)
    actions.cancel(request.principal, found)
    fresh = Session.objects.values_list("state", flat=True).get(pk=found.pk)
    if fresh == Session.State.CANCELLED:
        messages.success(request, f"#{found.pk} is cancelled.")
    elif fresh == Session.State.CRASHED:
        what_follows = "is not run again by itself, and what its script still sends is refused."
        messages.success(request, f"#{found.pk} {what_follows}")
    else:
        messages.info(request, f"#{found.pk} is asked to stop. What its script sends from now on is refused.")
    return redirect(came_from(request, reverse("session", args=[found.pk])))


@require_POST
@signed_in
def session_rerun(request: SignedInRequest, session_id: str) -> HttpResponse:
    """With the same frozen inputs: on the same assets, on those that it left with some outcomes, or on the rest of
    what it was tried on. Changes are made in the run dialog.
    """
    earlier = access.session(request.principal, session_id, access.RUNNER)
    fresh = actions.rerun(request.principal, earlier, _about(request.POST, earlier))
    noun = "asset" if fresh.scope.count == 1 else "assets"
    messages.success(
        request, f"#{fresh.pk} was asked for, with the inputs of #{earlier.pk}, on {fresh.scope.count:,} {noun}."
    )
    return redirect("session", fresh.pk)


def _about(asked: QueryDict, earlier: Session) -> dict[str, Any]:
    """The scope as it was asked for; nothing for the same assets."""
    if asked.get("rest"):
        return {"scope": {"rest_of": earlier.pk}, "review_first": False}
    outcomes = asked.getlist("outcome")
    return {"scope": {"from_session": earlier.pk, "outcomes": outcomes}} if outcomes else {}


@require_POST
@signed_in
def session_rename(request: SignedInRequest, session_id: str) -> HttpResponse:
    found = access.session(request.principal, session_id, access.RUNNER)
    actions.rename(request.principal, found, request.POST.get("name", ""))
    return redirect(came_from(request, reverse("session", args=[found.pk])))
