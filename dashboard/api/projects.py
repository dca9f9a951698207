"""Projects. Their assets, labeling tools and batches are set up through /v2 or on the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from pluginhost import access
from pluginhost.actions import projects as actions
from pluginhost.models import Batch, PluginInProject, Project

from .auth import principal_of
from .bodies import Given
from .me import organization_for
from .paging import Page, Paging, page
from .times import Moment

router = Router()


class ProjectFields(Given):
    name: str = ""
    description: str = ""


class NewProject(ProjectFields):
    name: str
    organization: str | None = Field(default=None, description="Needed only by whom more than one would let create it.")


class ProjectCounts(BaseModel):
    assets: int
    pre_labeled: int
    batches: int
    plugins: int


class ProjectShown(BaseModel):
    id: str
    name: str
    description: str
    organization: str
    created_at: Moment
    last_import_at: Moment | None
    counts: ProjectCounts


class ProjectWhole(ProjectShown):
    category_schema: dict[str, Any] = Field(description="Its labeling tools; class mappings name their schemaIds.")


def _show(projects: list[Project]) -> list[ProjectShown]:
    batches, plugins = _count(Batch.objects.all(), projects), _count(PluginInProject.objects.all(), projects)
    return [ProjectShown(**_fields(project, batches, plugins)) for project in projects]


def _show_whole(project: Project) -> ProjectWhole:
    batches, plugins = _count(Batch.objects.all(), [project]), _count(PluginInProject.objects.all(), [project])
    return ProjectWhole(**_fields(project, batches, plugins), category_schema=project.category_schema)


def _count(rows: QuerySet[Any], projects: list[Project]) -> dict[int, int]:
    """How many of them each of the projects has, in one query."""
    kept = rows.filter(project__in=[project.pk for project in projects]).order_by()
    return dict(kept.values_list("project").annotate(count=Count("pk")))


def _fields(project: Project, batches: dict[int, int], plugins: dict[int, int]) -> dict[str, Any]:
    return {
        "id": project.uid,
        "name": project.name,
        "description": project.description,
        "organization": project.organization.uid,
        "created_at": project.created_at,
        "last_import_at": project.head.last_import_at,
        "counts": ProjectCounts(
            assets=project.head.assets,
            pre_labeled=project.head.pre_labeled,
            batches=batches.get(project.pk, 0),
            plugins=plugins.get(project.pk, 0),
        ),
    }


@router.get("/projects", response=Page[ProjectShown], summary="The projects you may see")
def list_projects(request: HttpRequest, paging: Query[Paging]) -> Page[ProjectShown]:
    rows = access.projects(principal_of(request)).select_related("organization", "head")
    return page(rows, paging, _show, newest_first=False)


@router.post("/projects", response={201: ProjectWhole}, summary="Create a project")
def create_project(request: HttpRequest, body: NewProject) -> Status[ProjectWhole]:
    principal = principal_of(request)
    organization = organization_for(principal, body.organization)
    return Status(201, _show_whole(actions.create(principal, organization, body.name, body.description)))


@router.get("/projects/{project_id}", response=ProjectWhole, summary="One project")
def get_project(request: HttpRequest, project_id: str) -> ProjectWhole:
    return _show_whole(access.project(principal_of(request), project_id))


@router.patch("/projects/{project_id}", response=ProjectWhole, summary="Change a project's name or description")
def edit_project(request: HttpRequest, project_id: str, body: ProjectFields) -> ProjectWhole:
    principal = principal_of(request)
    project = access.project(principal, project_id, access.MANAGER)
    return _show_whole(actions.edit(principal, project, body.given()))


@router.delete("/projects/{project_id}", response={204: None}, summary="Delete a project")
def delete_project(request: HttpRequest, project_id: str) -> Status[None]:
    """Open sessions must end first."""
    principal = principal_of(request)
    actions.delete(principal, access.project(principal, project_id, access.MANAGER))
    return Status(204, None)
