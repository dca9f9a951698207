"""A plugin's Connections tab: the stays of its scripts, and what its owners may ask of those that are here."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from dashboard import stays
from dashboard.views.doors import SignedInRequest, host_of, signed_in
from dashboard.views.plugin_page import frame
from pluginhost import access
from pluginhost.actions import connection_wishes
from pluginhost.errors import NotFound
from pluginhost.models import Connection
from pluginhost.principal import Principal


@require_GET
@signed_in
def plugin_connections(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.plugin(request.principal, uid)
    page, past = stays.past(found, request.GET)
    context = {
        **frame(request, found, "connections"),
        "present": stays.present(found),
        "refused": stays.refused(found),
        "unknown": stays.unknown(found, request.META.get("REMOTE_ADDR", "")),
        "page": page,
        "past": past,
        "host": host_of(request),
    }
    return render(request, "plugins/connections.html", context)


@require_POST
@signed_in
def connection_drain(request: SignedInRequest, uid: str, number: int) -> HttpResponse:
    return _ask(
        request, uid, number, connection_wishes.drain, "It gets no new sessions; what it is at work on goes on."
    )


@require_POST
@signed_in
def connection_fill(request: SignedInRequest, uid: str, number: int) -> HttpResponse:
    return _ask(request, uid, number, connection_wishes.fill_again, "It gets new sessions again.")


@require_POST
@signed_in
def connection_disconnect(request: SignedInRequest, uid: str, number: int) -> HttpResponse:
    done = "It is kept without work from now on. Its sessions are lost, unless another script of it takes them over."
    return _ask(request, uid, number, connection_wishes.disconnect, done)


def _ask(
    request: SignedInRequest, uid: str, number: int, verb: Callable[[Principal, Connection], None], done: str
) -> HttpResponse:
    plugin = access.owned_plugin(request.principal, uid)
    stay = Connection.objects.select_related("plugin__organization").filter(plugin=plugin, pk=number).first()
    if stay is None:
        raise NotFound("There is no such connection.")
    verb(request.principal, stay)
    messages.success(request, done)
    return redirect("plugin_connections", uid)
