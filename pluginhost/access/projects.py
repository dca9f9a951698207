"""Projects, and the assets, tasks, issues, batches, exports and files in them."""

from __future__ import annotations

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from pluginhost.errors import NotFound
from pluginhost.ids import is_id
from pluginhost.models import Asset, Batch, Export, Issue, Plugin, Project, StoredFile, Task, TaskStep
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal

from .organizations import plugin
from .roles import VIEWER, no_session_key, require, require_role


def projects(principal: Principal) -> QuerySet[Project]:
    visible = Project.objects.for_user(principal.user)
    return visible if principal.session is None else visible.filter(pk=principal.session.project_id)


def project(principal: Principal, uid: str, need: str = VIEWER) -> Project:
    """In one query with the role: each page that a script reads asks for both."""
    found = _with_role.first(principal.user.pk, uid) if is_id(uid) else None
    if found is None or (principal.session is not None and principal.session.project_id != found.pk):
        raise NotFound("There is no such project.")
    require_role(found.role, need, "project")
    return found  # type: ignore[no-any-return]


def _project_with_role(user_id: int, uid: str) -> QuerySet[Project]:
    membership = FilteredRelation("organization__members", condition=Q(organization__members__user=user_id))
    known = Project.objects.present().select_related("organization", "head")
    return known.annotate(membership=membership, role=F("membership__role")).filter(uid=uid)[:1]


_with_role = Prepared(_project_with_role, 2)


def plugin_for_project(principal: Principal, found: Project, uid: str) -> Plugin:
    """A plugin of the project's own organization."""
    chosen = plugin(principal, uid)
    if chosen.organization_id != found.organization_id:
        raise NotFound("There is no such plugin in this project's organization.")
    return chosen


def assets(principal: Principal, found: Project) -> QuerySet[Asset]:
    """The project's assets; with a session key the caller narrows them to the session's scope (see `v2`)."""
    return Asset.objects.filter(project=found)


def asset(principal: Principal, uid: str, need: str = VIEWER) -> Asset:
    found = (
        Asset.objects.select_related("project", "task").filter(uid=uid, project__deleted_at=None).first()
        if is_id(uid)
        else None
    )
    if found is None or not _in_scope(principal, found):
        raise NotFound("There is no such asset.")
    require(principal, found.project.organization_id, need, "asset")
    return found


def task(principal: Principal, uid: str, need: str = VIEWER) -> Task:
    found = (
        Task.objects.select_related("asset", "project").filter(uid=uid, project__deleted_at=None).first()
        if is_id(uid)
        else None
    )
    if found is None or not _in_scope(principal, found.asset):
        raise NotFound("There is no such task.")
    require(principal, found.project.organization_id, need, "task")
    return found


def issues(principal: Principal, found: Project) -> QuerySet[Issue]:
    """The project's issues; with a session key the caller narrows them to the session's scope (see `v2`)."""
    return Issue.objects.filter(project=found)


def issue(principal: Principal, uid: str, need: str = VIEWER) -> Issue:
    known = Issue.objects.select_related("project__organization", "task__asset", "created_by")
    found = known.filter(uid=uid, project__deleted_at=None).first() if is_id(uid) else None
    if found is None or not _in_scope(principal, found.task.asset):
        raise NotFound("There is no such issue.")
    require(principal, found.project.organization_id, need, "issue")
    return found


def task_step(principal: Principal, number: int) -> TaskStep:
    """One step of a task's history, by its number."""
    known = TaskStep.objects.select_related("by", "task__asset", "task__project")
    found = known.filter(pk=number, task__project__deleted_at=None).first()
    if found is None or not _in_scope(principal, found.task.asset):
        raise NotFound("There is no such step of a task's history.")
    require(principal, found.task.project.organization_id, VIEWER, "step of a task's history")
    return found


def _in_scope(principal: Principal, found: Asset) -> bool:
    session = principal.session
    return session is None or (session.project_id == found.project_id and found.number in session.scope.numbers)


def batches(principal: Principal, found: Project) -> QuerySet[Batch]:
    return Batch.objects.filter(project=found)


def batch(principal: Principal, found: Project, uid: str) -> Batch:
    """One of the project's batches; who may see the project may see it."""
    batch = batches(principal, found).filter(uid=uid).first() if is_id(uid) else None
    if batch is None:
        raise NotFound("There is no such batch in this project.")
    return batch


def exports(principal: Principal, found: Project) -> QuerySet[Export]:
    no_session_key(principal, "list exports")
    return Export.objects.filter(project=found)


def files(principal: Principal) -> QuerySet[StoredFile]:
    """Stored files that the principal may hand on; those without a project are their uploader's, and no session's.

    A session's key is given no exports but the session's own: those of others are of more than its scope.
    """
    found = Q(project__in=projects(principal))
    if principal.session is None:
        return StoredFile.objects.filter(found | Q(project=None, created_by=principal.user))
    of_others = Export.objects.filter(file=OuterRef("pk")).exclude(session=principal.session)
    return StoredFile.objects.filter(~Exists(of_others), found)
