"""What stands above every tab of a project: its figures, its tabs with their counts, and what one may do here."""

from __future__ import annotations

from typing import Any

from pluginhost import access
from pluginhost.models import Import, Project, Role, Session, Task
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
        "done_by_people": Task.objects.filter(project=project, status=Task.Status.COMPLETED).count(),
        "running": Session.objects.held().filter(project=project).count(),
        "queued": Session.objects.filter(project=project, state=Session.State.QUEUED).count(),
        "counts": _counts(project),
    }


def _counts(project: Project) -> dict[str, int]:
    return {
        "plugins": project.plugin_places.filter(plugin__deleted_at=None).count(),
        "sessions": Session.objects.filter(project=project).count(),
        "imports": Import.objects.filter(project=project).count(),
        "batches": project.batches.count(),
        "exports": project.exports.count(),
        "tools": tools_count(project),
    }


def tools_count(project: Project) -> int:
    schema = project.category_schema
    return sum(1 for kind in category_schema.KINDS for _ in category_schema.walk(schema.get(kind) or []))
