"""Assets: the grid of them with what is drawn over it, and one at its full size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.db.models import Max, Min, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.drawn import draw
from dashboard.forms.assets import AssetFilter
from dashboard.paging import MOST_COUNTED, count_up_to, page_of
from dashboard.results import given_to
from dashboard.words import grouped
from pluginhost import access
from pluginhost.errors import NotFound
from pluginhost.models import Asset, Batch, Project, Session, Task
from pluginhost.protocol import category_schema

from .doors import SignedInRequest, signed_in
from .project_page import frame

PAGE = 40
MOST_IN_LEGEND = 12
KEPT = ("status", "prelabels", "draw", "view")  # what a new search leaves as it is

# The server never fetches an asset's address, so the page may load it from anywhere. Nobody is told whence: the site's
# Referrer-Policy is same-origin. (With no-referrer, browsers send the page's own forms with `Origin: null`.)
_may_load = csp_update({"img-src": [SELF, "data:", "blob:", "https:", "http:"]})


def shows_pictures(view: Callable[..., HttpResponse]) -> Callable[..., Any]:
    """Let the page load pictures from anywhere."""
    return _may_load(view)


@signed_in
@require_safe
@shows_pictures
def project(request: SignedInRequest, uid: str) -> HttpResponse:
    """The Assets tab."""
    found = access.project(request.principal, uid)
    context = frame(request.principal, found, "assets") | grid(request, found)
    return render(request, "projects/assets.html", context)


def grid(request: SignedInRequest, found: Project, batch: Batch | None = None) -> dict[str, Any]:
    """The context of assets/_found.html: the assets of the project, or of one batch, as the address filters them."""
    chosen = AssetFilter(request.GET, project=found, batch=batch)
    assets = chosen.narrow(access.assets(request.principal, found))
    page = page_of(assets.select_related("task"), request.GET, key="number", size=PAGE)
    total = count_up_to(assets) if chosen.is_on or batch else found.head.assets
    return {
        "page": page,
        "drawn": draw(found, page.rows, request.get_host()),
        "chosen": chosen,
        "total": total,
        "total_words": f"more than {grouped(MOST_COUNTED)}" if total > MOST_COUNTED else grouped(total),
        "legend": _legend(found),
        "said": "" if batch else _said(found, chosen, page.rows),
        "is_plain": request.GET.get("draw") == "plain",
        "is_list": request.GET.get("view") == "list",
        "kept": [(name, request.GET[name]) for name in KEPT if request.GET.get(name)],
        "statuses": Task.Status.choices,
        "status_word": dict(Task.Status.choices).get(chosen.chosen("status")),
        "batch_links": _batch_links(request, chosen),
        "batch": batch,
        "query": request.GET.urlencode(),
    }


@signed_in
@require_safe
@shows_pictures
def asset(request: SignedInRequest, uid: str, number: int) -> HttpResponse:
    """One asset, as large as the window; with `?session=` as that session has it, also where that is staged."""
    found = access.project(request.principal, uid)
    assets = access.assets(request.principal, found)
    shown = assets.select_related("task").filter(number=number).first()
    if shown is None:
        raise NotFound(f"There is no asset number {number} in this project.")
    session = _session_of(request, found)
    (drawn,) = given_to(session, [shown], request.get_host()) if session else draw(found, [shown], request.get_host())
    context = {
        "session": session,
        "suffix": f"?session={session.pk}" if session else "",
        "project": found,
        "drawn": drawn,
        "asset": shown,
        "asset_crumb": f"Asset {number:,}",
        "batches": found.batches.filter(places__asset=shown),
        "may_run": access.may(request.principal, found.organization_id, access.RUNNER),
        **_neighbours(assets, number),
    }
    return render(request, "assets/page.html", context)


def _session_of(request: SignedInRequest, found: Project) -> Session | None:
    asked = request.GET.get("session")
    session = access.session(request.principal, asked) if asked else None
    if session is not None and session.project_id != found.pk:
        raise NotFound(f"Session #{session.pk} is not one of this project.")
    return session


def _neighbours(assets: QuerySet[Asset], number: int) -> dict[str, Any]:
    return {
        "previous_number": assets.filter(number__lt=number).aggregate(found=Max("number"))["found"],
        "next_number": assets.filter(number__gt=number).aggregate(found=Min("number"))["found"],
    }


def _said(found: Project, chosen: AssetFilter, rows: list[Asset]) -> str:
    """«1–40 of 1,204»: without filters an asset's place follows from its number."""
    if chosen.is_on or not rows:
        return ""
    first, last = found.head.place_of(rows[0].number), found.head.place_of(rows[-1].number)
    return f"{grouped(first)}–{grouped(last)} of {grouped(found.head.assets)}"


def _legend(found: Project) -> list[dict[str, Any]]:
    return category_schema.tools_of(found.category_schema)[:MOST_IN_LEGEND]


def _batch_links(request: SignedInRequest, chosen: AssetFilter) -> list[dict[str, Any]]:
    """Each batch with the address that takes it into the filter, or out of it."""
    uids = [batch.uid for batch in chosen.chosen_batches]
    links = []
    for batch in chosen.batches:
        is_on = batch.uid in uids
        query = request.GET.copy()
        query.setlist("batch", [uid for uid in uids if uid != batch.uid] if is_on else [*uids, batch.uid])
        for edge in ("after", "before"):
            query.pop(edge, None)
        links.append({"batch": batch, "is_on": is_on, "query": f"?{query.urlencode()}"})
    return links
