"""Checking an import: what would become of each item, by the same code, with nothing stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from pluginhost import access, import_checks
from pluginhost.import_sorting import Noticed, Refused
from pluginhost.models import Asset
from pluginhost.protocol.import_items import CODES, NOTICES

from .auth import principal_of

router = Router()

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The same JSON as POST /v2/import/labels takes, or the list of its items by itself.",
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {
                            "type": "object",
                            "properties": {"jsonContent": {"type": "array", "items": {}}},
                            "required": ["jsonContent"],
                        },
                        {"type": "array", "items": {}},
                    ]
                },
                "example": [
                    {
                        "externalId": "image_0001.jpg",
                        "objects": [
                            {"title": "Car", "bounding-box": {"x": 10, "y": 20, "width": 30, "height": 40}},
                        ],
                    }
                ],
            }
        },
    }
}


class CodeCount(BaseModel):
    code: str
    count: int
    sentence: str = Field(description="What the code means.")


class Said(BaseModel):
    """A reason or a notice about one item."""

    index: int = Field(description="The item's place in the request, from 0.")
    external_id: str | None = Field(description="As the item named its asset; null where the asset below tells it.")
    asset: str | None = Field(description="The asset's id, where it is about one asset.")
    code: str
    path: str = Field(description="Where it is wrong, for example [17].objects[2].bounding-box.width.")
    message: str


class Check(BaseModel):
    items: int
    accepted: int
    rejected: int
    unchanged: int = Field(description="Items that repeat what items before them gave.")
    assets: int = Field(description="Assets that would be given pre-labels.")
    objects: int
    classes: dict[str, int] = Field(description="Objects by labeling tool (schemaId).")
    reasons: list[CodeCount] = Field(description="Why items would be rejected, the most frequent first.")
    notices: list[CodeCount] = Field(description="What would be taken with a remark, the most frequent first.")
    rejections: list[Said] = Field(description="The first thousand.")
    remarks: list[Said] = Field(description="The first thousand.")


@router.post(
    "/projects/{project_id}/imports/check",
    response=Check,
    openapi_extra=_BODY,
    summary="What would become of an import",
)
def check_import(request: HttpRequest, project_id: str) -> Check:
    """Nothing is stored. What earlier imports gave is not looked at."""
    project = access.project(principal_of(request), project_id)
    checked = import_checks.check(project, request, request.get_host())
    uids = _uids(checked)
    copied = ("items", "accepted", "rejected", "unchanged", "assets", "objects", "classes")
    return Check(
        **{name: getattr(checked, name) for name in copied},
        reasons=_counted(checked.reasons, CODES),
        notices=_counted(checked.notices, NOTICES),
        rejections=[_said(one, uids, one.name) for one in checked.refused],
        remarks=[_said(one, uids, None) for one in checked.noticed],
    )


def _uids(checked: import_checks.Checked) -> dict[int, str]:
    said: list[Refused | Noticed] = [*checked.refused, *checked.noticed]
    keys = {one.asset for one in said if one.asset is not None}
    return dict(Asset.objects.filter(pk__in=keys).values_list("pk", "uid"))


def _counted(counts: Counter[str], sentences: Mapping[str, str]) -> list[CodeCount]:
    return [CodeCount(code=code, count=count, sentence=sentences[code]) for code, count in counts.most_common()]


def _said(one: Refused | Noticed, uids: Mapping[int, str], name: str | None) -> Said:
    asset = uids.get(one.asset) if one.asset is not None else None
    return Said(index=one.index, external_id=name, asset=asset, code=one.code, path=one.path, message=one.message)
