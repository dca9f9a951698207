"""`/healthz` and `/readyz`."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import ANY

from django.core.cache import cache
from django.utils import timezone

from pluginhost.actions import processes, supervision
from pluginhost.models import ManagedScript
from pluginhost.tasks.sweeps import SWEPT, sweep


def test_it_is_alive_without_a_database(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_it_is_ready(client, db):
    cache.clear()
    sweep()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    parts = answer.json()
    assert [parts[name]["ok"] for name in ("database", "layer", "worker")] == [True, True, True]
    assert parts["worker"]["swept_seconds_ago"] < 60


def test_a_server_that_has_just_started_is_ready(client, db):
    cache.clear()
    processes.begin()
    assert client.get("/readyz").status_code == 200


def test_it_is_not_ready_when_nobody_sweeps(client, db):
    cache.set(SWEPT, timezone.now() - timedelta(minutes=10))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "error"
    assert "background work stands still" in answer.json()["message"]
    cache.clear()


def test_it_is_not_ready_when_nobody_ever_swept(client, db):
    cache.clear()
    process = processes.begin()
    type(process).objects.filter(pk=process.pk).update(started_at=timezone.now() - timedelta(minutes=10))
    assert client.get("/readyz").status_code == 503


def test_it_is_not_ready_when_scripts_are_to_run_and_nobody_keeps_them(client, plugin):
    cache.clear()
    sweep()
    script = ManagedScript.objects.create(plugin=plugin, source="demo", entry="shape_finder.py")
    assert client.get("/readyz").json()["supervisor"] == {
        "ok": True, "scripts": 0, "supervisors": 0, "seconds": ANY,
    }  # fmt: skip
    ManagedScript.objects.filter(pk=script.pk).update(wanted="running")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "nobody keeps them" in answer.json()["message"]
    processes.begin(supervision.ROLE)
    assert client.get("/readyz").status_code == 200
