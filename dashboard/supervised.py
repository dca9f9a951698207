"""How a plugin's managed script stands, for its Supervision tab: its instances, its starts, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.utils import timezone

from dashboard.script_changes import Change, changes
from pluginhost import script_rules
from pluginhost.actions import managed_scripts, supervision
from pluginhost.actions.script_starts import wait_after
from pluginhost.models import (
    AuditEvent,
    ManagedScript,
    Plugin,
    ScriptEnvironment,
    ScriptInstance,
    ScriptStart,
)

State = ScriptInstance.State
MOST_STARTS = 20
MOST_EVENTS = 20
_LONG_LADDER = [wait_after(falls) for falls in range(1, 11)]
_WORST = [State.GAVE_UP, State.BACKING_OFF, State.BUILDING, State.STARTING, State.STOPPING, State.UP, State.STOPPED]


@dataclass(frozen=True)
class Step:
    """One wait of the ladder; `place` is past, cur or empty."""

    seconds: int
    place: str


@dataclass(frozen=True)
class Cause:
    """Why it does not stay up: the last line that it wrote, and how often it ended like that lately."""

    line: str
    lines: str
    exit_code: int | None
    alike: int
    of: int


@dataclass(frozen=True)
class Bar:
    """One start as it is drawn."""

    x: int
    y: int
    height: int
    colour: str
    start: ScriptStart


@dataclass(frozen=True)
class Happened:
    at: datetime
    state: str
    words: str
    aside: str = ""


def script_of(plugin: Plugin) -> ManagedScript | None:
    related = ("plugin", "code", "keeper", "changed_by")
    return ManagedScript.objects.select_related(*related).filter(plugin=plugin).first()


def picture(script: ManagedScript, chosen: str) -> dict[str, Any]:
    """All that the tab shows but the output itself."""
    instances = supervision.instances(script)
    instance = _chosen(instances, chosen)
    starts = _starts(instance)
    environment = ScriptEnvironment.objects.filter(script=script).order_by("-began_at", "-id").first()
    newest = starts[0] if starts else None
    good = _last_good(instance, newest)
    state = instance.state if instance else State.STOPPED
    troubled = state in (State.BACKING_OFF, State.GAVE_UP)
    return {
        "script": script,
        "instances": instances,
        "instance": instance,
        "worst": min((State(one.state) for one in instances), key=_WORST.index, default=State.STOPPED),
        "is_unkept": _is_unkept(script),
        "starts": starts,
        "newest": newest,
        "bars": _bars(starts),
        "environment": environment,
        "most_tries": managed_scripts.MOST_TRIES,
        "ladder": _ladder(instance, newest) if instance and troubled else [],
        "cause": _cause(starts) if troubled else None,
        "good": good,
        "changes": _changes(script, good, environment) if troubled else [],
        "happened": _happened(script, starts),
        "refusal": script_rules.refusal(script.source),
    }


def _chosen(instances: Sequence[ScriptInstance], chosen: str) -> ScriptInstance | None:
    """The one that is asked for, or that most wants a look."""
    named = [instance for instance in instances if str(instance.number) == chosen]
    return next(iter(named or sorted(instances, key=lambda one: (_WORST.index(State(one.state)), one.number))), None)


def _starts(instance: ScriptInstance | None) -> list[ScriptStart]:
    if instance is None:
        return []
    related = ("code", "environment", "started_by")
    return list(ScriptStart.objects.filter(instance=instance).select_related(*related)[:MOST_STARTS])


def _last_good(instance: ScriptInstance | None, newest: ScriptStart | None) -> ScriptStart | None:
    """The newest start, before the one that stands, that stayed up for its start time."""
    if instance is None or newest is None:
        return None
    before = ScriptStart.objects.filter(instance=instance, number__lt=newest.number).exclude(up_at=None)
    return before.select_related("code", "environment").first()


def _is_unkept(script: ManagedScript) -> bool:
    """It is to run, and there is nobody to start it."""
    if script.wanted != ManagedScript.Wanted.RUNNING or script_rules.refusal(script.source):
        return False
    return (script.lease_until is None or script.lease_until < timezone.now()) and not supervision.is_anybody_there()


# --- what is wrong ---


def _ladder(instance: ScriptInstance, newest: ScriptStart | None) -> list[Step]:
    """The waits that were, the one that is, and those to come until it gives up (or for ever, each 5 minutes)."""
    tries = instance.tries
    if tries:
        waits = _LONG_LADDER[: managed_scripts.MOST_TRIES - 1]
        now = tries - 1
    else:
        waits, ended = _LONG_LADDER, newest.ended_at if newest else None
        wait = (instance.next_start_at - ended).total_seconds() if instance.next_start_at and ended else 0
        now = min(range(len(waits)), key=lambda place: abs(waits[place] - wait))
    places = ["past" if place < now else "cur" if place == now else "" for place in range(len(waits))]
    return [Step(round(wait), place) for wait, place in zip(waits, places, strict=True)]


def _cause(starts: Sequence[ScriptStart]) -> Cause | None:
    ended = [start for start in starts if start.ended_at is not None]
    if not ended:
        return None
    newest, row = ended[0], list(takewhile(lambda start: not start.was_asked, ended))
    alike = [start for start in row if (_said(start), start.exit_code) == (_said(newest), newest.exit_code)]
    return Cause(_said(newest), newest.last_lines.strip("\n"), newest.exit_code, len(alike), len(row))


def _said(start: ScriptStart) -> str:
    """The last line that it wrote to stderr, or how it ended."""
    lines = [line for line in start.last_lines.splitlines() if line.strip()]
    return lines[-1].strip() if lines else start.reason


def _changes(script: ManagedScript, good: ScriptStart | None, environment: ScriptEnvironment | None) -> list[Change]:
    return changes(script, good, environment) if good else []


# --- what was ---


def _bars(starts: Sequence[ScriptStart]) -> list[Bar]:
    """Oldest first: the height is how long it stayed up, on a scale that shows seconds beside days."""
    now = timezone.now()
    return [_bar(place, start, now) for place, start in enumerate(reversed(starts), MOST_STARTS - len(starts))]


def _bar(place: int, start: ScriptStart, now: datetime) -> Bar:
    seconds = max(((start.ended_at or now) - start.started_at).total_seconds(), 0.0)
    steps = (2, 10, 60, 300, 1_800, 7_200, 43_200, 172_800)
    height = 7 + 6 * sum(seconds >= step for step in steps)
    colour = "s-running" if start.ended_at is None else "s-rest" if start.was_asked else "s-crashed"
    if start.up_at and start.ended_at is not None:
        colour = "s-ok" if start.was_asked or start.exit_code == 0 else "s-partial"
    return Bar(place * 15, 56 - height, height, colour, start)


def _happened(script: ManagedScript, starts: Sequence[ScriptStart]) -> list[Happened]:
    """What people did, and what the script did, in one list, newest first."""
    done = AuditEvent.objects.filter(
        organization=script.plugin.organization_id, target_uid=script.plugin.uid, verb__startswith="script."
    )
    rows = [Happened(event.at, _state_of(event), _did(event)) for event in done.order_by("-id")[:MOST_EVENTS]]
    for start in starts:
        rows.append(
            Happened(start.started_at, "running", f"Start {start.number}", f"pid {start.pid}" if start.pid else "")
        )
        if start.ended_at is not None:
            rows.append(Happened(start.ended_at, "cancelled" if start.was_asked else "crashed", start.reason))
    return sorted(rows, key=lambda row: row.at, reverse=True)[:MOST_EVENTS]


def _state_of(event: AuditEvent) -> str:
    return "crashed" if event.verb == "script.gave_up" else "queued"


_DID = {
    "script.configured": "changed how it is kept",
    "script.uploaded": "uploaded version {number}, «{name}»",
    "script.version_chosen": "went to version {number}",
    "script.started": "had it start",
    "script.stopped": "had it stop",
    "script.restarted": "had it restart",
    "script.started_once": "had it start once more",
    "script.removed": "removed a script",
    "script.gave_up": "gave up on instance {instance}",
}


def _did(event: AuditEvent) -> str:
    words = _DID.get(event.verb, event.verb.partition(".")[2].replace("_", " "))
    fields = event.details.get("fields")
    told = words.format_map({"number": "?", "name": "?", "instance": "?", **event.details})
    return f"{event.actor_name} {told}" + (f": {', '.join(fields).replace('_', ' ')}" if fields else "")
