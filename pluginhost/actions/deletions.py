"""Taking assets away for good, with their tasks, pre-labels, issues and histories.

Their numbers are never given again, and whoever counts assets leaves them out: sessions' scopes, reads and pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F

from pluginhost import nudge
from pluginhost.actions import audit
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Import, PreLabel, Project, ProjectHead
from pluginhost.principal import Principal
from pluginhost.protocol.numbers import NumberSet

MOST_AT_ONCE = 100_000
_CHUNK = 200
_LOOKED_UP = 1_000
_TRIES = 3


def delete_assets(principal: Principal, project: Project, uids: Sequence[str]) -> int:
    """Delete the assets, some at a time so that nobody is held up; Invalid, and none, when one is not there."""
    if len(uids) > MOST_AT_ONCE:
        raise Invalid(f"assets: At most {MOST_AT_ONCE:,} can be deleted at once.")
    numbers = _numbers(project, list(dict.fromkeys(uids)))
    count = 0
    try:
        for start in range(0, len(numbers), _CHUNK):
            count += _delete_surely(project, numbers[start : start + _CHUNK])
    finally:  # also when it breaks off: what is gone is gone
        if count:
            _write_down(principal, project, count)
    return count


def _numbers(project: Project, uids: Sequence[str]) -> list[int]:
    known: dict[str, int] = {}
    for start in range(0, len(uids), _LOOKED_UP):
        found = Asset.objects.filter(project=project, uid__in=uids[start : start + _LOOKED_UP])
        known.update(found.values_list("uid", "number"))
    missing = next((place for place, uid in enumerate(uids) if uid not in known), None)
    if missing is not None:
        message = f"There is no asset {uids[missing][:60]} in this project (any more); nothing was deleted."
        raise Invalid(f"assets[{missing}]: {message}", [{"path": f"assets[{missing}]", "message": message}])
    return sorted(known.values())


def _delete_surely(project: Project, numbers: Sequence[int]) -> int:
    """Once more when somebody added to an asset between our looking and our deleting."""
    for _ in range(_TRIES - 1):
        try:
            return _delete(project, numbers)
        except IntegrityError:
            continue
    return _delete(project, numbers)


@transaction.atomic
def _delete(project: Project, numbers: Sequence[int]) -> int:
    head = ProjectHead.objects.select_for_update().get(project=project)
    found = dict(Asset.objects.filter(project=project, number__in=numbers).values_list("pk", "number"))
    live = PreLabel.objects.filter(asset__in=found, origin__state=Import.State.APPLIED, is_unchanged=False)
    labeled = live.values("asset").distinct().count()
    Asset.objects.filter(pk__in=found).delete()
    ProjectHead.objects.filter(pk=head.pk).update(
        assets=F("assets") - len(found),
        pre_labeled=F("pre_labeled") - labeled,
        deleted_numbers=(head.deleted | NumberSet.of(found.values())).to_bytes(),
        # A place in the order of imports: one that is being received now counts anew what it is first on.
        last_applied=F("last_applied") + 1,
    )
    nudge.project(project.pk)
    return len(found)


@transaction.atomic
def _write_down(principal: Principal, project: Project, count: int) -> None:
    audit.note(principal, "assets.deleted", organization=project.organization, target=project, details={"count": count})
