"""Organizations: which ones there are, a new one, and the settings of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import CharField, Count, F, OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.forms import refusals
from dashboard.forms.organizations import OrganizationForm
from pluginhost import access
from pluginhost.actions import organizations as actions
from pluginhost.errors import Forbidden, Invalid
from pluginhost.models import Member, Role

from .doors import SignedInRequest, signed_in
from .organization_page import frame, may_make

_MOST = 200


@require_safe
@signed_in
def organizations(request: SignedInRequest) -> HttpResponse:
    """Whoever belongs to one only goes straight there."""
    mine = Member.objects.filter(organization=OuterRef("pk"), user=request.user).values("role")
    found = access.organizations(request.principal).annotate(
        role=Subquery(mine[:1], output_field=CharField()), members_number=Count("members")
    )
    rows = list(found.order_by("name", "pk")[:_MOST])
    if len(rows) == 1:
        return redirect("organization", rows[0].uid)
    context = {
        "rows": [{"organization": row, "role": Role(row.role).label} for row in rows],
        "may_make": may_make(request.principal),
    }
    return render(request, "organizations/list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def organization_new(request: SignedInRequest) -> HttpResponse:
    if not may_make(request.principal):
        raise Forbidden("A new organization is made by somebody who owns one already, or by an administrator.")
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(form.cleaned_data["name"], request.user, by=request.principal)
        except Invalid as error:
            refusals.show(form, error)
        else:
            messages.success(request, f"{made.name} is there, and you own it. Now add its members.")
            return redirect("organization", made.uid)
    return render(request, "organizations/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def organization_settings(request: SignedInRequest, uid: str) -> HttpResponse:
    """Owners rename it; the others read it."""
    need = access.OWNER if request.method == "POST" else access.VIEWER
    found = access.organization(request.principal, uid, need)
    form = OrganizationForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename(found, form.cleaned_data["name"], by=request.principal)
        except Invalid as error:
            refusals.show(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("organization_settings", uid)
    context: dict[str, Any] = {"form": form, "may_make": may_make(request.principal)}
    context["owners"] = list(
        found.members.filter(role=Role.OWNER).select_related("user").order_by(F("user__username"))[:20]
    )
    context |= frame(request.principal, found, "settings")
    return render(request, "organizations/settings.html", context, status=422 if form.errors else 200)
