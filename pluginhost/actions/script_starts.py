"""What becomes of a managed script's instances. Only who keeps the script writes here: each word is a conditional
UPDATE that asks for the keeper, so that one who lost its lease cannot speak for another's processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit, managed_scripts, notifications
from pluginhost.models import (
    ManagedScript,
    ScriptCode,
    ScriptEnvironment,
    ScriptInstance,
    ScriptStart,
    ServerProcess,
)

State = ScriptInstance.State
Restart = ManagedScript.Restart
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0
HEALTHY = timedelta(minutes=10)
MOST_STARTS = 500
"""So many of an instance's starts are kept: one that falls over all day makes three hundred."""
_LOOKED_AT = 12


@dataclass(frozen=True)
class Ended:
    """How a process ended. `code` is None where nobody knows; `was_asked` when it had been told to."""

    code: int | None
    was_asked: bool
    reason: str
    last_lines: str = ""


def have_instances(script: ManagedScript) -> None:
    """A row for each instance that is wanted."""
    known = set(ScriptInstance.objects.filter(script=script).values_list("number", flat=True))
    missing = set(range(1, script.instances_wanted + 1)) - known
    ScriptInstance.objects.bulk_create(
        [ScriptInstance(script=script, number=number) for number in sorted(missing)], ignore_conflicts=True
    )


def note(keeper: ServerProcess, instance: ScriptInstance, state: str, reason: str = "", **facts: object) -> bool:
    """Where an instance stands; False when the script is not the keeper's any more."""
    with transaction.atomic():
        moved = ScriptInstance.objects.filter(pk=instance.pk, script__keeper=keeper).update(
            state=state, reason=reason[:500], changed_at=timezone.now(), **facts
        )
        if moved:
            nudge.script(instance.script.plugin_id)
    return bool(moved)


def note_building(keeper: ServerProcess, instance: ScriptInstance) -> bool:
    return note(keeper, instance, State.BUILDING, next_start_at=None, **_of_this_revision(instance))


def _of_this_revision(instance: ScriptInstance) -> dict[str, Any]:
    """What fell over before a change says nothing of what comes after it."""
    now = instance.script.revision
    return {"revision": now} if instance.revision in (0, now) else {"revision": now, "tries": 0}


@transaction.atomic
def note_starting(
    keeper: ServerProcess,
    instance: ScriptInstance,
    environment: ScriptEnvironment | None,
    code: ScriptCode | None,
    now: datetime,
) -> ScriptStart | None:
    """A start, before its process is there; None when the script is not the keeper's any more."""
    script = instance.script
    if not note(keeper, instance, State.STARTING, next_start_at=None, **_of_this_revision(instance)):
        return None
    ScriptStart.objects.filter(instance=instance, ended_at=None).update(ended_at=now, reason="Nobody saw its end.")
    last = ScriptStart.objects.filter(instance=instance).aggregate(last=Max("number"))["last"] or 0
    ScriptStart.objects.filter(instance=instance, number__lte=last - MOST_STARTS).delete()
    return ScriptStart.objects.create(
        instance=instance,
        number=last + 1,
        revision=script.revision,
        code=code,
        environment=environment,
        keeper=keeper,
        started_at=now,
        started_by=script.changed_by,
    )


def note_pid(start: ScriptStart, pid: int) -> None:
    with transaction.atomic():
        ScriptStart.objects.filter(pk=start.pk).update(pid=pid)
        nudge.script(start.instance.script.plugin_id)


@transaction.atomic
def note_up(keeper: ServerProcess, start: ScriptStart, now: datetime) -> None:
    """It has stayed up for its start time: the start was a success."""
    if note(keeper, start.instance, State.UP, tries=0):
        ScriptStart.objects.filter(pk=start.pk).update(up_at=now)


@transaction.atomic
def note_ended(keeper: ServerProcess, start: ScriptStart, ended: Ended, now: datetime) -> str:
    """Write its end down, and what comes next: a wait, a stop, or giving up. Gives that, in a sentence."""
    moved = ScriptStart.objects.filter(pk=start.pk, ended_at=None).update(
        ended_at=now,
        exit_code=ended.code,
        was_asked=ended.was_asked,
        reason=ended.reason[:500],
        last_lines=ended.last_lines[-10_000:],
    )
    start.refresh_from_db()
    instance = ScriptInstance.objects.select_related("script__plugin__owner").get(pk=start.instance_id)
    if not moved or instance.script.keeper_id != keeper.pk:
        return ""
    return _go_on(keeper, instance, start, ended, now)


def note_not_started(keeper: ServerProcess, instance: ScriptInstance, reason: str, *, is_final: bool) -> None:
    """It could not even be begun. `is_final`: nor will it be, until something is changed."""
    tries = managed_scripts.MOST_TRIES if is_final else instance.tries + 1
    _back_off(keeper, instance, reason, tries, timezone.now(), falls=tries)


def _go_on(keeper: ServerProcess, instance: ScriptInstance, start: ScriptStart, ended: Ended, now: datetime) -> str:
    script = instance.script
    if ended.was_asked:
        note(keeper, instance, State.STOPPED, ended.reason, revision=0, tries=0, next_start_at=None)
        return ""
    if script.restart == Restart.NEVER or (script.restart == Restart.ON_FAILURE and ended.code == 0):
        policy = Restart(script.restart).label.lower()
        note(keeper, instance, State.STOPPED, f"{ended.reason} It is not restarted: its policy is «{policy}».")
        return "Not restarted."
    tries = 0 if start.up_at else instance.tries + 1
    return _back_off(keeper, instance, ended.reason, tries, now, falls=_falls(start))


def _back_off(
    keeper: ServerProcess, instance: ScriptInstance, reason: str, tries: int, now: datetime, *, falls: int
) -> str:
    if tries >= managed_scripts.MOST_TRIES:
        return _give_up(keeper, instance, reason, tries)
    wait = wait_after(falls)
    note(keeper, instance, State.BACKING_OFF, reason, tries=tries, next_start_at=now + timedelta(seconds=wait))
    return f"Next start in {wait:g} s."


def _give_up(keeper: ServerProcess, instance: ScriptInstance, reason: str, tries: int) -> str:
    script = instance.script
    if note(keeper, instance, State.GAVE_UP, reason, tries=tries, revision=script.revision, next_start_at=None):
        audit.note(
            None,
            "script.gave_up",
            organization=script.plugin.organization,
            target=script.plugin,
            details={"instance": instance.number, "reason": reason[:300]},
        )
        notifications.tell_gave_up(script.plugin, reason)
    return "Given up."


def wait_after(falls: int) -> float:
    """Seconds until the next start, after so many ends in a row: 1, 2, 4 … 300."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(max(falls, 1) - 1, 20))


def _falls(start: ScriptStart) -> int:
    """How many starts in a row, this one included, ended by themselves since one that had been healthy for long."""
    falls = 0
    rows = ScriptStart.objects.filter(instance=start.instance_id, revision=start.revision).order_by("-number")
    for began, ended, was_asked in rows.values_list("started_at", "ended_at", "was_asked")[:_LOOKED_AT]:
        if was_asked or ended is None:
            break
        falls += 1
        if ended - began >= HEALTHY:
            break
    return max(1, falls)


@transaction.atomic
def take_over(script: ManagedScript, now: datetime) -> None:
    """Who kept it before is gone, and its processes with it: what it could not write down any more."""
    open_starts = ScriptStart.objects.filter(instance__script=script, ended_at=None)
    open_starts.update(ended_at=now, was_asked=True, reason="It ended with its supervisor.")
    moved = (
        ScriptInstance.objects.filter(script=script)
        .filter(state__in=[*ScriptInstance.ALIVE, State.BUILDING])
        .update(state=State.STOPPED, reason="Its supervisor ended.", revision=0, changed_at=now)
    )
    if moved:
        nudge.script(script.plugin_id)
    ScriptEnvironment.objects.filter(script=script, state=ScriptEnvironment.State.BUILDING).update(
        state=ScriptEnvironment.State.FAILED, ended_at=now, reason="Its supervisor ended while it was made."
    )
