"""Batches of a project: the list of them, and making one."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.forms import refusals
from dashboard.forms.batches import NewBatchForm
from pluginhost import access
from pluginhost.actions import batches as actions
from pluginhost.errors import Invalid

from .doors import SignedInRequest, signed_in
from .project_page import frame


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_batches(request: SignedInRequest, uid: str) -> HttpResponse:
    """The list; a POST makes a batch."""
    need = access.MANAGER if request.method == "POST" else access.VIEWER
    project = access.project(request.principal, uid, need)
    form = NewBatchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if access.batches(request.principal, project).filter(name=name).exists():
            form.add_error("name", "There is a batch of this name already.")
        else:
            try:
                actions.upsert(request.principal, project, [name], path="name")
                messages.success(request, f"The batch {name} was made.")
                return redirect("project_batches", project.uid)
            except Invalid as error:
                refusals.show(form, error)
    batches = access.batches(request.principal, project).annotate(assets_count=Count("places"))
    context = {"form": form, "batches": batches}
    return render(request, "projects/batches.html", frame(request.principal, project, "batches") | context)
