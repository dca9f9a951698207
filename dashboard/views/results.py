"""The results of a session: the tab, the same to download, and what one may do with some of the assets."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard import result_downloads, results
from dashboard.streaming import streamed
from pluginhost import access
from pluginhost.actions import sessions as actions
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Import, Session

from .assets import shows_pictures
from .doors import SignedInRequest, signed_in
from .session_page import frame

MOST_IMPORTS = 100
MOST_CHOSEN = 1_000


@require_safe
@signed_in
@shows_pictures
def session_results(request: SignedInRequest, session_id: str) -> HttpResponse:
    """Each asset of the scope with what became of it."""
    found = access.session(request.principal, session_id)
    context = frame(request.principal, found, "results")
    context |= {
        "listed": results.listed(found, request.GET, request.get_host()),
        "imports": Import.objects.filter(session=found).order_by("id")[:MOST_IMPORTS],
        "reasons": results.reasons_of(found),
        "query": request.GET.urlencode(),
    }
    return render(request, "sessions/results.html", context)


@require_safe
@signed_in
def session_results_download(request: SignedInRequest, session_id: str, form: str) -> HttpResponseBase:
    """All that the tab's filters leave, not only its page."""
    found = access.session(request.principal, session_id)
    name = f"session-{found.pk}-results.{form}"
    if form == "csv":
        return streamed(result_downloads.as_csv(found, request.GET), "text/csv; charset=utf-8", name)
    return streamed(result_downloads.as_json(found, request.GET), "application/json", name)


@require_POST
@signed_in
def session_results_chosen(request: SignedInRequest, session_id: str) -> HttpResponse:
    """Run some of the assets again, or go on to what undoing what they got would touch."""
    found = access.session(request.principal, session_id, access.RUNNER)
    chosen = [int(text) for text in request.POST.getlist("number") if text.isascii() and text.isdigit()][:MOST_CHOSEN]
    if not chosen:
        raise Invalid("Tick the assets first.")
    if request.POST.get("verb") == "undo":
        query = urlencode([("number", number) for number in chosen])
        return redirect(f"{reverse('session_imports_flip', args=[found.pk, 'undo'])}?{query}")
    return _rerun(request, found, chosen)


def _rerun(request: SignedInRequest, earlier: Session, numbers: list[int]) -> HttpResponse:
    assets = Asset.objects.filter(project=earlier.project_id, number__in=numbers)
    uids = list(assets.order_by("number").values_list("uid", flat=True))
    if not uids:
        raise Invalid("The assets that were ticked are not there any more.")
    fresh = actions.rerun(request.principal, earlier, {"scope": {"assets": uids}})
    noun = "asset" if len(uids) == 1 else "assets"
    messages.success(request, f"#{fresh.pk} was asked for, on {len(uids):,} {noun} of #{earlier.pk}.")
    return redirect("session", fresh.pk)
