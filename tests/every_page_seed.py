"""What the server of `every_page` is filled with: something of everything, and long names."""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from typing import Any

from django.utils import timezone

from pluginhost import script_files, script_output, script_variables
from pluginhost.actions import files, reports, uploads
from pluginhost.models import (
    Connection,
    Import,
    ManagedScript,
    Member,
    Plugin,
    ScriptCode,
    ScriptInstance,
    ScriptStart,
    Session,
    StoredFile,
    Task,
    User,
)

from . import makers

LONG = "A name that somebody wrote without thinking of telephones, with_a_part_that_cannot_be_broken_anywhere_at_all"


def tell() -> None:
    """Runs inside the server's own environment; prints the worlds."""
    sys.stdout.write(json.dumps(worlds()) + "\n")


def worlds() -> dict[str, Any]:
    admin = User.objects.get(username="admin")
    organization = Member.objects.get(user=admin, role="owner").organization
    vera, emma = makers.make_user("vera"), makers.make_user("emma")
    makers.organizations.set_member(organization, vera, "viewer")
    parts = full(admin, organization)
    empty = makers.make_organization(emma)
    nothing = makers.projects.create(makers.principal(emma), empty, "Nothing yet")
    bare = makers.make_plugin(emma, empty, name="Bare", class_names=[])
    makers.enable(nothing, bare)
    unfilled = {"organization": empty.uid, "project": nothing.uid, "plugin": bare.uid, "scriptless": bare.uid}
    return {
        "owner": {"username": "admin", "password": "a password for tests", "parts": parts},
        "viewer": {"username": "vera", "password": makers.PASSWORD, "parts": parts},
        "beginner": {"username": "emma", "password": makers.PASSWORD, "parts": unfilled},
    }


def full(admin: User, organization: Any) -> dict[str, str]:
    plugin = makers.make_plugin(admin, organization, name="Detector", class_names=["Car", "Bus", LONG])
    scripted = makers.make_plugin(admin, organization, name=LONG)
    scriptless = makers.make_plugin(admin, organization, name="No script")
    project = makers.make_project(admin, organization, assets=45)
    makers.make_project(admin, organization, name=LONG)
    project.assets.filter(number=2).update(external_id=f"{LONG}.jpg")
    project.assets.filter(number=3).update(data="Once upon a time. " * 40)
    Task.objects.filter(asset__project=project, asset__number=4).update(status="Completed", stage="Complete")
    night = makers.make_batch(project, "night", range(1, 20))
    makers.make_batch(project, LONG, [])
    session = makers.make_running(admin, project, plugin)
    makers.make_lines(session, 60)
    makers.make_lines(session, 2, level=40, text=f"Traceback {{number}} {LONG}")
    makers.make_import(session, accepted=range(1, 15), rejected=[15, 16])
    Session.objects.filter(pk=session.pk).update(accepted=14, rejected=2, assets_read=20)
    session.refresh_from_db()
    reports.finish(session, None, "text", "**Done** with [a link](https://example.org).", timezone.now())
    running = makers.make_running(admin, project, plugin)
    makers.make_lines(running, 5)
    staged = stage(running)
    queued = makers.make_session(admin, project, plugin, name=LONG)
    keep_a_script(plugin)
    keep_another(admin, scripted)
    refuse_some(plugin)
    made = session.imports.get()
    table = table_of(admin, project)
    return {
        "organization": organization.uid, "project": project.uid, "plugin": plugin.uid, "asset": "1",
        "batch": night.uid, "session": str(session.pk), "running": str(running.pk), "queued": str(queued.pk),
        "import": str(made.pk), "table": table, "staged": str(staged.pk), "scripted": scripted.uid,
        "scriptless": scriptless.uid,
    }  # fmt: skip


def keep_a_script(plugin: Plugin) -> None:
    """One that gave up after many starts."""
    now = timezone.now()
    script = ManagedScript.objects.create(plugin=plugin, source="demo", entry="shape_finder.py", wanted="running")
    instance = ScriptInstance.objects.create(
        script=script, number=1, state="gave_up", tries=6, revision=1, reason=f"It ended with code 1 after 3 s. {LONG}"
    )
    for number in range(1, 24):
        began = now - timedelta(minutes=10 * (24 - number))
        is_good = number < 18
        ended = None if number == 23 else began + timedelta(seconds=300 if is_good else 3)
        ScriptStart.objects.create(
            instance=instance, number=number, revision=1, pid=7_000 + number, started_at=began, ended_at=ended,
            up_at=began if is_good else None, exit_code=0 if is_good else 1, reason=f"It ended. {LONG}",
            last_lines=f"Traceback (most recent call last):\nModuleNotFoundError: No module named '{LONG}'",
        )  # fmt: skip
    folder = script_files.output(plugin.uid, 1)
    folder.mkdir(parents=True)
    with (folder / f"{1:012}{script_output.SUFFIX}").open("wb") as file:
        for number in range(1, 200):
            stream = "oes"[number % 3]
            file.write(script_output.head(number, script_output.moment(now), stream) + f"{number} {LONG}\n".encode())


def keep_another(admin: User, plugin: Plugin) -> None:
    """One that was uploaded, with variables and a version."""
    script = ManagedScript.objects.create(
        plugin=plugin, source="uploaded", entry="main.py", requirements="numpy==1.26.0",
        environment_encrypted=script_variables.hide({"TOKEN": "hush", "A_" + "LONG_" * 12 + "NAME": "hush"}),
    )  # fmt: skip
    code = ScriptCode.objects.create(
        script=script, number=1, name=f"{LONG}.zip", entry="main.py", digest="0" * 64, size=123_456, files=12,
        added_by=admin,
    )  # fmt: skip
    ManagedScript.objects.filter(pk=script.pk).update(code=code)


def refuse_some(plugin: Plugin) -> None:
    """A script whose secret is wrong, and one that has gone."""
    now = timezone.now()
    stays = Connection.objects
    stays.create(
        plugin=plugin, sid="r", state="quarantined", was_accepted=False, address="10.0.0.4", refusals=1_204,
        reason="The secret is wrong. Copy it again from the plugin's page.", transport="websocket",
    )  # fmt: skip
    stays.create(
        plugin=plugin, sid="g", state="closed", was_accepted=True, address="2001:db8::8a2e:370:7334", closed_at=now,
        reason=f"The connection broke. {LONG}", transport="websocket", dialect="pluginhost.client", instance=LONG,
        slowest_ms=1_234.5, told={"version": "1.0.0", "host": LONG, "pid": 12, "python": "3.11.2"},
    )  # fmt: skip


def stage(session: Session) -> Import:
    """Something of every kind waits for review, sure and unsure."""
    shapes: list[dict[str, Any]] = [
        {"schemaId": "c" * 24, "bounding-box": {"x": 40, "y": 60, "width": 200, "height": 120}, "confidence": 0.91},
        {"schemaId": "b" * 24, "bounding-box": {"x": 300, "y": 90, "width": 90, "height": 70}, "confidence": 0.31},
        {"schemaId": "a" * 24, "polygon": [[10, 470], [320, 300], [630, 470]], "score": 0.66},
    ]
    given = {1: shapes, 2: shapes[:1], 3: [{"schemaId": "c" * 24, "ner": {"start": 0, "end": 14}}], 4: []}
    made = makers.make_labels(session.project, given, session.plugin, session)
    Import.objects.filter(pk=made.pk).update(state="staged", applied_seq=None, applied_at=None)
    return made


def table_of(admin: User, project: Any) -> str:
    stored = uploads.reserve_list(makers.principal(admin), project, "a list.csv")
    rows = [f'{n},https://example.org/{n}.jpg,"{LONG}"' for n in range(5)]
    text = "\n".join(["id,url,note", *rows, "6,x,"])
    files.receive(StoredFile.objects.get(pk=stored.pk), io.BytesIO(text.encode()), 10**6)
    return stored.key.partition("/")[0]
