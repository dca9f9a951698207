"""Plugins: the list, registering one, and the tabs of its page but for the Development box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import history
from dashboard.forms import refusals
from dashboard.forms.plugins import DeleteForm, PluginForm, QuarantineForm, RegisterForm
from dashboard.paging import page_of
from dashboard.runs_of_plugins import figures, newest, tapes
from dashboard.standings import standing, with_standing
from dashboard.views.doors import SignedInRequest, asking, signed_in
from dashboard.views.plugin_page import frame
from pluginhost import access
from pluginhost.actions import plugins as actions
from pluginhost.errors import Forbidden, Invalid
from pluginhost.models import Session
from pluginhost.prepared import Prepared

if TYPE_CHECKING:
    from dashboard.standings import StandingPlugin

PAGE = 50
_LAST = 6


# --- the list ---


@require_GET
@signed_in
def plugins(request: SignedInRequest) -> HttpResponse:
    """Online ones first; search and filter stand in the address."""
    asked, state = request.GET.get("q", "").strip()[:200], request.GET.get("state", "")
    visible = with_standing(access.plugins(request.principal)).select_related("owner")
    found = _filtered(visible, asked, state, request).order_by("-is_online", "name", "id")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = _rows(request, list(page.object_list))
    context = {
        "page": page,
        "rows": rows,
        "q": asked,
        "state": state,
        "counts": _counts(visible, request),
        "figures": figures(newest(access.sessions(request.principal))),
        "may_register": access.organizations(request.principal, access.MANAGER).exists(),
    }
    return render(request, "plugins/list.html", context)


def _filtered(
    visible: QuerySet[StandingPlugin], asked: str, state: str, request: SignedInRequest
) -> QuerySet[StandingPlugin]:
    if asked:
        owner = Q(owner__username__icontains=asked) | Q(owner__first_name__icontains=asked)
        owner |= Q(owner__last_name__icontains=asked)
        visible = visible.filter(Q(name__icontains=asked) | Q(class_names__icontains=asked) | Q(uid=asked) | owner)
    if state in ("online", "offline"):
        visible = visible.filter(is_online=state == "online")
    if state == "mine":
        visible = visible.filter(owner=request.user)
    return visible


def _counts(visible: QuerySet[StandingPlugin], request: SignedInRequest) -> dict[str, int]:
    rows = list(visible.order_by().values_list("scripts", "owner"))
    return {
        "all": len(rows),
        "online": sum(scripts > 0 for scripts, _ in rows),
        "scripts": sum(scripts for scripts, _ in rows),
        "mine": sum(owner == request.user.pk for _, owner in rows),
    }


def _rows(request: SignedInRequest, found: list[StandingPlugin]) -> list[dict[str, Any]]:
    drawn = tapes(access.sessions(request.principal), found)
    return [
        {
            "plugin": plugin,
            "standing": standing(plugin),
            "tape": drawn[plugin.pk],
            "last": drawn[plugin.pk][-1] if drawn[plugin.pk] else None,
        }
        for plugin in found
    ]


@require_http_methods(["GET", "POST"])
@signed_in
def plugin_new(request: SignedInRequest) -> HttpResponse:
    organizations = access.organizations(request.principal, access.MANAGER)
    if not organizations.exists():
        raise Forbidden("Registering a plugin takes the role manager in an organization. Ask one of its owners.")
    form = RegisterForm(request.POST or None, organizations=organizations)
    if request.method == "POST" and form.is_valid():
        try:
            plugin = actions.register(request.principal, form.organization_of(), form.fields_of())
        except Invalid as error:
            refusals.show(form, error)
        else:
            messages.success(request, f"{plugin.name} is registered. Now connect its script.")
            return redirect("plugin_development", plugin.uid)
    status = 422 if form.errors else 200
    return render(request, "plugins/new.html", {"form": form}, status=status)


# --- the page's tabs ---


@require_GET
@signed_in
def plugin(request: SignedInRequest, uid: str) -> HttpResponse:
    """The Overview tab; until a script has connected for the first time, Development is the first one."""
    found = access.plugin(request.principal, uid)
    context = frame(request, found, "overview")
    if not context["standing"].has_connected and not context["sessions_count"]:
        return redirect("plugin_development", uid)
    runs = access.sessions(request.principal).filter(plugin=found)
    queue = _QUEUE.objects(request.user.pk, found.pk)
    queued = runs.filter(state=Session.State.QUEUED)
    context |= {
        "figures": figures(runs),
        "tape": tapes(runs, [found])[found.pk],
        "last_sessions": history.say_what_they_wait_for(_NEWEST.objects(request.user.pk, found.pk)),
        "queue": history.say_what_they_wait_for(queue),
        "queued": len(queue) if len(queue) < _LAST else queued.count(),
        "running": runs.filter(state__in=Session.HELD).count(),
    }
    return render(request, "plugins/overview.html", context)


def _rows_of(user: int, plugin: int) -> QuerySet[Session]:
    return history.for_rows(access.sessions(asking(user)).filter(plugin=plugin))


_NEWEST = Prepared(lambda user, plugin: _rows_of(user, plugin).order_by("-id")[:_LAST], 2)
_QUEUE = Prepared(
    lambda user, plugin: _rows_of(user, plugin).filter(state=Session.State.QUEUED).order_by("id")[:_LAST], 2
)


@require_GET
@signed_in
def plugin_sessions(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.plugin(request.principal, uid)
    runs = history.for_rows(access.sessions(request.principal).filter(plugin=found))
    page = page_of(runs, request.GET, key="id", size=PAGE, newest_first=True)
    rows = history.say_what_they_wait_for(page.rows)
    return render(request, "plugins/sessions.html", {**frame(request, found, "sessions"), "page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@signed_in
def plugin_settings(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    form = PluginForm(request.POST or None, initial=PluginForm.initial_of(found))
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(request.principal, found, form.fields_of())
        except Invalid as error:
            refusals.show(form, error)
        else:
            messages.success(request, "Saved. Sessions that were asked for before keep what they were asked with.")
            return redirect("plugin_settings", uid)
    context = {**frame(request, found, "settings"), "form": form}
    return render(request, "plugins/settings.html", context, status=422 if form.errors else 200)


# --- what owners do ---


@require_POST
@signed_in
def plugin_quarantine(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    form = QuarantineForm(request.POST)
    if not form.is_valid():
        raise Invalid("The reason may have 300 characters.")
    actions.quarantine(request.principal, found, form.cleaned_data["reason"])
    messages.success(request, f"{found.name} is quarantined: its scripts stay connected and get no work.")
    return redirect("plugin_settings", uid)


@require_POST
@signed_in
def plugin_release(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    actions.release(request.principal, found)
    messages.success(request, f"{found.name} is released: its scripts get work again.")
    return redirect("plugin_settings", uid)


@require_POST
@signed_in
def plugin_delete(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    form = DeleteForm(request.POST, plugin=found)
    if not form.is_valid():
        raise Invalid(str(form.errors["typed_name"][0]))
    actions.delete(request.principal, found)
    messages.success(request, f"{found.name} was deleted. Its sessions stay in the run history.")
    return redirect("plugins")
