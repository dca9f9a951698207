"""An import to apply, discard, undo and redo, and what its project has kept about it."""

from __future__ import annotations

import pytest

from pluginhost.models import Import, ProjectHead

from . import makers
from .v2 import by_session, item, send

BUS = "b" * 24


def pre_labeled(project):
    return ProjectHead.objects.values_list("pre_labeled", flat=True).get(project=project)


@pytest.fixture
def sent(alice, project, plugin):
    """An applied import of a running session: a box on the first asset, two on the second."""
    v2, _ = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2, makers.box(), makers.box(BUS)))
    return Import.objects.get()


@pytest.fixture
def staged(alice, project, plugin):
    """The same, waiting for a review."""
    v2, _ = by_session(alice, project, plugin, review_first=True)
    send(v2, project, item(1), item(2, makers.box(), makers.box(BUS)))
    return Import.objects.get()
