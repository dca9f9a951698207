"""Attachments: pictures, videos and texts that stand beside an asset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from pluginhost import nudge
from pluginhost.actions import audit
from pluginhost.actions.assets import with_own_files
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Project
from pluginhost.principal import Principal
from pluginhost.protocol import asset_items
from pluginhost.protocol.asset_items import AssetItem
from pluginhost.protocol.storable import clean_text

MOST_ITEMS = 10_000
MOST_OF_ONE = 1_000
_LOOKED_UP = 500


def add(principal: Principal, project: Project, items: object, *, host: str = "") -> int:
    """Add what is new of `[{externalId, attachments: [{type, value}]}]` to every asset that has the external id.

    How many assets got any. Invalid, and nothing is changed, when one of the items is wrong or is for no asset.
    """
    checked = with_own_files(principal, project, _checked(items), host, "attachments")
    assets = _assets(principal, project, [item.external_id for item in checked])
    wanted: dict[int, list[dict[str, str]]] = {}
    for item in checked:
        for pk in assets[item.external_id]:
            wanted.setdefault(pk, []).extend(item.attachments or ())
    keys = sorted(wanted)
    chunks = [{pk: wanted[pk] for pk in keys[start : start + _LOOKED_UP]} for start in range(0, len(keys), _LOOKED_UP)]
    for chunk in chunks:  # all of them, before the first is written
        for asset in _to_change(chunk):
            _with_new(asset, chunk[asset.pk])
    for chunk in chunks:
        _add(project, chunk)
    _write_down(principal, project, len(keys))
    return len(keys)


@transaction.atomic
def _add(project: Project, wanted: Mapping[int, Sequence[dict[str, str]]]) -> None:
    changed = list(_to_change(wanted).select_for_update())
    for asset in changed:
        asset.attachments = _with_new(asset, wanted[asset.pk])
    Asset.objects.bulk_update(changed, ["attachments"])
    nudge.project(project.pk)


def _to_change(wanted: Iterable[int]) -> QuerySet[Asset]:
    return Asset.objects.filter(pk__in=list(wanted)).only("pk", "number", "attachments")


def _with_new(asset: Asset, wanted: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """What the asset has, and what of `wanted` is new to it; Invalid when these are too many."""
    known = asset.attachments or []
    fresh = [it for place, it in enumerate(wanted) if it not in known and it not in wanted[:place]]
    if len(known) + len(fresh) > MOST_OF_ONE:
        raise _bad("attachments", f"Asset {asset.number} would have more than {MOST_OF_ONE:,} attachments.")
    return [*known, *fresh]


def _checked(items: object) -> list[AssetItem]:
    if not isinstance(items, list) or not items:
        raise _bad("attachments", "This must be a list of at least one object with externalId and attachments.")
    if len(items) > MOST_ITEMS:
        raise _bad("attachments", f"At most {MOST_ITEMS:,} items can be sent at once.")
    return [_item(item, f"attachments[{index}]") for index, item in enumerate(items)]


def _item(item: Any, path: str) -> AssetItem:
    external_id = item.get("externalId") if isinstance(item, dict) else None
    if not isinstance(external_id, str) or not external_id:
        raise _bad(f"{path}.externalId", "Give the asset's external id.")
    found = asset_items.attachments(item.get("attachments"), f"{path}.attachments")
    if not found:
        raise _bad(f"{path}.attachments", "Give at least one attachment with type and value.")
    return AssetItem(
        data="",
        external_id=clean_text(external_id),
        dataset=None,
        metadata=None,
        context_data=None,
        attachments=found,
        storage="",
        batches=[],
        classifications=[],
    )


def _assets(principal: Principal, project: Project, names: Sequence[str]) -> dict[str, list[int]]:
    """The assets of each external id; of a session's key, those in its scope."""
    scope = principal.session.scope.numbers if principal.session is not None else None
    wanted = list(dict.fromkeys(names))
    found: dict[str, list[int]] = {}
    for start in range(0, len(wanted), _LOOKED_UP):
        known = Asset.objects.filter(project=project, external_id__in=wanted[start : start + _LOOKED_UP])
        for name, pk, number in known.values_list("external_id", "pk", "number"):
            if scope is None or number in scope:
                found.setdefault(name, []).append(pk)
    missing = next((place for place, name in enumerate(names) if name not in found), None)
    if missing is not None:
        where = "this project" if scope is None else "the scope of this session"
        message = f"No asset in {where} has the external id «{names[missing][:100]}»."
        raise _bad(f"attachments[{missing}].externalId", message)
    return found


@transaction.atomic
def _write_down(principal: Principal, project: Project, count: int) -> None:
    details: dict[str, object] = {"assets": count}
    audit.note(
        principal, "assets.attachments_added", organization=project.organization, target=project, details=details
    )


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
