"""The Python environments of managed scripts: which is being made, which is ready, which could not be made."""

from __future__ import annotations

import shutil

from django.db import transaction
from django.utils import timezone

from pluginhost import nudge, script_files
from pluginhost.models import ManagedScript, ScriptEnvironment

State = ScriptEnvironment.State
KEPT = 3


def find(script: ManagedScript, digest: str) -> ScriptEnvironment | None:
    return ScriptEnvironment.objects.filter(script=script, digest=digest).first()


@transaction.atomic
def begin(script: ManagedScript, digest: str, requirements: str) -> ScriptEnvironment:
    """It is being made from now on; also again, where that went wrong or was broken off."""
    facts = {"state": State.BUILDING, "began_at": timezone.now(), "ended_at": None, "reason": "", "packages": ""}
    made, _ = ScriptEnvironment.objects.update_or_create(
        script=script, digest=digest, defaults={**facts, "requirements": requirements}
    )
    nudge.script(script.plugin_id)
    return made


@transaction.atomic
def note_ready(script: ManagedScript, made: ScriptEnvironment, packages: str) -> None:
    """Scripts can be started with it. Those before it are forgotten, but for a few to go back to."""
    _end(script, made, State.READY, packages=packages)
    transaction.on_commit(lambda: _forget_old(script, made))


@transaction.atomic
def note_failed(script: ManagedScript, made: ScriptEnvironment, reason: str) -> None:
    _end(script, made, State.FAILED, reason=reason[:500])


def _end(script: ManagedScript, made: ScriptEnvironment, state: str, **facts: str) -> None:
    ScriptEnvironment.objects.filter(pk=made.pk, state=State.BUILDING).update(
        state=state, ended_at=timezone.now(), **facts
    )
    nudge.script(script.plugin_id)


def _forget_old(script: ManagedScript, newest: ScriptEnvironment) -> None:
    """Each may be gigabytes. An old start keeps its row, and says no more what it was started with."""
    others = ScriptEnvironment.objects.filter(script=script).exclude(pk=newest.pk).order_by("-began_at")
    for old in list(others)[KEPT - 1 :]:
        shutil.rmtree(script_files.environment(script.plugin.uid, old.digest), ignore_errors=True)
        old.delete()
