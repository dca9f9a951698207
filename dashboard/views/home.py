"""Home: what wants a look, what runs now, what ran lately; and the way to the first run of a new installation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import F, OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard import attention, first_run, history, visits
from dashboard.activity import PERIODS, activity
from dashboard.newest import newest_of
from dashboard.paging import count_up_to
from dashboard.runs_of_plugins import succeeded_share, tapes, tapes_of_projects
from dashboard.standings import standing, with_standing
from pluginhost import access
from pluginhost.models import Session
from pluginhost.principal import Principal
from pluginhost.summaries import progress_of

from .doors import SignedInRequest, signed_in

_FEW = 6
_MOST_NOW = 8
_MOST_QUEUED = 999
_LATEST = F("newest").desc(nulls_last=True)


@require_safe
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    principal = request.principal
    if "X-Live" not in request.headers:
        visits.note(request.session)
    seen = access.sessions(principal)
    is_new = first_run.is_new(principal)
    context: dict[str, Any] = {
        "checklist": first_run.checklist(principal) if is_new else None,
        "has_sessions": not is_new or seen.exists(),
        "may_manage": access.organizations(principal, access.MANAGER).exists(),
    }
    if context["has_sessions"]:
        context |= _overview(request)
    return render(request, "home/page.html", context)


def _overview(request: SignedInRequest) -> dict[str, Any]:
    principal = request.principal
    seen = access.sessions(principal)
    period = request.GET.get("period", "")
    period = period if period in PERIODS else "24h"
    state = request.GET.get("state", "")
    state = state if state in history.GROUPS else ""
    return {
        **attention.wanted(principal, visits.news_since(request.session)),
        **_now(principal),
        "activity": activity(seen, PERIODS[period]),
        "period": period,
        "periods": PERIODS,
        "state": state,
        "last": _last(principal, state),
        **_plugins(principal),
        "projects": _projects(principal),
    }


def _now(principal: Principal) -> dict[str, Any]:
    """What a script is at work on, the oldest first, then the head of the queues."""
    seen = access.sessions(principal)
    held_now = seen.filter(state__in=Session.HELD)
    held = list(history.for_rows(held_now).order_by("id")[:_MOST_NOW])
    queued = seen.filter(state=Session.State.QUEUED)
    room = _MOST_NOW - len(held)
    waiting = list(history.for_rows(queued).order_by("id")[:room])
    rows = history.say_what_they_wait_for(held + waiting)
    return {
        "now": [{"session": session, "progress": progress_of(session)} for session in rows],
        "held": len(held) if room else count_up_to(held_now, _MOST_QUEUED),
        "queued": len(waiting) if len(waiting) < room else count_up_to(queued, _MOST_QUEUED),
    }


def _last(principal: Principal, state: str) -> list[Session]:
    """The newest of the chosen group; open ones stand above already."""
    states = history.GROUPS[state][1] if state else Session.FINAL
    found = history.for_rows(access.sessions(principal).filter(state__in=states))
    return history.say_what_they_wait_for(newest_of(found, _FEW))


def _plugins(principal: Principal) -> dict[str, Any]:
    """Those that ran last, and how all of them stand."""
    visible = with_standing(access.plugins(principal))
    scripts = list(visible.order_by().values_list("scripts", "quarantined_at"))
    newest = Session.objects.filter(plugin=OuterRef("pk")).order_by("-id").values("pk")
    ranked = visible.annotate(newest=Subquery(newest[:1])).order_by(_LATEST, "name")
    shown = list(ranked[:_FEW])
    drawn = tapes(access.sessions(principal), shown)
    return {
        "plugins": [
            {
                "plugin": plugin,
                "standing": standing(plugin),
                "tape": drawn[plugin.pk],
                "last": drawn[plugin.pk][-1] if drawn[plugin.pk] else None,
                "succeeded": succeeded_share(drawn[plugin.pk]),
            }
            for plugin in shown
        ],
        "standings": {
            "all": len(scripts),
            "online": sum(count > 0 and at is None for count, at in scripts),
            "quarantined": sum(at is not None for _, at in scripts),
            "offline": sum(count == 0 and at is None for count, at in scripts),
        },
    }


def _projects(principal: Principal) -> list[dict[str, Any]]:
    newest = Session.objects.filter(project=OuterRef("pk")).order_by("-id").values("pk")
    visible = access.projects(principal).select_related("head").annotate(newest=Subquery(newest[:1]))
    shown = list(visible.order_by(_LATEST, "name")[:_FEW])
    drawn = tapes_of_projects(access.sessions(principal), shown)
    return [
        {
            "project": project,
            "last": drawn[project.pk][-1] if drawn[project.pk] else None,
            "succeeded": succeeded_share(drawn[project.pk]),
        }
        for project in shown
    ]


@require_POST
@signed_in
def home_seen(request: SignedInRequest) -> HttpResponse:
    """What needed attention is known; what happens from now on comes up again."""
    visits.mark_seen(request.session)
    messages.success(request, "Marked as seen. What goes wrong from now on comes up here again.")
    return redirect("home")
