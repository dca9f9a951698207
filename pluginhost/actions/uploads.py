"""Files that people upload on the page: places for many at once, and assets of those that arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from pluginhost import file_links
from pluginhost.actions import asset_lists, files
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Project, StoredFile
from pluginhost.principal import Principal
from pluginhost.protocol import asset_items, asset_kinds

MOST_AT_ONCE = 200
LISTS = "lists"
"""The kind of a stored file that lists assets and is none itself."""


@dataclass(frozen=True)
class Uploaded:
    """A stored file and the external ID that its asset is to have."""

    key: str
    external_id: str


@dataclass
class Outcome:
    """What became of some uploads, by their keys."""

    added: int = 0
    ranges: list[tuple[int, int]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def reserve(principal: Principal, project: Project, names: Sequence[str]) -> list[StoredFile]:
    """A place for each file; they are filled one by one, and whoever is not filled costs nothing but its row."""
    if len(names) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} places can be asked for at once.")
    return [files.reserve(principal, project, name) for name in names]


@transaction.atomic
def reserve_list(principal: Principal, project: Project, name: str) -> StoredFile:
    """A place for a list of assets. The earlier ones of this person for this project have served their time."""
    for earlier in StoredFile.objects.filter(project=project, kind=LISTS, created_by=principal.user):
        files.remove(earlier)
        earlier.delete()
    stored = files.reserve(principal, project, name)
    StoredFile.objects.filter(pk=stored.pk).update(kind=LISTS)
    return stored


def add(
    principal: Principal,
    project: Project,
    given: Sequence[Uploaded],
    *,
    in_batch: str = "",
    skips_known: bool = True,
) -> Outcome:
    """Make assets of uploaded files. Sent twice it adds nothing twice: what is an asset already counts as added."""
    outcome = Outcome()
    stored = {file.key: file for file in _own(principal, project, [one.key for one in given])}
    there = _are_assets(project, list(stored))
    items = []
    for one in {one.key: one for one in given}.values():
        why = _refusal(stored.get(one.key), one)
        if why:
            outcome.refused[one.key] = why
        elif one.key in there:
            outcome.added += 1
        else:
            items.append({"data": file_links.PREFIX + one.key, "externalId": one.external_id})
    done = asset_lists.add(principal, project, items, in_batch=in_batch, skips_known=skips_known)
    outcome.added, outcome.ranges = outcome.added + done.added, done.ranges
    if done.skipped:
        left = set(_are_assets(project, list(stored))) | set(outcome.refused)
        outcome.skipped = [one.key for one in given if one.key not in left]
    return outcome


def _own(principal: Principal, project: Project, keys: list[str]) -> list[StoredFile]:
    if len(keys) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} uploads can be added at once.")
    return list(StoredFile.objects.filter(project=project, created_by=principal.user, kind="assets", key__in=keys))


def _are_assets(project: Project, keys: list[str]) -> set[str]:
    """The keys whose files are assets of the project."""
    by_data = {file_links.PREFIX + key: key for key in keys}
    digests = [asset_items.data_digest(data) for data in by_data]
    found = Asset.objects.filter(project=project, data_digest__in=digests).values_list("data", flat=True)
    return {by_data[data] for data in found if data in by_data}


def _refusal(stored: StoredFile | None, one: Uploaded) -> str:
    if stored is None or stored.deleted_at is not None:
        return "Its place is not there any more; send the file again."
    if stored.size is None:
        return "It did not arrive whole; send it again."
    if why := asset_items.too_long(one.external_id):
        return f"Its name is {why}."
    return asset_kinds.refusal_of_content(stored.key, stored.size, stored.content_type)
