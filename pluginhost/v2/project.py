"""Projects, as the client reads and makes them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from pluginhost import access
from pluginhost.actions import projects as actions
from pluginhost.actions import workflow
from pluginhost.errors import Forbidden
from pluginhost.models import Batch, Project
from pluginhost.protocol import moments, stages

from .door import Answer, Call


def read(call: Call, uid: str) -> Answer:
    """GET project/{id}"""
    return {"project": whole(access.project(call.principal, uid))}


def change(call: Call, uid: str) -> Answer:
    """POST project/{id}: its labeling tools, stages, benchmark settings, name or description."""
    project = access.project(call.principal, uid)
    call.refuse_session_key("change a project")
    project = access.project(call.principal, uid, need=access.MANAGER)
    return {"project": whole(workflow.change(call.principal, project, call.body()))}


def create(call: Call) -> Answer:
    """POST project"""
    call.refuse_session_key("make projects")
    body = call.body()
    asked = body.get("organization")
    if isinstance(asked, str):
        organization = access.organization(call.principal, asked, need=access.MANAGER)
    else:
        first = access.organizations(call.principal, need=access.MANAGER).first()
        if first is None:
            raise Forbidden("Making projects takes the role manager in an organization; you have it in none.")
        organization = first
    project = actions.create(
        call.principal,
        organization,
        body.get("name") or "",
        body.get("description") or "",
        kind=body.get("type") or Project.Kind.ANGO,
    )
    return {"project": whole(project)}


def listing(call: Call) -> Answer:
    """GET listProjects: those that the key may see; with a session's key, its own."""
    found = access.projects(call.principal).order_by("name", "id")
    page = found.select_related("organization")[call.query.skip : call.query.skip + call.query.limit]
    return {"projects": [brief(project) for project in page], "total": found.count()}


def brief(project: Project) -> dict[str, Any]:
    return {
        "_id": project.uid,
        "name": project.name,
        "description": project.description,
        "organization": project.organization.uid,
        "createdAt": moments.text_of(project.created_at),
    }


def whole(project: Project) -> dict[str, Any]:
    """Both dialects at once: `tags` for the older clients, `batches` for the newer."""
    batches = named(Batch.objects.filter(project=project))
    return brief(project) | {
        "type": project.kind,
        "categorySchema": project.category_schema,
        "tags": batches,
        "batches": batches,
        "stages": stages.shown(project.stages),
        **{"benchmarkEnabled": False, "benchmarkRatio": 0, "benchmarkCutoff": False, **project.benchmark},
        "assetBuilderTemplates": [],
    }


def named(batches: QuerySet[Batch]) -> list[dict[str, str]]:
    return [{"_id": uid, "name": name} for uid, name in batches.values_list("uid", "name")]
