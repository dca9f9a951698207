"""Imports: what came, what was taken, and what was refused and why."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from pluginhost import access
from pluginhost.models import Import

from .auth import principal_of
from .paging import Page, Paging, page
from .times import Moment

router = Router()


class ReasonCount(BaseModel):
    code: str
    count: int


class ImportShown(BaseModel):
    id: int
    session: str | None = Field(description="The session's id on the wire; null for an import by a personal key.")
    session_id: int | None
    project: str
    plugin: str | None
    user: str | None = Field(description="The name of whose key it came with; of a session's key who started the run.")
    received_at: Moment
    applied_at: Moment | None
    state: Import.State
    existing: str
    size: int
    items: int
    accepted: int
    rejected: int
    unchanged: int
    objects: int
    classes: dict[str, int] = Field(description="Objects by labeling tool (schemaId).")
    reasons: list[ReasonCount] = Field(description="Why items were rejected, the most frequent first.")
    notices: list[ReasonCount] = Field(description="What was remarked about items that were taken, likewise.")
    hid_assets: int = Field(description="Assets on which it took the place of other imports' pre-labels.")
    changed_at: Moment | None = Field(description="When it was applied, discarded, undone or redone by somebody.")
    changed_by: str | None = Field(description="The name of who did.")
    reviewed_from: int | None = Field(description="The staged import of which it holds what a review took.")


def _show(imports: list[Import]) -> list[ImportShown]:
    return [shown(found) for found in imports]


def shown(found: Import) -> ImportShown:
    copied = (
        "id", "session_id", "received_at", "applied_at", "state", "existing", "size", "items", "accepted", "rejected",
        "unchanged", "classes", "hid_assets", "changed_at",
    )  # fmt: skip
    return ImportShown(
        **{name: getattr(found, name) for name in copied},
        session=found.session.uid if found.session else None,
        project=found.project.uid,
        plugin=found.plugin.uid if found.plugin else None,
        user=found.user.username if found.user else None,
        objects=found.objects_count,
        reasons=_counts(found.reasons),
        notices=_counts(found.notices),
        changed_by=found.changed_by.username if found.changed_by else None,
        reviewed_from=found.reviewed_from_id,
    )


def _counts(codes: dict[str, int]) -> list[ReasonCount]:
    ordered = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))
    return [ReasonCount(code=code, count=count) for code, count in ordered]


@router.get("/sessions/{session_id}/imports", response=Page[ImportShown], summary="What a session imported")
def list_imports(request: HttpRequest, session_id: str, paging: Query[Paging]) -> Page[ImportShown]:
    """In the order in which they came."""
    session = access.session(principal_of(request), session_id)
    rows = Import.objects.of_session(session).select_related("session", "project", "plugin", "user", "changed_by")
    return page(rows, paging, _show, newest_first=False)


@router.get("/imports/{import_id}", response=ImportShown, summary="One import")
def get_import(request: HttpRequest, import_id: str) -> ImportShown:
    return shown(access.imported(principal_of(request), import_id))
