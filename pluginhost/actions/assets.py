"""Adding assets: numbered without gaps, each with its task, placed in batches, a thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from pluginhost import access, file_links, nudge
from pluginhost.actions import audit, batches, bulk, files, scopes
from pluginhost.ids import new_id
from pluginhost.models import Asset, Batch, BatchAsset, Project, ProjectHead, Session, StoredFile, Task
from pluginhost.principal import Principal
from pluginhost.protocol import asset_items
from pluginhost.protocol.asset_items import AssetItem
from pluginhost.protocol.numbers import NumberSet

MOST_AT_ONCE = 100_000
_CHUNK = 1_000
_TASK = (
    "uid", "asset", "project", "status", "stage", "review_status", "priority", "created_by", "created_at", "updated_at",
)  # fmt: skip
_FRESH = (Task.Status.TODO, Task.LABEL, Task.Review.TODO)


@dataclass(frozen=True)
class Added:
    """What became of a request to add assets, in the order of its items."""

    assets: list[Asset]
    items: list[AssetItem]


def add(
    principal: Principal,
    project: Project,
    items: Sequence[object],
    *,
    in_batches: Sequence[object] = (),
    host: str = "",
    priority: int = 0,
) -> Added:
    """Add the assets that `items` describe (PROTOCOL 2.4). All are checked before the first is stored.

    `in_batches` are the ids or names of the batches for all of them; `host` is where our own files are addressed;
    `priority` is that of their tasks.
    """
    added = add_some(principal, project, items, in_batches=in_batches, host=host, priority=priority)
    write_down(principal, project, len(added.assets))
    return added


def add_some(
    principal: Principal,
    project: Project,
    items: Sequence[object],
    *,
    in_batches: Sequence[object] = (),
    host: str = "",
    priority: int = 0,
) -> Added:
    """As `add`, for who adds many times and writes it down once."""
    if len(items) > MOST_AT_ONCE:
        raise asset_items.bad("assets", f"At most {MOST_AT_ONCE:,} can be added at once.")
    checked = [asset_items.read(item, f"assets[{index}]") for index, item in enumerate(items)]
    owned = with_own_files(principal, project, checked, host)
    common = batches.resolve(project, in_batches, "batches")
    placed = _batches_of(project, owned)
    made: list[Asset] = []
    for start in range(0, len(owned), _CHUNK):
        made += _store(principal, project, owned[start : start + _CHUNK], common, placed, priority)
    return Added(made, owned)


@transaction.atomic
def _store(
    principal: Principal,
    project: Project,
    items: Sequence[AssetItem],
    common: Sequence[Batch],
    placed: dict[Any, Batch],
    priority: int,
) -> list[Asset]:
    head = ProjectHead.objects.select_for_update().get(project=project)
    first, now = head.last_number + 1, timezone.now()
    made = Asset.objects.bulk_create([_asset(project, first + place, item) for place, item in enumerate(items)])
    fresh = (*_FRESH, priority, principal.user.pk, now, now)
    bulk.insert(Task, _TASK, [(new_id(), asset.pk, project.pk, *fresh) for asset in made])
    places = {
        (batch.pk, asset.pk)
        for asset, item in zip(made, items, strict=True)
        for batch in (*common, *(placed[name] for name in item.batches))
    }
    BatchAsset.objects.bulk_create([BatchAsset(batch_id=batch, asset_id=asset) for batch, asset in sorted(places)])
    ProjectHead.objects.filter(pk=head.pk).update(
        last_number=head.last_number + len(made), assets=head.assets + len(made)
    )
    if principal.session is not None:
        _join_scope(principal.session, NumberSet.of(asset.number for asset in made))
    nudge.project(project.pk)
    return made


def _join_scope(session: Session, numbers: NumberSet) -> None:
    """What a session's script adds is the session's to label: a new scope takes the place of the old one."""
    held = Session.objects.select_for_update(of=("self",)).select_related("scope").get(pk=session.pk)
    scope = scopes.keep(held.project, held.scope.numbers | numbers)
    Session.objects.filter(pk=session.pk).update(scope=scope)
    session.scope = scope


def _asset(project: Project, number: int, item: AssetItem) -> Asset:
    return Asset(
        project=project,
        number=number,
        external_id=item.external_id,
        data=item.data,
        data_digest=asset_items.data_digest(item.data),
        dataset=item.dataset,
        metadata=item.metadata,
        context_data=item.context_data,
        attachments=item.attachments,
        storage=item.storage,
    )


def _batches_of(project: Project, items: Sequence[AssetItem]) -> dict[Any, Batch]:
    """The batch for each name or id that any item gives."""
    found: dict[Any, Batch] = {}
    for index, item in enumerate(items):
        for given in item.batches:
            if not isinstance(given, str) or given not in found:
                (found[given],) = batches.resolve(project, [given], f"assets[{index}].batches")
    return found


@transaction.atomic
def write_down(principal: Principal, project: Project, count: int) -> None:
    audit.note(principal, "assets.added", organization=project.organization, target=project, details={"count": count})


# --- our own files ---


def with_own_files(
    principal: Principal, project: Project, items: Sequence[AssetItem], host: str, path: str = "assets"
) -> list[AssetItem]:
    """The items with each address of a file of ours as its bare path, so that it holds under any host name."""
    addresses = list(_own_addresses(items, host, path))
    keys = {key for _, key in addresses}
    known = {stored.key: stored for stored in _files(principal, keys)}
    for path, key in addresses:
        stored = known.get(key)
        if stored is None or stored.project_id not in (None, project.pk):
            raise asset_items.bad(path, "There is no such uploaded file for this project; upload it again.")
        if stored.deleted_at is not None:
            raise asset_items.bad(path, f"This file was deleted: {stored.deleted_why} Upload it again.")
        if stored.size is None:
            raise asset_items.bad(path, "This file was not uploaded: its PUT did not succeed. Upload it again.")
    for stored in known.values():
        if stored.project_id is None:
            files.adopt(stored, project)
    return [_bare(item, host) for item in items] if keys else list(items)


def _files(principal: Principal, keys: set[str]) -> Iterator[StoredFile]:
    """Those of the keys that the principal may hand on."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _CHUNK):
        yield from access.files(principal).filter(key__in=ordered[start : start + _CHUNK])


def _own_addresses(items: Sequence[AssetItem], host: str, path: str) -> Iterator[tuple[str, str]]:
    """(path in the request, key) of everything that addresses a file of ours."""
    for index, item in enumerate(items):
        places = [("data", item.data), *((f"dataset[{page}]", it) for page, it in enumerate(item.dataset or ()))]
        places += [(f"attachments[{at}].value", it["value"]) for at, it in enumerate(item.attachments or ())]
        for name, address in places:
            key = file_links.key_in(address, host)
            if key is not None:
                yield f"{path}[{index}].{name}", key


def _bare(item: AssetItem, host: str) -> AssetItem:
    return replace(
        item,
        data=file_links.bare(item.data, host),
        dataset=[file_links.bare(page, host) for page in item.dataset] if item.dataset else item.dataset,
        attachments=[{**it, "value": file_links.bare(it["value"], host)} for it in item.attachments]
        if item.attachments
        else item.attachments,
    )
