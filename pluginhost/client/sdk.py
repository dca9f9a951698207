"""The host's REST API, with the names and calls of the public client's SDK (its newest generation)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

import requests

from .asking import Asking, Refused
from .files import Files
from .models.enums import ReviewStatus, TaskStatus
from .models.export_options import ExportOptions
from .models.task_filter import TaskFilter
from .plain import plain

__all__ = ["SDK", "Refused"]

Json = dict[str, Any]
MOST_ON_A_PAGE = 1_000


class SDK(Files):
    """`SDK(data["apiKey"])` in a callback; `SDK(key, host=…)` with a personal API key anywhere else.

    Each call returns the answer's JSON: `{"status": "success", "data": {…}}`. It raises `Refused` where the host
    refuses, with its status and message. No call waits for ever, and a host that is away for a moment is asked again.
    """

    def __init__(self, api_key: str, host: str | None = None) -> None:
        """`host` as in `run(plugin, host=…)`, which is also its default."""
        self.api_key = api_key
        self.host = (host or os.environ.get("PLUGINHOST_HOST", "")).rstrip("/")
        if not self.host.startswith(("http://", "https://")):
            raise ValueError("The host is missing: give host=, like https://pluginhost.example.org.")
        self.session = requests.Session()
        self._asking = Asking(self.host, api_key, self.session)

    def make_request(self, method: str, endpoint: str, payload: Any = None) -> Any:
        """Any other request: `make_request("GET", "/v2/listProjects?page=1")`."""
        return self._asking.ask(method, endpoint, body=payload)

    # --- projects ---

    def list_projects(self, page: int = 1, limit: int = 10) -> Json:
        """`data.projects`: one page of them, `_id`, `name` and more of each; `data.total`: how many there are."""
        return self._get("/v2/listProjects", page=page, limit=limit)

    def get_project(self, project_id: str) -> Json:
        """`data.project` with `name`, `categorySchema`, `batches`, `stages`."""
        return self._get(f"/v2/project/{project_id}")

    def create_project(self, name: str, description: str = "") -> Json:
        return self._post("/v2/project", {"name": name, "description": description or ""})

    def create_label_set(
        self,
        project_id: str,
        tools: Iterable[Any] | None = None,
        classifications: Iterable[Any] | None = None,
        relations: Iterable[Any] | None = None,
        raw_category_schema: Json | None = None,
    ) -> Json:
        """Set the project's labeling tools: categories of `models.label_category`, or dicts of the same keys."""
        schema = raw_category_schema or {
            "tools": plain(list(tools or [])),
            "classifications": plain(list(classifications or [])),
            "relations": plain(list(relations or [])),
        }
        return self._post(f"/v2/project/{project_id}", {"categorySchema": schema})

    def update_workflow_stages(self, project_id: str, stages: list[Json]) -> Json:
        return self._post(f"/v2/project/{project_id}", {"stages": stages})

    # --- batches ---

    def get_batches(self, project_id: str) -> list[Json]:
        """The project's batches: `[{"_id": text, "name": text}, …]`."""
        return list(self.get_project(project_id)["data"]["project"].get("batches", []))

    def create_batch(self, project_id: str, batch_name: str) -> Json:
        """`data.project`: `_id` and `name` of the batch, also where there was one of this name."""
        return self._post(f"/v2/batches/{project_id}", {"name": batch_name}, is_safe_twice=True)

    def create_batches(self, project_id: str, batch_names: list[str]) -> Any:
        """Make those that are not there yet; nothing is sent when all are."""
        there = self.get_batches(project_id)
        names = {batch["name"] for batch in there}
        missing = [{"name": name} for name in batch_names if name not in names]
        return self._post(f"/v2/batches/{project_id}", {"batches": [*there, *missing]}) if missing else []

    def assign_batches(self, project_id: str, asset_ids: list[str], batches: list[str]) -> Json:
        """Put assets into batches, both by id; they leave the batches that they were in."""
        body = {"assets": asset_ids, "batches": batches, "projectId": project_id}
        return self._post("/v2/assignBatches", body, is_safe_twice=True)

    # --- assets ---

    def get_assets(
        self,
        project_id: str,
        page: int = 1,
        limit: int = 10,
        filters: Json | None = None,
        *,
        asset_id: str | None = None,
        external_id: str | None = None,
    ) -> Json:
        """`data.assets`: one page, with `_id`, `externalId` and `data` (an address); `data.total`: how many there are.

        With a session's key only the assets of its scope. A page has **ten** unless `limit` (to 1,000) says otherwise;
        `all_assets` goes through all of them. `filters` may have `_id`, `externalId`, `isPreLabeled`, `batches`.
        """
        asked = {**(filters or {}), **_given(_id=asset_id, externalId=external_id)}
        return self._get(f"/v2/project/{project_id}/assets", page=page, limit=limit, filters=json.dumps(asked))

    def all_assets(self, project_id: str, filters: Json | None = None, limit: int = MOST_ON_A_PAGE) -> Iterator[Json]:
        """Every asset that the key may see, page by page of `limit`."""
        page, seen, total = 1, 0, 1
        while seen < total:
            data = self.get_assets(project_id, page=page, limit=limit, filters=filters)["data"]
            if not data["assets"]:
                return
            yield from data["assets"]
            page, seen, total = page + 1, seen + len(data["assets"]), data["total"]

    def delete_assets(self, project_id: str, asset_ids: list[str]) -> Json:
        body = {"project": project_id, "assets": asset_ids}
        return self._asking.ask("DELETE", f"/v2/project/{project_id}/assets", body=body)  # type: ignore[no-any-return]

    def create_attachment(self, project_id: str, attachments: list[Json]) -> Json:
        return self._post("/v2/attachments", {"project": project_id, "attachments": attachments})

    # --- pre-labels ---

    def import_labels(self, project_id: str, labels: list[Json]) -> Json:
        """Bring in pre-labels; `data` counts what was accepted and lists what was rejected, each with its reason.

        An item: `{"externalId": text, "objects": [{"schemaId": text, "bounding-box": {"x", "y", "width", "height"}}]}`,
        coordinates in pixels of the image from its upper left corner. NumPy numbers and arrays are converted. In a
        session the same item may be sent twice, it counts once.
        """
        return self._post(
            "/v2/import/labels", {"project": project_id, "jsonContent": plain(labels)}, is_safe_twice=True
        )

    # --- tasks ---

    def get_task(self, task_id: str, include_answer: bool = False) -> Json:
        return self._get(f"/v2/task/{task_id}", includeAnswer=str(include_answer))

    def get_tasks(
        self,
        project_id: str,
        page: int = 1,
        limit: int = 10,
        status: str | None = None,
        stage: str | None = None,
        batches: list[str] | None = None,
        include_answer: bool = False,
        task_filter: TaskFilter | None = None,
        sort: str | None = None,
        fields: str | None = None,
    ) -> Json:
        """`data.tasks`: one page of them; `data.total`: how many there are."""
        query = {"page": page, "limit": limit, "includeAnswer": str(include_answer or bool(fields)).lower()}
        query.update(_given(stage=stage, sort=sort, fields=fields and ",".join({*fields.split(","), *_TASK_FIELDS})))
        query.update(_given(batches=json.dumps(batches) if batches else None, **{"status[eq]": status}))
        if task_filter is not None and not task_filter.is_empty():
            query["filter"] = task_filter.to_json()
        return self._get(f"/v2/project/{project_id}/tasks", **query)

    def get_task_history(self, task_history_id: str | None = None, task_id: str | None = None) -> Json:
        if not task_history_id and not task_id:
            raise ValueError("Give task_history_id or task_id.")
        return self._get(f"/v2/taskHistory/{task_history_id}" if task_history_id else f"/v2/task/{task_id}/history")

    def assign_task(self, project_id: str, task_ids: list[str], stage_filter: str, email: str) -> Json:
        body = {"project": project_id, "tasks": task_ids, "user": email, "stage": stage_filter}
        return self._post("/v2/task/assign", body)

    def set_task_status(self, task_id: str, status: TaskStatus | str) -> Json:
        return self._post(f"/v2/task/{task_id}/status", {"status": plain(status)})

    def review_task(self, task_id: str, review_status: ReviewStatus | str, pct_details: Json | None = None) -> Json:
        body = {"reviewStatus": plain(review_status), **_given(pctDetails=pct_details)}
        return self._post(f"/v2/review/{task_id}", body)

    def annotate_task(
        self, task_id: str, payload: Any, overwrite: bool = False, send_to_next_stage: bool = False
    ) -> bool:
        """Give a task an answer: a dict with `objects`, `classifications`, `relations`, or one of `models.annotate`.

        What the task has already stays beside it unless `overwrite`.
        """
        given = plain(payload)
        if "answer" not in given:
            given = {"answer": given}
        if not overwrite:
            there = self.get_task(task_id, include_answer=True)["data"]["task"].get("answer") or {}
            given["answer"] = _beside(there, given["answer"])
        self._asking.ask("POST", f"/v2/annotate/{task_id}", query={"nextStage": _word(send_to_next_stage)}, body=given)
        return True

    def requeue_tasks(
        self, project_id: str, to_stage_id: str, filters: Json | None = None, options: Json | None = None
    ) -> Json:
        body = {"toStageId": to_stage_id, "filters": filters or {}, "options": options or {}}
        return self._post(f"/v2/project/{project_id}/requeueTasks", body)

    def update_tasks_priority(self, project_id: str, priority: int, filters: Json | None = None) -> Json:
        return self._post(f"/v2/project/{project_id}/updatePriority", {"filters": filters or {}, "priority": priority})

    # --- issues, notifications ---

    def create_issue(self, task_id: str, content: str, position: Any = None, **more: Any) -> Json:
        """`more` are further keys as the wire has them: `objectId`, `page`, `contentMentions`."""
        body = {"content": content, "labelTask": str(task_id), **_given(position=_position(position)), **more}
        return self._post("/v2/issues", body)

    def get_issues(
        self,
        project_id: str,
        asset_id: str | None = None,
        task_id: str | None = None,
        stage_id: str | None = None,
        created_by: str | None = None,
    ) -> Json:
        asked = _given(asset=asset_id, labelTask=task_id, stage=stage_id, createdBy=created_by)
        return self._get("/v2/issues", project=project_id, **asked)

    def update_issue(
        self, issue_id: str, content: str | None = None, content_mentions: list[str] | None = None, **more: Any
    ) -> Json:
        return self._post(f"/v2/issues/{issue_id}", _given(content=content, contentMentions=content_mentions, **more))

    def add_comment_to_issue(self, issue_id: str, content: str) -> Json:
        return self._post(f"/v2/issues/{issue_id}/comment", {"content": content})

    def delete_issue(self, project_id: str, issue_id: str) -> Json:
        asked = {"project": project_id}
        return self._asking.ask("DELETE", f"/v2/issues/{issue_id}", query=asked)  # type: ignore[no-any-return]

    def send_notification(
        self, receivers: list[str], message: str, title: str | None = None, clickable_link: str | None = None
    ) -> Json:
        """To members of the organization, by their mail addresses. Not with a session's key."""
        body = {"receivers": receivers, "message": message, **_given(title=title, clickableLink=clickable_link)}
        return self._post("/v2/notifications", body)

    # --- exports ---

    def export(self, project_id: str, options: ExportOptions | None = None, zip_file_path: str | None = None) -> Any:
        """The project's tasks: a list of dicts, or (an iterator of them, how many) for NDJSON; nothing where
        `zip_file_path` says where the ZIP is to be written."""
        options = options or ExportOptions()
        answer = self._get("/v2/export", project=project_id, **options.toDict())
        return self._exported(answer["data"]["exportPath"], options, zip_file_path)

    exportV3 = export

    # --- how it is asked ---

    def _get(self, path: str, **query: Any) -> Json:
        return self._asking.ask("GET", path, query=query)  # type: ignore[no-any-return]

    def _post(self, path: str, body: Json, *, is_safe_twice: bool = False) -> Json:
        return self._asking.ask("POST", path, body=body, is_safe_twice=is_safe_twice)  # type: ignore[no-any-return]


_TASK_FIELDS = ("_id", "project", "asset")


def _given(**values: Any) -> Json:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def _word(value: bool) -> str:
    return str(value).lower()


def _position(position: Any) -> str | None:
    return None if position is None else str(plain(position))


def _beside(there: Json, new: Json) -> Json:
    """Both answers in one; an object that is in both counts once."""
    merged = {}
    for part, name in (("objects", "tools"), ("classifications", "classifications"), ("relations", "relations")):
        earlier = there.get(name) or there.get(part) or []
        later = new.get(part) or []
        known = {item.get("objectId") for item in later if isinstance(item, dict)}
        merged[part] = [*(item for item in earlier if item.get("objectId") not in known), *later]
    return merged
