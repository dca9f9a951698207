"""A plugin's Supervision tab: how its managed script stands, what it prints, and what its owners ask of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import outputs, supervised
from dashboard.forms import refusals
from dashboard.forms.scripts import ScriptForm, allowed_folders, sources, uploads_of, variables_of
from dashboard.views.doors import SignedInRequest, signed_in
from dashboard.views.plugin_page import frame
from pluginhost import access, script_variables
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.errors import Invalid, NotFound, TooLarge
from pluginhost.models import ManagedScript, Plugin, ScriptCode, ScriptEnvironment, ScriptInstance
from pluginhost.principal import Principal

MOST_VERSIONS = 20


@require_GET
@signed_in
def plugin_supervision(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.plugin(request.principal, uid)
    context = frame(request, found, "supervision")
    script = supervised.script_of(found)
    if script is None:
        return render(request, "plugins/supervision_none.html", {**context, "sources": sources()})
    context |= supervised.picture(script, request.GET.get("of", ""))
    context["variables"] = script_variables.names(script)
    context["which"] = which = _which(context["environment"], context["instance"], request.GET.get("of", ""))
    if "X-Live" not in request.headers:  # the viewer keeps itself true
        context |= _viewer(found, which)
    return render(request, "plugins/supervision.html", context)


def _which(made: ScriptEnvironment | None, instance: ScriptInstance | None, asked: str) -> str:
    """The output of the chosen instance; of the environment's making, while that is what there is to see."""
    if made is not None and (asked == outputs.BUILD or (not asked and _is_not_ready(made))):
        return outputs.BUILD
    return str(instance.number if instance else 1)


def _viewer(plugin: Plugin, which: str) -> dict[str, Any]:
    url = reverse("plugin_output", args=[plugin.uid, which])
    socket = f"/ws/plugins/{plugin.uid}/output/{which}/"
    return outputs.viewer(outputs.of_plugin(plugin, which), which, url, socket)


def _is_not_ready(made: ScriptEnvironment) -> bool:
    return made.state != ScriptEnvironment.State.READY


# --- how it is kept ---


@require_http_methods(["GET", "POST"])
@signed_in
def plugin_script_settings(request: SignedInRequest, uid: str) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    script = managed_scripts.of(found)
    form = ScriptForm(request.POST or None, initial=ScriptForm.initial_of(script), source=script.source)
    if request.method == "POST" and form.is_valid():
        fields = form.fields_of()
        if script.source != ManagedScript.Source.DEMO:
            fields["environment"] = variables_of(request.POST, script)
        try:
            managed_scripts.configure(request.principal, found, fields)
        except Invalid as error:
            refusals.show(form, error)
        else:
            messages.success(request, "Saved. What runs is started anew with it.")
            return redirect("plugin_supervision", uid)
    context = {
        **frame(request, found, "supervision"),
        "form": form,
        "script": script,
        "variables": script_variables.names(script),
        "codes": list(ScriptCode.objects.filter(script=script).select_related("added_by")[:MOST_VERSIONS]),
        "sources": sources(),
        "folders": allowed_folders(),
    }
    return render(request, "plugins/script_settings.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def plugin_script_upload(request: SignedInRequest, uid: str) -> HttpResponse:
    """A file, a folder or a zip, as a new version."""
    found = access.owned_plugin(request.principal, uid)
    given = uploads_of(request.FILES, request.POST)
    if not given:
        raise Invalid("Choose a file first: a .py file, a zip, or a folder.")
    try:
        code = script_codes.upload(request.principal, found, given, request.POST.get("entry", ""))
    except TooLarge as error:
        raise Invalid(error.sentence) from None  # said on the page that it came from
    start = "Start it when you like." if not _is_wanted(found) else "What runs is started anew with it."
    messages.success(request, f"Version {code.number} is here: {code.name}, started by {code.entry}. {start}")
    return redirect("plugin_supervision", uid)


def _is_wanted(plugin: Plugin) -> bool:
    return managed_scripts.of(plugin).wanted == ManagedScript.Wanted.RUNNING


@require_POST
@signed_in
def plugin_script_source(request: SignedInRequest, uid: str) -> HttpResponse:
    """A folder on the server, or the demo's script."""
    found = access.owned_plugin(request.principal, uid)
    source = request.POST.get("source", "")
    fields: dict[str, Any] = {"source": source, "entry": request.POST.get("entry", "").strip()}
    if source == ManagedScript.Source.PATH:
        fields["server_path"] = request.POST.get("server_path", "").strip()
    elif source == ManagedScript.Source.DEMO:
        fields["entry"] = managed_scripts.DEMO["entry"]
    else:
        raise Invalid("Choose a folder on the server, or the demo's script.")
    managed_scripts.configure(request.principal, found, fields)
    messages.success(request, "That is its script from now on. Start it when you like.")
    return redirect("plugin_supervision", uid)


@require_POST
@signed_in
def plugin_script_version(request: SignedInRequest, uid: str, number: int) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    code = script_codes.choose(request.principal, found, number)
    messages.success(request, f"Version {code.number} is what runs from now on.")
    return redirect("plugin_supervision", uid)


# --- start and stop ---

Verb = Callable[[Principal, Plugin], object]


def _start_demo(principal: Principal, plugin: Plugin) -> None:
    """From nothing to the demo's script in one click."""
    fields = {"source": ManagedScript.Source.DEMO, "entry": managed_scripts.DEMO["entry"]}
    managed_scripts.configure(principal, plugin, fields)
    managed_scripts.start(principal, plugin)


VERBS: dict[str, tuple[Verb, str]] = {
    "start": (managed_scripts.start, "It is started, and kept running from now on."),
    "stop": (managed_scripts.stop, "It is told to stop."),
    "restart": (managed_scripts.restart, "It is stopped, and begun anew."),
    "start-once": (managed_scripts.start_once, "One more try: should it not stay up, it has given up again at once."),
    "start-demo": (_start_demo, "The demo's script is started, and kept running from now on."),
    "remove": (managed_scripts.remove, "The script, its versions and its starts are forgotten."),
}


@require_POST
@signed_in
def plugin_script_verb(request: SignedInRequest, uid: str, verb: str) -> HttpResponse:
    found = access.owned_plugin(request.principal, uid)
    if verb not in VERBS:
        raise NotFound("There is no such thing to do with a script.")
    act, done = VERBS[verb]
    act(request.principal, found)
    messages.success(request, done)
    return redirect("plugin_supervision", uid)
