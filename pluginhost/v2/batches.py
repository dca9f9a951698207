"""Batches, which the older clients call tags. Every shape that any client sends works at once (PROTOCOL 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluginhost import access
from pluginhost.actions import batches as actions
from pluginhost.errors import Invalid
from pluginhost.ids import is_id
from pluginhost.models import Asset, Batch, Project

from .door import Answer, Call
from .project import named
from .query import refused

MOST_ASSETS = 100_000


def upsert(call: Call, uid: str) -> Answer:
    """POST batches/{project}: a list with the known ones and new ones, or one name. Nothing is ever taken away.

    The answer has the one that was made under `_id` and `name`, and all of the project under both lists' names.
    """
    project = access.project(call.principal, uid, need=call.writer)
    body = call.body()
    if isinstance(body.get("name"), str):
        made = actions.upsert(call.principal, project, [body["name"]], "name")
    else:
        made = _from_lists(call, project, body)
    batches = named(Batch.objects.filter(project=project))
    one = {"_id": made[-1].uid, "name": made[-1].name} if made else {}
    return {"project": {**one, "tags": batches, "batches": batches}}


def _from_lists(call: Call, project: Project, body: dict[str, Any]) -> list[Batch]:
    lists = [body[name] for name in ("batches", "tags") if body.get(name) is not None]
    if not lists or not all(isinstance(given, list) for given in lists):
        raise refused("batches", "Send a list of batches, or the name of one.")
    known = set(Batch.objects.filter(project=project).values_list("uid", flat=True))
    names = []
    for index, item in enumerate(item for given in lists for item in given):
        name, uid = (item.get("name"), item.get("_id")) if isinstance(item, dict) else (item, None)
        if uid is not None and not isinstance(uid, str):
            raise refused(f"batches[{index}]._id", "The id of a batch must be text.")
        if uid in known and (name is None or isinstance(name, str)):
            continue  # the client repeats what it knows; a renamed one keeps our name
        if not isinstance(name, str):
            raise refused(f"batches[{index}]", "Each batch must be an object with a name.")
        names.append(name)
    return actions.upsert(call.principal, project, names)


def assign(call: Call) -> Answer:
    """POST assignBatches: names or ids of batches, for assets of one project."""
    body = call.body()
    uids = body.get("assets")
    if not isinstance(uids, list) or not uids or not all(isinstance(uid, str) for uid in uids):
        raise refused("assets", "This must be a list of at least one asset id.")
    if len(uids) > MOST_ASSETS:
        raise refused("assets", f"At most {MOST_ASSETS:,} can be assigned at once.")
    project = _project(call, body, uids[0])
    assets = _assets(call, project, list(dict.fromkeys(uids)))
    given = [*_list(body, "batches"), *_list(body, "tags")]
    if not given:
        raise refused("batches", "Name at least one batch.")
    return {"assets": actions.assign(call.principal, project, assets, actions.resolve(project, given, "batches"))}


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name) or []
    if not isinstance(value, list):
        raise refused(name, "This must be a list.")
    return value


def _project(call: Call, body: dict[str, Any], asset_uid: str) -> Project:
    """The project that was named; the older clients name none, and it is the first asset's."""
    uid = body.get("projectId") or body.get("project")
    if not isinstance(uid, str):
        uid = access.asset(call.principal, asset_uid).project.uid
    return access.project(call.principal, uid, need=call.writer)


def _assets(call: Call, project: Project, uids: Sequence[str]) -> list[Asset]:
    found: list[Asset] = []
    for start in range(0, len(uids), 1_000):
        chunk = [uid for uid in uids[start : start + 1_000] if is_id(uid)]
        found += access.assets(call.principal, project).filter(uid__in=chunk)
    if call.session is not None:
        scope = call.session.scope.numbers
        found = [asset for asset in found if asset.number in scope]
    missing = set(uids) - {asset.uid for asset in found}
    if missing:
        shown = next(uid for uid in uids if uid in missing)
        raise Invalid(
            f"assets: There is no asset {shown[:60]} in this project.",
            [{"path": "assets", "message": f"{len(missing):,} of them are not there."}],
        )
    return found
