"""Home: what wants a look, what runs now, what ran lately; and the way to the first run of a new installation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import F, OuterRef, QuerySet, Subquery
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
from pluginhost.models import Project, Session
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal
from pluginhost.summaries import progress_of

from .doors import SignedInRequest, asking, signed_in

if TYPE_CHECKING:
    from dashboard.standings import StandingPlugin

_FEW = 6
_MOST_NOW = 8
_MOST_QUEUED = 999


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
    held, queued = _HELD.objects(principal.user.pk), _QUEUED.objects(principal.user.pk)
    rows = history.say_what_they_wait_for([*held, *queued][:_MOST_NOW])
    return {
        "now": [{"session": session, "progress": progress_of(session)} for session in rows],
        "held": _count(principal, held, Session.HELD),
        "queued": _count(principal, queued, (Session.State.QUEUED,)),
    }


def _count(principal: Principal, first: list[Session], states: Sequence[str]) -> int:
    """How many there are in these states, of which these are the first."""
    if len(first) < _MOST_NOW:
        return len(first)
    return count_up_to(access.sessions(principal).filter(state__in=states), _MOST_QUEUED)


def _last(principal: Principal, state: str) -> list[Session]:
    """The newest of the chosen group; open ones stand above already."""
    states = history.GROUPS[state][1] if state else Session.FINAL
    found = history.for_rows(access.sessions(principal).filter(state__in=states))
    return history.say_what_they_wait_for(newest_of(found, _FEW))


def _plugins(principal: Principal) -> dict[str, Any]:
    """Those that ran last, and how all of them stand."""
    scripts, shown = _STANDINGS.rows(principal.user.pk), _PLUGINS.objects(principal.user.pk)
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
    shown = _PROJECTS.objects(principal.user.pk)
    drawn = tapes_of_projects(access.sessions(principal), shown)
    return [
        {
            "project": project,
            "last": drawn[project.pk][-1] if drawn[project.pk] else None,
            "succeeded": succeeded_share(drawn[project.pk]),
        }
        for project in shown
    ]


# --- what is asked for with each look, prepared ---


def _oldest(user: int, states: Sequence[str]) -> QuerySet[Session]:
    found = access.sessions(asking(user)).filter(state__in=states)
    return history.for_rows(found).order_by("id")[:_MOST_NOW]


def _ran_last(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """The few of them whose newest session is the newest."""
    newest = Session.objects.filter(**{column: OuterRef("pk")}).order_by("-id").values("pk")
    return rows.annotate(newest=Subquery(newest[:1])).order_by(F("newest").desc(nulls_last=True), "name")[:_FEW]


def _standing_plugins(user: int) -> QuerySet[StandingPlugin]:
    return with_standing(access.plugins(asking(user))).only("uid", "name", "quarantined_at")


def _projects_with_heads(user: int) -> QuerySet[Project]:
    found = access.projects(asking(user)).select_related("head")
    return found.only("uid", "name", "head__assets", "head__pre_labeled")


_HELD = Prepared(lambda user: _oldest(user, Session.HELD), 1)
_QUEUED = Prepared(lambda user: _oldest(user, (Session.State.QUEUED,)), 1)
_STANDINGS = Prepared(lambda user: _standing_plugins(user).order_by().values_list("scripts", "quarantined_at"), 1)
_PLUGINS = Prepared(lambda user: _ran_last(_standing_plugins(user), "plugin"), 1)
_PROJECTS = Prepared(lambda user: _ran_last(_projects_with_heads(user), "project"), 1)


@require_POST
@signed_in
def home_seen(request: SignedInRequest) -> HttpResponse:
    """What needed attention is known; what happens from now on comes up again."""
    visits.mark_seen(request.session)
    messages.success(request, "Marked as seen. What goes wrong from now on comes up here again.")
    return redirect("home")
