"""The review of what a session staged: look at it, choose what is to land, take it or let it go."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard import flips, reviewing
from dashboard.results import number_in
from dashboard.review_summary import Summary, assets_of, count, staged_of, summary_of
from pluginhost import access
from pluginhost.actions import reviews
from pluginhost.actions.ledger import ASKED_ABOVE, NeedsConfirmation
from pluginhost.models import Session

from .assets import shows_pictures
from .doors import SignedInRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@shows_pictures
def session_review(request: SignedInRequest, session_id: str) -> HttpResponse:
    """The choice stands in the address, so that it lasts from page to page; a POST takes what is chosen."""
    if request.method == "POST":
        return _take(request, access.session(request.principal, session_id, access.RUNNER))
    session = access.session(request.principal, session_id)
    staged = staged_of(session)
    is_look = "X-Live" in request.headers or "counted" in request.GET
    summary = summary_of(session, staged, at_once=is_look) if staged else None
    context = {
        "session": session,
        "project": session.project,
        "review_crumb": f"#{session.pk}",
        "may_run": access.may(request.principal, session.project.organization_id, access.RUNNER),
        "staged": len(staged),
        "is_counting": bool(staged) and summary is None,
        "asked_above": ASKED_ABOVE,
    }
    if summary is not None:
        context |= _shown(request, session, summary)
    elif staged:
        context |= _first_shown(request, session, staged)
    return render(request, "sessions/review.html", context)


def _first_shown(request: SignedInRequest, session: Session, staged: list[int]) -> dict[str, Any]:
    """The page at once, while all that is staged is still to be gone through: its script asks for the rest."""
    chosen, numbers = reviewing.chosen_in(request.GET), assets_of(staged)
    edges = number_in(request.GET, "after"), number_in(request.GET, "before")
    shown, skipped = reviewing.page_of(numbers, *edges)
    return {
        "chosen": chosen,
        "show": "all",
        "filters": [("all", reviewing.SHOWN["all"], len(numbers))],
        **_page(session, shown, skipped, len(numbers), chosen, request.get_host()),
    }


def _shown(request: SignedInRequest, session: Session, summary: Summary) -> dict[str, Any]:
    chosen = reviewing.chosen_in(request.GET)
    show = request.GET.get("show", "")
    show = show if show in reviewing.SHOWN else "all"
    marked = reviewing.marked(summary, chosen)
    counts = {name: count(assets) for name, assets in marked.items()}
    edges = number_in(request.GET, "after"), number_in(request.GET, "before")
    numbers, skipped = summary.page(marked[show], reviewing.SIZE, *edges)
    return {
        "chosen": chosen,
        "landing": reviewing.landing(session, summary, chosen),
        "bars": reviewing.bars(summary, chosen),
        "unsure": summary.unsure,
        "show": show,
        "filters": [(name, word, counts[name]) for name, word in reviewing.SHOWN.items()],
        **_page(session, numbers, skipped, counts[show], chosen, request.get_host()),
    }


def _page(
    session: Session, numbers: list[int], skipped: int, total: int, chosen: reviewing.Chosen, host: str
) -> dict[str, Any]:
    """Some of the assets, and where they stand among all."""
    end = skipped + len(numbers)
    return {
        "tiles": reviewing.tiles(session, numbers, chosen, host),
        "rejected_elsewhere": sorted(chosen.rejected - set(numbers)),
        "page": {
            "back": numbers[0] if numbers and skipped else None,
            "more": numbers[-1] if numbers and end < total else None,
        },
        "said": f"{skipped + 1:,}–{end:,} of {total:,}" if numbers else "",
    }


def _take(request: SignedInRequest, session: Session) -> HttpResponse:
    chosen = reviewing.chosen_in(request.POST)
    try:
        flip = reviews.accept(
            request.principal,
            session,
            classes=chosen.classes,
            least_confidence=chosen.least_confidence,
            without=chosen.rejected,
            confirmed=bool(request.POST.get("confirmed")),
        )
    except NeedsConfirmation as error:
        messages.warning(request, f"{error.sentence} Tick «I mean it» beside the button.")
        again = request.POST.copy()
        again.pop("csrfmiddlewaretoken", None)
        return redirect(f"{request.path}?{again.urlencode()}")
    messages.success(request, flips.sentence(flip))
    return redirect("session_results", session.pk)
