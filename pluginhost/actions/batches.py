"""Batches: made by name, never taken away by a client's list, and given to assets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from pluginhost import nudge
from pluginhost.actions import audit
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Batch, BatchAsset, Project
from pluginhost.principal import Principal
from pluginhost.protocol.storable import clean_text

LONGEST_NAME = 200
MOST_BATCHES = 10_000


@transaction.atomic
def upsert(principal: Principal, project: Project, names: Sequence[object], path: str = "batches") -> list[Batch]:
    """The batches of these names, in their order; those that are missing are made, none is taken away."""
    wanted = list(dict.fromkeys(_name(name, f"{path}[{index}].name") for index, name in enumerate(names)))
    known = {batch.name: batch for batch in Batch.objects.filter(project=project, name__in=wanted)}
    missing = [name for name in wanted if name not in known]
    if missing and Batch.objects.filter(project=project).count() + len(missing) > MOST_BATCHES:
        raise _bad(path, f"A project has at most {MOST_BATCHES:,} batches.")
    # Two clients may make the same batch at once; the one that comes second finds the first one's.
    Batch.objects.bulk_create([Batch(project=project, name=name) for name in missing], ignore_conflicts=True)
    if missing:
        audit.note(
            principal,
            "project.batches_made",
            organization=project.organization,
            target=project,
            details={"names": missing[:50]},
        )
        nudge.project(project.pk)
        known = {batch.name: batch for batch in Batch.objects.filter(project=project, name__in=wanted)}
    return [known[name] for name in wanted]


def resolve(project: Project, given: Iterable[object], path: str) -> list[Batch]:
    """The project's batches that were named, by id or by name, each once. Invalid names the first unknown one."""
    wanted = list(dict.fromkeys(_word(value, path) for value in given))
    if not wanted:
        return []
    by_uid = {batch.uid: batch for batch in Batch.objects.filter(project=project, uid__in=wanted)}
    by_name = {batch.name: batch for batch in Batch.objects.filter(project=project, name__in=wanted)}
    for word in wanted:
        if word not in by_uid and word not in by_name:
            raise _bad(path, f"There is no batch «{word[:80]}» in this project; make it first.")
    return list(dict.fromkeys(by_uid.get(word) or by_name[word] for word in wanted))


@transaction.atomic
def assign(principal: Principal, project: Project, assets: Sequence[Asset], batches: Sequence[Batch]) -> int:
    """Put the assets into the batches, beside those that they are in; how many assets that were."""
    place(assets, batches)
    audit.note(
        principal,
        "assets.batches_assigned",
        organization=project.organization,
        target=project,
        details={"assets": len(assets), "batches": [batch.uid for batch in batches]},
    )
    nudge.project(project.pk)
    return len(assets)


def place(assets: Sequence[Asset], batches: Sequence[Batch]) -> None:
    places = [BatchAsset(batch=batch, asset=asset) for asset in assets for batch in batches]
    BatchAsset.objects.bulk_create(places, ignore_conflicts=True, batch_size=1_000)


def _name(value: object, path: str) -> str:
    name = clean_text(value).strip() if isinstance(value, str) else ""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise _bad(path, f"Give the batch a name of at most {LONGEST_NAME} characters.")
    return name


def _word(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _bad(path, "Batches are given by their ids or names, as text.")
    return clean_text(value).strip()


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
