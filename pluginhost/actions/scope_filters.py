"""The assets of a project that pass a filter, by adding and taking away sets of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pluginhost.actions import import_assets
from pluginhost.asset_numbers import numbers_of
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Import, Project, Task
from pluginhost.protocol.numbers import NumberSet

LONGEST_TEXT = 1000


def filtered(project: Project, asked: object, path: str = "filter") -> NumberSet:
    """Those that pass all of `{"status": …, "pre_labeled": true|false, "external_id": "a part of it"}`."""
    if not isinstance(asked, dict) or not asked or set(asked) - set(_FILTERS):
        raise _bad(path, f"This must be an object with one or more of {', '.join(_FILTERS)}.")
    found = project.head.numbers
    for name, value in asked.items():
        found = found & _FILTERS[name](project, value, f"{path}.{name}")
    return found


def _by_status(project: Project, value: object, path: str) -> NumberSet:
    """Those to do are the rest: in a project that is being pre-labeled nearly all of them are."""
    if value not in Task.Status.values:
        raise _bad(path, f"This must be {' or '.join(Task.Status.values)}.")
    completed = numbers_of(Task.objects.filter(project=project, status=Task.Status.COMPLETED), "asset__number")
    return completed if value == Task.Status.COMPLETED else project.head.numbers - completed


def _by_pre_label(project: Project, value: object, path: str) -> NumberSet:
    """Those that show pre-labels: any applied import gives them some, and people have not labeled them."""
    if not isinstance(value, bool):
        raise _bad(path, "This must be true or false.")
    given = import_assets.of(Import.objects.filter(project=project, state=Import.State.APPLIED))
    labeled = given - numbers_of(Task.objects.filter(project=project, answer__isnull=False), "asset__number")
    return labeled if value else project.head.numbers - labeled


def _by_external_id(project: Project, value: object, path: str) -> NumberSet:
    if not isinstance(value, str) or not value or len(value) > LONGEST_TEXT or "\0" in value:
        raise _bad(path, f"This must be 1 to {LONGEST_TEXT:,} characters, which are a part of the external id.")
    return numbers_of(Asset.objects.filter(project=project, external_id__icontains=value))


_FILTERS: dict[str, Callable[[Project, Any, str], NumberSet]] = {
    "status": _by_status,
    "pre_labeled": _by_pre_label,
    "external_id": _by_external_id,
}


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
