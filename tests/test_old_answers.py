"""Tasks that were completed before completing kept their answer: the migration keeps it, and no undo changes it."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps

from pluginhost.actions import answers, ledger
from pluginhost.models import Import, Task

from . import makers
from .v2 import by_session, item, send

migration = importlib.import_module("pluginhost.migrations.0014_answers_of_completed_tasks")


@pytest.fixture
def task(alice, project, plugin):
    """Completed by an older release: it shows two results of two plugins, and has no answer."""
    other = makers.make_plugin(alice, plugin.organization, name="Other")
    for one, existing, x in ((plugin, "replace", 1), (other, "add", 2), (plugin, "replace", 3), (other, "skip", 4)):
        v2, _ = by_session(alice, project, one, existing=existing)
        send(v2, project, item(1, makers.box(x=x)), item(2))
    Task.objects.filter(asset__number=1).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    return Task.objects.get(asset__number=1)


def test_it_works(task):
    migration.keep_answers(apps, None)
    kept = Task.objects.get(pk=task.pk)
    assert [tool["bounding-box"]["x"] for tool in kept.answer["tools"]] == [2, 3]
    assert kept.updated_at == task.updated_at


def test_it_is_what_completing_would_have_kept(task):
    migration.keep_answers(apps, None)
    kept = Task.objects.get(pk=task.pk).answer
    Task.objects.filter(pk=task.pk).update(answer=None)
    answers.fix([task])
    assert task.answer == kept


def test_an_undo_leaves_it_as_it_is(alice, task):
    migration.keep_answers(apps, None)
    kept = Task.objects.get(pk=task.pk).answer
    for imported in Import.objects.filter(state="applied"):
        assert ledger.flip(makers.principal(alice), "undo", imported).worked_on == [1]
    assert Task.objects.get(pk=task.pk).answer == kept


def test_others_are_left_alone(task):
    untouched = Task.objects.exclude(pk=task.pk)
    untouched.filter(asset__number=3).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    migration.keep_answers(apps, None)
    assert not untouched.filter(answer__isnull=False).exists()
