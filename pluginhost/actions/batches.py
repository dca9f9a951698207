"""Batches: made by name, never taken away by a client's list, and given to assets.

What touches many assets goes through them by number, `_CHUNK` in a transaction, so that logs and claims go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from pluginhost import nudge
from pluginhost.actions import audit
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Asset, Batch, BatchAsset, Project
from pluginhost.principal import Principal
from pluginhost.protocol.storable import clean_text

LONGEST_NAME = 200
MOST_BATCHES = 10_000
_CHUNK = 1_000


@transaction.atomic
def upsert(principal: Principal, project: Project, names: Sequence[object], path: str = "batches") -> list[Batch]:
    """The batches of these names, in their order; those that are missing are made, none is taken away."""
    wanted = list(dict.fromkeys(_name(name, f"{path}[{index}].name") for index, name in enumerate(names)))
    if len(wanted) > MOST_BATCHES:  # before they all go into a query
        raise _bad(path, f"A project has at most {MOST_BATCHES:,} batches.")
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
    if len(wanted) > MOST_BATCHES:
        raise _bad(path, f"A project has at most {MOST_BATCHES:,} batches; name fewer.")
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


# --- what people do with them on the pages ---


def make(principal: Principal, project: Project, name: str) -> Batch:
    """A new batch; Conflict when there is one of this name."""
    if Batch.objects.filter(project=project, name=_name(name, "name")).exists():
        raise _taken()
    return upsert(principal, project, [name], "name")[0]


def rename(principal: Principal, batch: Batch, name: str) -> Batch:
    """Give it another name; Conflict when another batch has it."""
    wanted, before = _name(name, "name"), batch.name
    try:
        with transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(name=wanted)
            _note(principal, batch.project, "batch.renamed", {"batch": batch.uid, "before": before, "after": wanted})
    except IntegrityError:
        raise _taken() from None
    batch.name = wanted
    return batch


def delete(principal: Principal, batch: Batch) -> None:
    """Take the batch away; its assets stay."""
    count = sum(_empty(batch))
    with transaction.atomic():
        Batch.objects.filter(pk=batch.pk).delete()  # with whoever was put into it meanwhile
        details = {"batch": batch.uid, "name": batch.name, "assets": count}
        _note(principal, batch.project, "batch.deleted", details)


def fill(principal: Principal, project: Project, batch: Batch, chosen: QuerySet[Asset]) -> int:
    """Put the chosen assets into the batch; how many of them were not in it."""
    count = sum(_put(batch, assets) for assets in _chunks(chosen))
    with transaction.atomic():
        _note(principal, project, "batch.filled", {"batch": batch.uid, "name": batch.name, "assets": count})
    return count


def take_out(principal: Principal, project: Project, batch: Batch, chosen: QuerySet[Asset]) -> int:
    """Take the chosen assets out of the batch; how many of them were in it."""
    count = sum(_take(batch, assets) for assets in _chunks(chosen))
    with transaction.atomic():
        _note(principal, project, "batch.emptied", {"batch": batch.uid, "name": batch.name, "assets": count})
    return count


def _chunks(chosen: QuerySet[Asset]) -> Iterator[list[int]]:
    """The ids of the chosen assets; by number, so that it does not matter whether a change alters the choice."""
    after = 0
    while rows := list(chosen.filter(number__gt=after).order_by("number").values_list("number", "pk")[:_CHUNK]):
        yield [pk for _, pk in rows]
        after = rows[-1][0]


@transaction.atomic
def _put(batch: Batch, assets: list[int]) -> int:
    places = BatchAsset.objects.filter(batch=batch, asset=OuterRef("pk"))
    missing = Asset.objects.filter(pk__in=assets).exclude(Exists(places)).values_list("pk", flat=True)
    made = [BatchAsset(batch=batch, asset_id=asset) for asset in missing]
    BatchAsset.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


@transaction.atomic
def _take(batch: Batch, assets: list[int]) -> int:
    return BatchAsset.objects.filter(batch=batch, asset__in=assets).delete()[0]


def _empty(batch: Batch) -> Iterator[int]:
    places = BatchAsset.objects.filter(batch=batch).order_by("pk").values_list("pk", flat=True)
    while found := list(places[:_CHUNK]):
        with transaction.atomic():
            count, _ = BatchAsset.objects.filter(pk__in=found).delete()
        yield count


def _note(principal: Principal, project: Project, verb: str, details: dict[str, object]) -> None:
    audit.note(principal, verb, organization=project.organization, target=project, details=details)
    nudge.project(project.pk)


def _taken() -> Conflict:
    return Conflict("There is a batch of this name already.")


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
