"""Assets: the grid of them with what is drawn over it, one at its full size, and adding more."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Max, Min, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.drawn import draw
from dashboard.forms import refusals
from dashboard.forms.assets import AddAssetsForm, AssetFilter
from dashboard.paging import MOST_COUNTED, count_up_to, page_of
from dashboard.words import grouped
from pluginhost import access, file_links
from pluginhost.actions import assets as actions
from pluginhost.actions import batches, files
from pluginhost.errors import Invalid, NotFound, TooLarge
from pluginhost.models import Asset, Project, Task
from pluginhost.protocol import category_schema

from .doors import SignedInRequest, signed_in
from .project_page import frame

PAGE = 40
MOST_IN_LEGEND = 12
KEPT = ("status", "prelabels", "draw", "view")  # what a new search leaves as it is

SOURCES = {"img-src": [SELF, "data:", "blob:", "https:", "http:"]}


def shows_pictures(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """The server never fetches an asset's address, so the page may load it from anywhere, and tells nobody whence."""
    may_load = csp_update(SOURCES)(view)

    @wraps(view)
    def without_referrer(*args: Any, **kwargs: Any) -> Any:
        response = may_load(*args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response

    return without_referrer


@signed_in
@require_safe
@shows_pictures
def project(request: SignedInRequest, uid: str) -> HttpResponse:
    """The Assets tab."""
    found = access.project(request.principal, uid)
    chosen = AssetFilter(request.GET, project=found)
    assets = chosen.narrow(access.assets(request.principal, found))
    page = page_of(assets.select_related("task"), request.GET, key="number", size=PAGE)
    drawn = draw(found, page.rows, request.get_host())
    context = {
        "page": page,
        "drawn": drawn,
        "chosen": chosen,
        "total": count_up_to(assets) if chosen.is_on else found.head.assets,
        "most_counted": MOST_COUNTED,
        "legend": _legend(found),
        "said": _said(found, chosen, page.rows),
        "is_plain": request.GET.get("draw") == "plain",
        "is_list": request.GET.get("view") == "list",
        "kept": [
            (name, request.GET[name]) for name in ("status", "prelabels", "draw", "view") if request.GET.get(name)
        ],
        "statuses": Task.Status.choices,
        "status_word": dict(Task.Status.choices).get(chosen.chosen("status")),
        "batch_links": _batch_links(request, chosen),
    }
    return render(request, "projects/assets.html", frame(request.principal, found, "assets") | context)


@signed_in
@require_safe
@shows_pictures
def asset(request: SignedInRequest, uid: str, number: int) -> HttpResponse:
    """One asset, as large as the window."""
    found = access.project(request.principal, uid)
    assets = access.assets(request.principal, found)
    shown = assets.select_related("task").filter(number=number).first()
    if shown is None:
        raise NotFound(f"There is no asset number {number} in this project.")
    (drawn,) = draw(found, [shown], request.get_host())
    context = {
        "project": found,
        "drawn": drawn,
        "asset": shown,
        "asset_crumb": f"Asset {number:,}",
        "batches": found.batches.filter(places__asset=shown),
        "may_run": access.may(request.principal, found.organization_id, access.RUNNER),
        **_neighbours(assets, number),
    }
    return render(request, "assets/page.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_assets_add(request: SignedInRequest, uid: str) -> HttpResponse:
    """Add assets by their addresses, or pictures from one's own disk."""
    found = access.project(request.principal, uid, access.MANAGER)
    form = AddAssetsForm(request.POST or None, files_given=request.FILES.getlist("pictures"))
    if request.method == "POST" and form.is_valid():
        try:
            count = _add(request, found, form)
            messages.success(request, f"{grouped(count)} asset{'' if count == 1 else 's'} added.")
            return redirect("project", found.uid)
        except (Invalid, TooLarge) as error:
            refusals.show(form, error)
    context = {"form": form, "batches": found.batches.all(), "most_megabytes": settings.PLUGINHOST_BODY_LIMIT // 2**20}
    return render(request, "projects/add_assets.html", frame(request.principal, found, "add") | context)


def _add(request: SignedInRequest, found: Project, form: AddAssetsForm) -> int:
    items = [*form.cleaned_data["lines"], *(_stored(request, found, upload) for upload in form.uploads)]
    name = form.cleaned_data["batch"].strip()
    chosen = batches.upsert(request.principal, found, [name]) if name else []
    in_batches = [batch.uid for batch in chosen]
    return len(actions.add(request.principal, found, items, in_batches=in_batches, host=request.get_host()).assets)


def _stored(request: SignedInRequest, found: Project, upload: UploadedFile) -> dict[str, str]:
    """Keep an upload; the item that adds it as an asset."""
    name = upload.name or "picture"
    stored = files.reserve(request.principal, found, name)
    files.receive(stored, upload, settings.PLUGINHOST_BODY_LIMIT)
    return {"data": file_links.PREFIX + stored.key, "externalId": name}


def _neighbours(assets: QuerySet[Asset], number: int) -> dict[str, Any]:
    return {
        "previous_number": assets.filter(number__lt=number).aggregate(found=Max("number"))["found"],
        "next_number": assets.filter(number__gt=number).aggregate(found=Min("number"))["found"],
    }


def _said(found: Project, chosen: AssetFilter, rows: list[Asset]) -> str:
    """«1–40 of 1,204»: without filters an asset's number is its place."""
    if chosen.is_on or not rows:
        return ""
    return f"{grouped(rows[0].number)}–{grouped(rows[-1].number)} of {grouped(found.head.assets)}"


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
