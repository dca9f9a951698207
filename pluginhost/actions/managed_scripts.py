"""What owners want of a plugin's managed script: how it is kept, and that it runs, stops, or starts once more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from pluginhost import nudge, script_files, script_rules, script_variables
from pluginhost.actions import audit
from pluginhost.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from pluginhost.models import ManagedScript, Plugin, ScriptInstance
from pluginhost.principal import Principal

State = ScriptInstance.State
Source, Wanted = ManagedScript.Source, ManagedScript.Wanted
MOST_TRIES = 6
LONGEST_REQUIREMENTS = 100_000
DEMO = {
    "entry": "shape_finder.py",
    "requirements": "",
    "environment_encrypted": "",
    "working_directory": "",
    "server_path": "",
}


def of(plugin: Plugin) -> ManagedScript:
    """The plugin's managed script; NotFound when it has none."""
    script = ManagedScript.objects.select_related("plugin", "code").filter(plugin=plugin).first()
    if script is None:
        raise NotFound("This plugin has no managed script yet. Upload one on its tab «Supervision».")
    return script


@transaction.atomic
def configure(principal: Principal, plugin: Plugin, fields: Mapping[str, Any]) -> ManagedScript:
    """Set how the script is kept; what is not named stays. A running one is started anew. Invalid says what is wrong.

    `environment` maps names to values, None for a value that stays; a name that is left out goes.
    """
    script = locked(plugin) or ManagedScript(plugin=plugin, source=Source.UPLOADED)
    refuse_unless_allowed(str(fields.get("source", script.source)))
    values = _checked(fields, script)
    changed = {name: value for name, value in values.items() if script.pk is None or getattr(script, name) != value}
    if not changed and script.pk is not None:
        return script
    change(principal, script, changed)
    names = sorted("environment" if name == "environment_encrypted" else name for name in changed)
    note(principal, "script.configured", plugin, fields=names)
    return of(plugin)


def change(principal: Principal, script: ManagedScript, values: Mapping[str, Any]) -> None:
    """Write it down as a new revision: what runs is brought to it."""
    facts = {**values, "changed_at": timezone.now(), "changed_by": principal.user}
    if script.pk is None:
        for name, value in facts.items():
            setattr(script, name, value)
        script.save(force_insert=True)
    else:
        ManagedScript.objects.filter(pk=script.pk).update(**facts, revision=F("revision") + 1)
    nudge.script(script.plugin_id)


@transaction.atomic
def start(principal: Principal, plugin: Plugin) -> ManagedScript:
    """Have it run from now on. One that gave up, or had ended for good, is begun anew."""
    script = _startable(plugin)
    was_wanted = script.wanted == Wanted.RUNNING
    ScriptInstance.objects.filter(script=script, state__in=[State.STOPPED, State.GAVE_UP, State.BACKING_OFF]).update(
        state=State.STOPPED, reason="", revision=0, tries=0, next_start_at=None
    )
    _want(principal, script, Wanted.RUNNING)
    note(principal, "script.started", plugin, again=was_wanted)
    return of(plugin)


@transaction.atomic
def stop(principal: Principal, plugin: Plugin) -> ManagedScript:
    """Have it end: the stop signal, its patience, then the kill of all that it has started."""
    script = _known(plugin)
    _want(principal, script, Wanted.STOPPED)
    note(principal, "script.stopped", plugin)
    return of(plugin)


@transaction.atomic
def restart(principal: Principal | None, plugin: Plugin, why: str = "") -> ManagedScript:
    """Have it end and begin anew. With no principal Pluginhost itself does, and says why."""
    script = _startable(plugin)
    ManagedScript.objects.filter(pk=script.pk).update(revision=F("revision") + 1, wanted=Wanted.RUNNING)
    nudge.script(plugin.pk)
    note(principal, "script.restarted", plugin, **({"why": why} if why else {}))
    return of(plugin)


@transaction.atomic
def start_once(principal: Principal, plugin: Plugin) -> ManagedScript:
    """One more try of a script that gave up: should it not stay up, it has given up again at once."""
    script = _startable(plugin)
    moved = ScriptInstance.objects.filter(script=script, state__in=[State.GAVE_UP, State.BACKING_OFF]).update(
        state=State.STOPPED, reason="", revision=0, tries=MOST_TRIES - 1, next_start_at=None
    )
    if not moved:
        raise Conflict("It has not given up: it runs, or was stopped. «Start» and «Restart» are what you want.")
    _want(principal, script, Wanted.RUNNING)
    note(principal, "script.started_once", plugin)
    return of(plugin)


@transaction.atomic
def remove(principal: Principal, plugin: Plugin) -> None:
    """Forget the script, its versions and its starts. It must have been stopped before."""
    script = _known(plugin)
    if ScriptInstance.objects.filter(script=script).exclude(state__in=[State.STOPPED, State.GAVE_UP]).exists():
        raise Conflict("It is still running. Stop it first, then remove it.")
    ManagedScript.objects.filter(pk=script.pk).update(code=None)
    script.delete()
    transaction.on_commit(lambda: shutil.rmtree(script_files.folder(plugin.uid), ignore_errors=True))
    nudge.script(plugin.pk)
    note(principal, "script.removed", plugin)


def note(principal: Principal | None, verb: str, plugin: Plugin, **details: object) -> None:
    audit.note(principal, verb, organization=plugin.organization, target=plugin, details=details)


def refuse_unless_allowed(source: str) -> None:
    if why := script_rules.refusal(source):
        raise Forbidden(why)


def locked(plugin: Plugin) -> ManagedScript | None:
    return ManagedScript.objects.select_for_update().filter(plugin=plugin).first()


def _known(plugin: Plugin) -> ManagedScript:
    return locked(plugin) or of(plugin)


def _startable(plugin: Plugin) -> ManagedScript:
    """One that may run here, and has something to run."""
    script = _known(plugin)
    refuse_unless_allowed(script.source)
    if script.source == Source.UPLOADED and script.code_id is None:
        raise Conflict("There is nothing to start yet: upload a script first.")
    return script


def _want(principal: Principal, script: ManagedScript, wanted: str) -> None:
    ManagedScript.objects.filter(pk=script.pk).update(
        wanted=wanted, changed_at=timezone.now(), changed_by=principal.user
    )
    nudge.script(script.plugin_id)


# --- what may stand in the fields ---


def _checked(fields: Mapping[str, Any], script: ManagedScript) -> dict[str, Any]:
    """The given fields as they are stored; Invalid with all that is wrong."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in fields.items():
        try:
            if name == "environment":
                stored = script_variables.reveal(script)
                wanted = script_variables.checked(value, stored)
                if wanted != stored:
                    values["environment_encrypted"] = script_variables.hide(wanted)
            elif name in _CHECKS:
                values[name] = _CHECKS[name](value)
        except ValueError as error:
            errors.append({"path": name, "message": str(error)})
    if not errors:
        errors = _errors_of_place(values, script)
    if errors:
        raise Invalid(f"{errors[0]['path']}: {errors[0]['message']}", errors)
    return values


def _errors_of_place(values: dict[str, Any], script: ManagedScript) -> list[FieldError]:
    """Where it lies, and what of it is started: must be there."""
    source = values.get("source", script.source)
    if source == Source.DEMO:
        return _settle_demo(values, script)
    entry = values.get("entry", script.entry)
    try:
        if source == Source.PATH:
            folder = script_rules.folder_on_server(values.get("server_path", script.server_path))
        elif script.code is None:
            return []
        else:
            folder = script_files.code_of(script, script.code)
    except ValueError as error:
        return [{"path": "server_path", "message": str(error)}]
    if not entry or not (folder / entry).is_file():
        return [{"path": "entry", "message": f"There is no file «{entry}» in the script's folder."}]
    if not (folder / values.get("working_directory", script.working_directory)).is_dir():
        return [{"path": "working_directory", "message": "There is no such folder in the script's folder."}]
    return []


def _settle_demo(values: dict[str, Any], script: ManagedScript) -> list[FieldError]:
    """The demo's script is ours and runs as it is: what it is started with would be somebody's own program."""
    named = [name for name in DEMO if values.get(name, "") not in ("", DEMO[name])]
    if named:
        return [
            {"path": name.removesuffix("_encrypted"), "message": "The demo's script runs as it is; this cannot be set."}
            for name in named
        ]
    values |= DEMO
    return []


def relative(value: object) -> str:
    """A path that stays below the folder it is said of."""
    text = value.strip() if isinstance(value, str) else ""
    path = PurePosixPath(text)
    if not isinstance(value, str) or path.is_absolute() or ".." in path.parts or "\\" in text or "\0" in text:
        raise ValueError("This must be a path inside the script's folder.")
    if len(text) > 300:
        raise ValueError("This path is longer than 300 characters.")
    return "" if text in ("", ".") else str(path)


def _one_of(choices: list[str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in choices:
            raise ValueError(f"This must be one of {', '.join(choices)}.")
        return str(value)

    return check


def _number(least: int, most: int, *, may_miss: bool = False) -> Callable[[object], int | None]:
    def check(value: object) -> int | None:
        if may_miss and value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"This must be a whole number from {least:,} to {most:,}.")
        return value

    return check


def _requirements(value: object) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > LONGEST_REQUIREMENTS:
        raise ValueError(f"This must be text of at most {LONGEST_REQUIREMENTS:,} characters, as in a requirements.txt.")
    return value.replace("\r\n", "\n").strip()


def _server_path(value: object) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > 1000:
        raise ValueError("This must be the path of a folder.")
    return value.strip()


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("This must be true or false.")
    return value


_CHECKS: dict[str, Callable[[object], Any]] = {
    "source": _one_of(Source.values),
    "server_path": _server_path,
    "entry": relative,
    "requirements": _requirements,
    "working_directory": relative,
    "restart": _one_of(ManagedScript.Restart.values),
    "stop_signal": _one_of(ManagedScript.StopSignal.values),
    "patience_s": _number(0, 600),
    "start_s": _number(1, 600),
    "memory_limit_mb": _number(16, 1_048_576, may_miss=True),
    "cpu_limit_s": _number(1, 10_000_000, may_miss=True),
    "instances_wanted": _number(1, ManagedScript.MOST_INSTANCES),
    "restarts_on_cancel": _flag,
}
