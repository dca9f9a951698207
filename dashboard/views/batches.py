"""Batches of a project: the list of them, one with its assets, and what is changed about them."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.batch_counts import counted
from dashboard.forms import refusals
from dashboard.forms.assets import AssetFilter, ChangeForm
from dashboard.forms.batches import BatchForm
from dashboard.paging import MOST_COUNTED, page_of
from dashboard.words import grouped
from pluginhost import access
from pluginhost.actions import batches as actions
from pluginhost.actions import deletions
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Asset, Batch, Plugin, Project

from .assets import grid, shows_pictures
from .doors import SignedInRequest, came_from, signed_in
from .project_page import frame

PAGE = 50
LONGEST_SEARCH = 200


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_batches(request: SignedInRequest, uid: str) -> HttpResponse:
    """The list; a POST makes a batch."""
    need = access.MANAGER if request.method == "POST" else access.VIEWER
    project = access.project(request.principal, uid, need)
    form = BatchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make(request.principal, project, form.cleaned_data["name"])
            messages.success(request, f"The batch {made.name} was made.")
            return redirect("batch", project.uid, made.uid)
        except (Conflict, Invalid) as error:
            refusals.show(form, error)
    q = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    found = access.batches(request.principal, project)
    page = page_of(found.filter(name__icontains=q) if q else found, request.GET, key="id", size=PAGE, newest_first=True)
    context = {"form": form, "q": q, "page": page, "rows": counted(page.rows)}
    return render(request, "projects/batches.html", frame(request.principal, project, "batches") | context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
@shows_pictures
def batch(request: SignedInRequest, uid: str, batch_uid: str) -> HttpResponse:
    """One batch: its assets, as the Assets tab shows them. A POST gives it another name."""
    need = access.MANAGER if request.method == "POST" else access.VIEWER
    project, found = _found(request, uid, batch_uid, need)
    form = BatchForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename(request.principal, found, form.cleaned_data["name"])
            return redirect("batch", project.uid, found.uid)
        except (Conflict, Invalid) as error:
            refusals.show(form, error)
    (numbers,) = counted([found])
    enabled = Plugin.objects.present().filter(places__project=project).order_by("name")
    context = {"numbers": numbers, "form": form, "plugins": enabled}
    behind = frame(request.principal, project, "batches") | grid(request, project, found)
    return render(request, "projects/batch.html", behind | context)


@signed_in
@require_POST
def batch_delete(request: SignedInRequest, uid: str, batch_uid: str) -> HttpResponse:
    """The page has asked before; the assets stay."""
    project, found = _found(request, uid, batch_uid, access.MANAGER)
    actions.delete(request.principal, found)
    messages.success(request, f"The batch {found.name} was deleted. Its assets are still in the project.")
    return redirect("project_batches", project.uid)


@signed_in
@require_POST
def project_assets_change(request: SignedInRequest, uid: str) -> HttpResponse:
    """Put chosen assets into a batch, take them out of one, or delete them; the address has the filters of the page."""
    project = access.project(request.principal, uid, access.MANAGER)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        raise Invalid(form.sentence)
    chosen = _chosen(request, project, form)
    if form.cleaned_data["verb"] == form.DELETE:
        uids = list(chosen.values_list("uid", flat=True)[: deletions.MOST_AT_ONCE + 1])
        _refuse_unseen(form, len(uids))
        count = deletions.delete_assets(request.principal, project, uids)
        request.session.pop("table", None)  # it said where they are
        messages.success(request, f"{_assets(count)} deleted.")
    elif form.cleaned_data["verb"] == form.FILL:
        (target,) = actions.upsert(request.principal, project, [form.cleaned_data["name"]], "name")
        count = actions.fill(request.principal, project, target, chosen)
        _say(request, target, f"{_assets(count)} put into" if count else "All of them are already in")
    else:
        target = access.batch(request.principal, project, form.cleaned_data["batch"])
        count = actions.take_out(request.principal, project, target, chosen)
        _say(request, target, f"{_assets(count)} removed from" if count else "None of them was in")
    return redirect(came_from(request))


def _chosen(request: SignedInRequest, project: Project, form: ChangeForm) -> QuerySet[Asset]:
    """The ticked ones, those of some numbers, or all that the filters in the address leave."""
    assets = access.assets(request.principal, project)
    if ranges := form.cleaned_data["ranges"]:
        return assets.filter(reduce(or_, (Q(number__range=pair) for pair in ranges)))
    if not form.cleaned_data["every"]:
        return assets.filter(number__in=form.cleaned_data["ticked"])
    within = request.POST.get("within")
    batch = access.batch(request.principal, project, within) if within else None
    asked = AssetFilter(request.GET, project=project, batch=batch)
    if not asked.is_valid():  # to leave a filter out would be to choose more than the page showed
        raise Invalid("The filters of this page are not what they were. Clear them and choose again.")
    return asked.narrow(assets)


def _refuse_unseen(form: ChangeForm, count: int) -> None:
    """Conflict when «all» are more now than the page said; past MOST_COUNTED it does not say how many."""
    shown = form.cleaned_data["shown"] or 0
    if form.is_every and count > shown and shown <= MOST_COUNTED:
        raise Conflict(
            f"Nothing was deleted: {grouped(count)} assets match now, and the page showed {grouped(shown)}. "
            "Look at them, and choose again."
        )


def _found(request: SignedInRequest, uid: str, batch_uid: str, need: str) -> tuple[Project, Batch]:
    project = access.project(request.principal, uid, need)
    return project, access.batch(request.principal, project, batch_uid)


def _say(request: SignedInRequest, target: Batch, what: str) -> None:
    address = reverse("batch", args=[target.project.uid, target.uid])
    messages.success(request, format_html('{} <a href="{}">{}</a>.', what, address, target.name))


def _assets(count: int) -> str:
    return f"{grouped(count)} asset was" if count == 1 else f"{grouped(count)} assets were"
