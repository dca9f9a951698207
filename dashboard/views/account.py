"""What is one's own: API keys and notifications."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.forms.organizations import ApiKeyForm
from dashboard.paging import page_of
from dashboard.templatetags.account_tags import link_of
from pluginhost import access
from pluginhost.actions import api_keys as key_actions
from pluginhost.actions import notifications as notification_actions
from pluginhost.errors import Conflict, NotFound

from .doors import SignedInRequest, came_from, host_of, signed_in

PAGE = 50
_MOST_KEYS_SHOWN = 300


# --- API keys ---


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def api_keys(request: SignedInRequest) -> HttpResponse:
    """The list, and the form for a new one. A new key stands on the answer to its form and nowhere else."""
    form, key = ApiKeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            key, form = key_actions.create(request.user, form.cleaned_data["name"]), ApiKeyForm()
        except Conflict as error:
            form.add_error("name", error.sentence)
    rows = access.api_keys(request.principal).order_by(F("revoked_at").desc(nulls_first=True), "-pk")[:_MOST_KEYS_SHOWN]
    context = {"form": form, "key": key, "rows": rows, "host": host_of(request)}
    return render(request, "account/api_keys.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def api_key_revoke(request: SignedInRequest, number: int) -> HttpResponse:
    found = access.api_key(request.principal, number)
    key_actions.revoke(request.principal, found)
    messages.success(request, f"The key «{found.name}» is revoked: it is refused from now on.")
    return redirect("api_keys")


# --- notifications ---


@require_safe
@signed_in
def notifications(request: SignedInRequest) -> HttpResponse:
    own = access.notifications(request.principal).select_related("organization", "sender")
    only = request.GET.get("show", "")
    shown = own.filter(read_at=None) if only == "unread" else own
    page = page_of(shown, request.GET, key="pk", size=PAGE, newest_first=True)
    context = {"page": page, "only": only, "has_any": bool(page.rows) or own.exists()}
    return render(request, "account/notifications.html", context)


@require_POST
@signed_in
def notifications_read(request: SignedInRequest) -> HttpResponse:
    """All of them."""
    notification_actions.mark_read(request.principal)
    return redirect("notifications")


@require_POST
@signed_in
def notification_read(request: SignedInRequest, number: int) -> HttpResponse:
    """One; with `open`, on to the page of ours that it is about."""
    found = access.notifications(request.principal).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such notification.")
    notification_actions.mark_read(request.principal, number)
    link = link_of(found.link)
    if link.is_ours and "open" in request.POST:
        return redirect(link.address)
    return redirect(came_from(request, reverse("notifications")))
