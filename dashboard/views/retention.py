"""How long an organization keeps its sessions, logs and files."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from dashboard import retained
from dashboard.forms import refusals
from dashboard.forms.retention import RetentionForm
from pluginhost import access, tasks
from pluginhost.actions import retention as actions
from pluginhost.errors import Invalid
from pluginhost.models import Organization, RetentionRule

from .doors import SignedInRequest, signed_in
from .organization_page import frame


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def organization_retention(request: SignedInRequest, uid: str) -> HttpResponse:
    """The rule; a POST sets it, and says first what would be deleted at once."""
    need = access.OWNER if request.method == "POST" else access.VIEWER
    organization = access.organization(request.principal, uid, need)
    form = RetentionForm(request.POST or None, initial=_rule_of(organization))
    losses: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            rule = actions.checked(organization, form.asked)
            losses = list(retained.losses(rule))
            if not losses or form.cleaned_data["is_meant"]:
                return _kept(request, organization, form)
        except Invalid as error:
            refusals.show(form, error)
    context = frame(request.principal, organization, "retention")
    context |= {"form": form, "losses": losses, "kept": retained.kept(organization)}
    return render(request, "organizations/retention.html", context)


def _kept(request: SignedInRequest, organization: Organization, form: RetentionForm) -> HttpResponse:
    actions.keep(request.principal, organization, form.asked)
    try:
        tasks.apply.delay_on_commit(organization.pk)
    except OperationalError:  # the broker is away; every hour all rules are applied anyway
        messages.warning(request, "Saved. What is kept no longer goes within the hour.")
    else:
        messages.success(request, "Saved. What is kept no longer goes from now on, and again every hour.")
    return redirect("organization_retention", organization.uid)


def _rule_of(organization: Organization) -> dict[str, int | None]:
    rule = RetentionRule.objects.filter(organization=organization).first()
    return {name: getattr(rule, name) for name in actions.MOST} if rule else {}
