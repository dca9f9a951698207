"""A script whose session is reviewed first notices nothing: it reads what it sent, and nobody else does."""

from __future__ import annotations

import io
import json
import zipfile
from urllib.parse import urlsplit

import pytest
from django.test import Client

from pluginhost.actions import ledger
from pluginhost.models import Import, Session

from . import makers
from .v2 import by_session, by_user, item, send

CAR, BUS = "c" * 24, "b" * 24


@pytest.fixture
def script_and_session(alice, project, plugin):
    return by_session(alice, project, plugin, review_first=True)


@pytest.fixture
def script(script_and_session, project):
    """It has sent a car for the first asset."""
    v2, _ = script_and_session
    send(v2, project, item(1))
    return v2


def tools(v2, project, number=1):
    tasks = v2.data(f"project/{project.uid}/tasks", {"limit": 100})["tasks"]
    (task,) = [one for one in tasks if one["externalId"] == f"image_{number:04}.jpg"]
    return [one["schemaId"] for one in task["answer"]["tools"]], task["isPreLabeled"]


def labeled(v2, project, **query):
    return [one["externalId"][6:10] for one in v2.data(f"project/{project.uid}/assets", query)["assets"]]


def test_it_works(alice, script, project):
    assert tools(script, project) == ([CAR], True)
    assert tools(by_user(alice), project) == ([], False)


def test_one_task_shows_it_too(script, project):
    task = project.tasks.get(asset__number=1)
    assert len(script.data(f"task/{task.uid}")["task"]["answer"]["tools"]) == 1


def test_assets_say_so_and_are_found_by_it(alice, script, project):
    for v2, found in ((script, ["0001"]), (by_user(alice), [])):
        assets = v2.data(f"project/{project.uid}/assets", {"limit": 100})["assets"]
        assert [one["externalId"][6:10] for one in assets if one["isPreLabeled"]] == found
        assert labeled(v2, project, filters=json.dumps({"isPreLabeled": True})) == found
        tasks = v2.data(f"project/{project.uid}/tasks", {"filter": json.dumps({"isPreLabeled": True})})
        assert tasks["total"] == len(found)


def test_an_export_with_its_key_has_it(alice, script, project):
    for v2, found in ((script, 1), (by_user(alice), 0)):
        data = v2.data("export", {"project": project.uid, "format": "json", "includeMetadata": "true"})
        address = urlsplit(data["exportPath"])
        body = b"".join(Client().get(f"{address.path}?{address.query}").streaming_content)
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            tasks = json.loads(archive.read(archive.namelist()[0]))
        assert sum(len(one["task"]["tools"]) for one in tasks) == found


def test_what_is_sent_again_is_unchanged(script, project):
    assert send(script, project, item(1))["unchanged"] == 1


def test_what_it_sends_later_takes_the_place_of_the_earlier(script, project):
    send(script, project, item(1, makers.box(BUS)))
    assert tools(script, project) == ([BUS], True)


def test_it_stands_where_it_will_once_it_is_applied(alice, plugin, project, script):
    """In the place of what the plugin had given before, beside what others gave."""
    applied, _ = by_session(alice, project, plugin)
    send(applied, project, item(1, makers.box(BUS)))
    send(by_user(alice), project, item(1, makers.box(BUS)))
    assert tools(script, project) == ([BUS, CAR], True)


def test_another_sessions_script_does_not_see_it(alice, script, plugin, project):
    other, _ = by_session(alice, project, plugin, review_first=True)
    assert tools(other, project) == ([], False)


def test_what_was_discarded_is_gone_for_the_script_too(alice, script, project):
    ledger.flip(makers.principal(alice), "discard", Import.objects.get())
    assert tools(script, project) == ([], False)


def test_the_reply_is_that_of_any_import(script_and_session, project):
    v2, session = script_and_session
    assert send(v2, project, item(1), item(2))["project"] == "2 / 2 tasks are labeled."
    assert Session.objects.get(pk=session.pk).accepted == 2
