"""Assets, as the client reads and adds them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from pluginhost import access, file_links, prelabels, task_history
from pluginhost.actions import assets as actions
from pluginhost.actions import batches as batch_actions
from pluginhost.actions import deletions, imports, tasks
from pluginhost.errors import Invalid
from pluginhost.ids import is_id
from pluginhost.models import Asset, BatchAsset, PreLabel, Project, Session, TaskStep
from pluginhost.protocol import moments, stages
from pluginhost.protocol.storable import clean_text

from .door import Answer, Call
from .pages import OfAssets, among, in_batches, page_of
from .query import boolean, refused

_Row = namedtuple(  # a page of models takes twice as long
    "_Row",
    "pk uid number external_id data dataset metadata context_data attachments storage created_at "
    "task__pk task__uid task__status task__stage",
)


def listing(call: Call, uid: str) -> Answer:
    """GET project/{id}/assets"""
    project = access.project(call.principal, uid)
    chosen, is_filtered = _chosen(call, project)
    page = page_of(call, project, chosen, is_filtered=is_filtered, newest_first=False)
    return {"assets": _written(call, project, page.numbers), "total": page.total}


def _chosen(call: Call, project: Project) -> tuple[QuerySet[Asset], bool]:
    """The assets that pass the filters, and whether there are any filters. Unknown ones are ignored."""
    asked = {name: value for name, value in call.query.json("filters").items() if value not in (None, "", [])}
    for name in ("_id", "externalId", "isPreLabeled"):
        if (value := call.query.text(name)) is not None:
            asked.setdefault(name, value)
    asked.setdefault("batches", [])
    listed = asked["batches"] if isinstance(asked["batches"], list) else [asked["batches"]]
    listed = [*listed, *call.query.words("batches", "tags", "tag")]
    narrowings = [_FILTERS[name](value, call.session) for name, value in asked.items() if name in _FILTERS]
    chosen = access.assets(call.principal, project)
    for narrowing in narrowings:
        chosen = chosen.filter(narrowing)
    batches = batch_actions.resolve(project, listed, "batches")
    return in_batches(chosen, batches), bool(narrowings or batches)


def is_pre_labeled(session: Session | None, asset: str = "pk", task: str = "task") -> Q:
    """Assets with a pre-label that counts for who asks, which people have not labeled."""
    counting = prelabels.counting("origin__", session.pk if session else None)
    rows = PreLabel.objects.filter(counting, asset=OuterRef(asset), is_unchanged=False)
    return Q(Exists(rows)) & Q(**{f"{task}__answer__isnull": True} if task else {"answer__isnull": True})


def _by_id(value: object, _: Session | None) -> Q:
    return Q(uid__in=[uid for uid in _texts(value, "_id") if is_id(uid)])


def _by_external_id(value: object, _: Session | None) -> Q:
    return Q(external_id__in=_texts(value, "externalId"))


def _by_pre_label(value: object, session: Session | None) -> Q:
    return is_pre_labeled(session) if boolean(value, "isPreLabeled") else ~is_pre_labeled(session)


_FILTERS = {"_id": _by_id, "externalId": _by_external_id, "isPreLabeled": _by_pre_label}


def _texts(value: object, name: str) -> list[str]:
    """One text or several; the operators `$eq` and `$in` are understood."""
    if isinstance(value, dict):
        value = value.get("$in", value.get("$eq"))
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str | int) and not isinstance(text, bool) for text in values):
        raise refused(name, "This must be text.")
    return [clean_text(str(text)) for text in values]


# --- how an asset is written ---


def _written(call: Call, project: Project, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The assets with these numbers, in as many queries however many they are."""
    known = OfAssets(project, numbers)
    rows = [_Row(*row) for row in known.rows(_rows)]
    labeled = {asset for (asset,) in known.rows_for(call.session, _labeled)}
    places = batches_of(known)
    histories = histories_of(known)
    names = stages.known(project.stages)
    return [
        _asset(call, project, row, places.get(row.pk, []), row.pk in labeled)
        | {"labelTasks": [_label_task(row, names, histories.get(row.task__pk, []))]}
        for row in rows
    ]


def _rows(project: int, *bounds: int) -> QuerySet[Any, Any]:
    return Asset.objects.filter(among("", *bounds), project=project).order_by("number").values_list(*_Row._fields)


def _labeled(session: int | None, project: int, *bounds: int) -> QuerySet[Any, Any]:
    return prelabels.pre_labeled(among("asset__", *bounds) & Q(asset__project=project), session)


def batches_of(known: OfAssets) -> dict[int, list[str]]:
    """The ids of the batches that each asset is in."""
    found: dict[int, list[str]] = {}
    for asset, uid in known.rows(_places):
        found.setdefault(asset, []).append(uid)
    return found


def _places(project: int, *bounds: int) -> QuerySet[Any, Any]:
    places = BatchAsset.objects.filter(among("asset__", *bounds), asset__project=project)
    return places.order_by("batch__name", "batch").values_list("asset_id", "batch__uid")


def histories_of(known: OfAssets) -> dict[int, list[TaskStep]]:
    """The steps of those tasks that have a history: nearly none, while scripts pre-label."""
    moved = {task for (task,) in known.rows(_moved)}
    return task_history.histories(moved) if moved else {}


def _moved(project: int, *bounds: int) -> QuerySet[Any, Any]:
    steps = TaskStep.objects.filter(among("task__asset__", *bounds), task__asset__project=project)
    return steps.order_by().values_list("task_id")


def _asset(call: Call, project: Project, asset: _Row, batches: list[str], is_labeled: bool) -> dict[str, Any]:
    return {
        "_id": asset.uid,
        "externalId": asset.external_id,
        "data": reachable(call, asset.data),
        "dataset": [reachable(call, page) for page in asset.dataset or ()],
        "project": project.uid,
        "storage": asset.storage or None,
        "batches": batches,
        "tags": batches,
        "attachments": [{**it, "value": reachable(call, it["value"])} for it in asset.attachments or ()],
        "metadata": asset.metadata or {},
        "contextData": asset.context_data or {},
        "createdAt": moments.text_of(asset.created_at),
        "isPreLabeled": is_labeled,
    }


def _label_task(row: _Row, names: Mapping[str, str], steps: Sequence[TaskStep]) -> dict[str, Any]:
    return {
        "_id": row.task__uid,
        "status": row.task__status,
        "stage": names.get(row.task__stage, row.task__stage),
        "stageId": row.task__stage,
        "stageHistory": task_history.stage_history(steps, names),
    }


def reachable(call: Call, address: str) -> str:
    """An address that the script can fetch: our own files get a token, signed anew in each answer."""
    if address.startswith(file_links.PREFIX):
        return file_links.shown_link(call.base, address.removeprefix(file_links.PREFIX))
    return address


# --- adding and taking away ---


def cloud(call: Call, uid: str) -> Answer:
    """POST project/{id}/cloud"""
    project = access.project(call.principal, uid, need=call.writer)
    body = call.body()
    items = body.get("assets")
    if not isinstance(items, list):
        raise Invalid("assets: This must be a list.", [{"path": "assets", "message": "This must be a list."}])
    common = call.query.words("batches", "tags", "tag")
    priority = 0 if body.get("priority") is None else tasks.checked_priority(body["priority"])
    added = actions.add(call.principal, project, items, in_batches=common, host=call.host, priority=priority)
    labels = [
        {"_id": asset.uid, "classifications": item.classifications}
        for asset, item in zip(added.assets, added.items, strict=True)
        if item.classifications
    ]
    outcome = imports.receive(call.principal, project, labels, host=call.host) if labels else None
    count = len(added.assets)
    return {
        "assets": f"{count} / {count} assets are uploaded.",
        "assetsCreated": count,
        "tasksCreated": count,
        "preLabelsCount": len(labels),
        "validPreLabelsCount": outcome.counts.accepted if outcome else 0,
        "ids": [asset.uid for asset in added.assets[:1000]],
    }


def delete(call: Call, uid: str) -> Answer:
    """DELETE project/{id}/assets: for good, with all that hangs on them."""
    project = access.project(call.principal, uid)
    call.refuse_session_key("delete assets")
    project = access.project(call.principal, uid, need=access.MANAGER)
    body = call.body()
    uids = body.get("assets")
    if not isinstance(uids, list) or not uids or not all(isinstance(word, str) for word in uids):
        raise refused("assets", "This must be a list of at least one asset id.")
    if body.get("project") not in (None, uid):
        raise refused("project", "This is another project than the one in the address.")
    return {"assets": deletions.delete_assets(call.principal, project, uids)}
