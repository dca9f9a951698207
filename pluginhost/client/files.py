"""The SDK's calls that move files: uploads of assets, downloads of exports."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from .asking import TIMEOUT_SECONDS, Asking
from .models.enums import ExportFormats, StorageFileTypes
from .models.export_options import ExportOptions

Json = dict[str, Any]
_LONG_SUFFIXES = (".nii.gz",)


class Files:
    """Part of the SDK."""

    session: requests.Session
    _asking: Asking

    def upload_files(
        self,
        project_id: str,
        file_paths: list[str | Json],
        storage_id: str | None = None,
        batches: list[str] | None = None,
        priority: int = 0,
    ) -> Json:
        """Upload files and make assets of them. A path, or a dict with `data` (the path), `externalId` and `metadata`.

        `batches` are names or ids. The external id is the file's path unless given.
        """
        assets = [
            self._uploaded(project_id, given if isinstance(given, dict) else {"data": given}) for given in file_paths
        ]
        return self.upload_files_cloud(project_id, assets, storage_id, batches, priority, upload_local="true")

    def upload_files_cloud(
        self,
        project_id: str,
        assets: list[Json],
        storage_id: str | None = None,
        batches: list[str] | None = None,
        priority: int = 0,
        upload_local: str | None = None,
    ) -> Json:
        """Make assets of addresses: `[{"data": address, "externalId": text, "batches": [names], "metadata": {…}}]`."""
        known = self._batch_ids(project_id) if batches or any("batches" in asset for asset in assets) else {}
        given = [
            {**asset, **({"batches": [_id_in(known, name) for name in asset["batches"]]} if "batches" in asset else {})}
            for asset in assets
        ]
        query = {"batches": json.dumps([_id_in(known, name) for name in batches])} if batches else None
        body = {"assets": given, "uploadLocal": upload_local, "priority": priority}
        return self._asking.ask("POST", f"/v2/project/{project_id}/cloud", query=query, body=body)  # type: ignore[no-any-return]

    def _uploaded(self, project_id: str, given: Json) -> Json:
        path = Path(given["data"])
        url = self._get_upload_url(uuid.uuid4().hex + _suffix(path), project_id, StorageFileTypes.ASSET)
        with path.open("rb") as file:
            requests.put(url, data=file, timeout=TIMEOUT_SECONDS).raise_for_status()
        about = {name: given.get(name) for name in ("contextData", "metadata")}
        return {"data": url.split("?")[0], "externalId": given.get("externalId") or str(given["data"]), **about}

    def _get_upload_url(
        self, file_name: str, project: str, file_type: StorageFileTypes, storage_id: str | None = None
    ) -> str:
        query = {"name": file_name, "project": project, "type": file_type.value, "storageId": storage_id}
        return str(self._asking.ask("GET", "/v2/getUploadUrl", query=query)["data"]["uploadUrl"])

    def _get_signed_url(
        self, asset_url: str, project: str, file_type: StorageFileTypes, storage_id: str | None = None
    ) -> str:
        query = {"name": asset_url, "project": project, "type": file_type.value, "storageId": storage_id}
        return str(self._asking.ask("GET", "/v2/getSignedUrl", query=query)["data"]["signedUrl"])

    def _batch_ids(self, project_id: str) -> dict[str, str]:
        """Names and ids → ids."""
        project = self._asking.ask("GET", f"/v2/project/{project_id}")["data"]["project"]
        return {key: batch["_id"] for batch in project.get("batches", []) for key in (batch["_id"], batch["name"])}

    def _exported(self, address: str, options: ExportOptions, zip_file_path: str | None) -> Any:
        answer = self.session.get(address, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        if zip_file_path:
            Path(zip_file_path).write_bytes(answer.content)
            return None
        with zipfile.ZipFile(io.BytesIO(answer.content)) as whole:
            content = whole.read(whole.namelist()[0])
        if options.export_format is not ExportFormats.NDJSON:
            return json.loads(content)
        lines = [line for line in content.splitlines() if line.strip()]
        return _parsed(lines), len(lines)


def _parsed(lines: list[bytes]) -> Iterator[Any]:
    yield from map(json.loads, lines)


def _suffix(path: Path) -> str:
    return next((suffix for suffix in _LONG_SUFFIXES if path.name.lower().endswith(suffix)), path.suffix)


def _id_in(known: dict[str, str], batch: str) -> str:
    if batch not in known:
        raise ValueError(f"There is no batch {batch!r} in this project; make it first, with create_batch.")
    return known[batch]
