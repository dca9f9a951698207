"""What stands above every tab of a project: its figures, its tabs with their counts, and what one may do here."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from pluginhost import access
from pluginhost.models import Batch, Export, Import, PluginInProject, Project, Role, Session, Task
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal
from pluginhost.protocol import category_schema


def frame(principal: Principal, project: Project, tab: str) -> dict[str, Any]:
    """The context of templates/projects/_page.html."""
    role = access.role_in(principal.user, project.organization_id)
    return {
        "project": project,
        "head": project.head,
        "tab": tab,
        "may_run": role in Role.at_least(access.RUNNER),
        "may_manage": role in Role.at_least(access.MANAGER),
        "counts": dict(zip(_COUNTED, _COUNTS.rows(project.pk)[0], strict=True)) | {"tools": tools_count(project)},
    }


_COUNTED: dict[str, QuerySet[Any]] = {
    "done": Task.objects.filter(status=Task.Status.COMPLETED),
    "running": Session.objects.held(),
    "queued": Session.objects.filter(state=Session.State.QUEUED),
    "plugins": PluginInProject.objects.filter(plugin__deleted_at=None),
    "sessions": Session.objects.all(),
    "imports": Import.objects.all(),
    "batches": Batch.objects.all(),
    "exports": Export.objects.all(),
}


def _count(rows: QuerySet[Any]) -> Coalesce:
    own = rows.filter(project=OuterRef("pk")).order_by().values("project").annotate(count=Count("pk"))
    return Coalesce(Subquery(own.values("count")), 0)


_COUNTS = Prepared(lambda project: Project.objects.filter(pk=project).values_list(*map(_count, _COUNTED.values())), 1)
"""All counts of a project's tabs in one row."""


def tools_count(project: Project) -> int:
    schema = project.category_schema
    return sum(1 for kind in category_schema.KINDS for _ in category_schema.walk(schema.get(kind) or []))
