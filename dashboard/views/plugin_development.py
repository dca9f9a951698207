"""A plugin's Development box: what a script connects with, whether it has, and who was turned away."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.first_contact import contact_of
from dashboard.forms.plugins import KEEP_OLD, RotateForm
from dashboard.snippets import CLIENTS, exports, snippets
from dashboard.views.doors import SignedInRequest, host_of, signed_in
from dashboard.views.plugin_page import frame
from pluginhost import access
from pluginhost.actions import plugins as actions
from pluginhost.errors import Invalid
from pluginhost.models import AuditEvent, Plugin


@require_GET
@signed_in
def plugin_development(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.plugin(request.principal, uid)
    return _development(request, found)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def plugin_secret(request: SignedInRequest, uid: str) -> HttpResponse:
    """Reveal the secret, which the audit trail keeps; as JSON to the page's script, else on the page itself."""
    found = access.owned_plugin(request.principal, uid)
    if request.method == "GET":
        return redirect("plugin_development", uid)
    secret = actions.reveal_secret(request.principal, found)
    if request.accepts("text/html"):
        return _development(request, found, secret)
    return JsonResponse({"secret": secret})


@require_POST
@signed_in
def plugin_rotate(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    form = RotateForm(request.POST)
    if not form.is_valid():
        raise Invalid(str(form.errors["keep_old_for_s"][0]))
    keep = form.cleaned_data["keep_old_for_s"]
    actions.rotate_secret(request.principal, found, keep)
    until = f"The old one is good for {dict(KEEP_OLD)[keep]} more." if keep else "The old one is no longer good."
    messages.success(request, f"There is a new secret. {until} Reveal it and put it into the script.")
    return redirect("plugin_development", uid)


def _development(request: SignedInRequest, plugin: Plugin, secret: str = "") -> HttpResponse:
    host = host_of(request)
    context = {
        **frame(request, plugin, "development"),
        "host": host,
        "secret": secret,
        "clients": CLIENTS,
        "snippets": snippets(host, plugin.uid, secret),
        "exports": exports(host, plugin.uid, secret),
        "keep_old": KEEP_OLD,
        "last_reveal": _last_reveal(plugin),
        "contact": contact_of(plugin, access.sessions(request.principal)),
    }
    return render(request, "plugins/development.html", context)


def _last_reveal(plugin: Plugin) -> AuditEvent | None:
    known = AuditEvent.objects.filter(organization=plugin.organization_id, target_uid=plugin.uid)
    return known.filter(verb="plugin.secret_revealed").first()
