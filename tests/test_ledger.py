"""Applying, discarding, undoing and redoing imports: a flip of state, at once and whole."""

from __future__ import annotations

import pytest

from pluginhost import prelabels
from pluginhost.actions import ledger
from pluginhost.errors import Conflict
from pluginhost.models import Asset, Import, ProjectHead

from . import makers
from .v2 import by_session, item, send


def shown(project, number):
    asset = Asset.objects.get(project=project, number=number)
    found = prelabels.live([asset.pk]).get(asset.pk)
    return None if found is None else found["objects"]


def pre_labeled(project):
    return ProjectHead.objects.values_list("pre_labeled", flat=True).get(project=project)


@pytest.fixture
def sent(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2, makers.box(), makers.box("b" * 24)))
    return Import.objects.get()


def test_it_works(alice, project, sent):
    flip = ledger.undo(makers.principal(alice), sent)
    assert (flip.imports, flip.assets, flip.objects, flip.worked_on) == (1, 2, 3, [])
    assert shown(project, 1) is None
    assert pre_labeled(project) == 0
    ledger.redo(makers.principal(alice), sent)
    assert shown(project, 1) == [makers.box()]
    assert pre_labeled(project) == 2


def test_what_is_undone_cannot_be_undone_again(alice, project, sent):
    ledger.undo(makers.principal(alice), sent)
    with pytest.raises(Conflict, match="is undone; only one that is applied can be undone"):
        ledger.undo(makers.principal(alice), sent)
