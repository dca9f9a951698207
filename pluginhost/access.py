"""The one door from (principal, id) to an object.

What somebody may not know of is NotFound, what they may see but not do is Forbidden. Pages, API, `/v2`,
WebSocket and Socket.IO all come through here; `need` is the least role that what they want asks for.
"""

from __future__ import annotations

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from . import credentials
from .errors import Forbidden, Gone, NotFound, Unauthenticated, UnknownKey
from .ids import is_id
from .models import (
    ApiKey,
    Asset,
    Batch,
    DeletedSession,
    Export,
    Import,
    Issue,
    Member,
    Notification,
    Organization,
    Plugin,
    Project,
    Role,
    Session,
    StoredFile,
    Task,
    TaskStep,
    User,
)
from .principal import Principal

VIEWER, RUNNER, MANAGER, OWNER = (str(role) for role in (Role.VIEWER, Role.RUNNER, Role.MANAGER, Role.OWNER))


# --- who asks ---


def by_user(user: User) -> Principal:
    return Principal(user=user)


def by_key(key: str) -> Principal:
    """The principal of a personal or session key; Unauthenticated says why it is not good."""
    if key.startswith(credentials.SESSION_PREFIX):
        return _by_session_key(key)
    found = ApiKey.objects.select_related("user").filter(digest=credentials.digest(key), user__is_active=True).first()
    if found is None:
        raise UnknownKey("Invalid API key.")
    if found.revoked_at is not None:
        raise Unauthenticated(
            "This API key was revoked. Make another one under «API keys» in the menu of your account."
        )
    return Principal(user=found.user, api_key=found)


def _by_session_key(key: str) -> Principal:
    known = Session.objects.select_related("started_by", "scope").defer("scope__numbers_stored")
    found = known.filter(key_digest=credentials.digest(key)).first()
    if found is None:
        raise UnknownKey("Invalid API key.")
    if found.state == Session.State.CANCELLING:
        raise Unauthenticated(f"Session #{found.pk} was cancelled; so is its key.")
    if found.is_final and not found.is_revisable:
        raise Unauthenticated(f"Session #{found.pk} has ended ({found.get_state_display().lower()}); so has its key.")
    if not found.started_by.is_active:
        raise Unauthenticated(f"The account that started session #{found.pk} is not active any more.")
    return Principal(user=found.started_by, session=found)


# --- roles ---


def role_in(user: User, organization_id: int) -> str | None:
    found = Member.objects.filter(user=user, organization_id=organization_id).values_list("role", flat=True).first()
    return str(found) if found else None


def _require(principal: Principal, organization_id: int, need: str, what: str) -> None:
    """NotFound for strangers, Forbidden below `need`."""
    _require_role(role_in(principal.user, organization_id), need, what)


def _require_role(role: str | None, need: str, what: str) -> None:
    if role is None:
        raise NotFound(f"There is no such {what}.")
    if role not in Role.at_least(need):
        raise Forbidden(f"This takes the role {need} in the organization; yours is {role}.")


def may(principal: Principal, organization_id: int, need: str) -> bool:
    """Whether to offer something at all; the door itself still asks."""
    return principal.session is None and role_in(principal.user, organization_id) in Role.at_least(need)


def _no_session_key(principal: Principal, what: str) -> None:
    if principal.session is not None:
        raise Forbidden(f"A session's key cannot {what}; use a personal API key.")


# --- organizations ---


def organizations(principal: Principal, need: str = VIEWER) -> QuerySet[Organization]:
    _no_session_key(principal, "see organizations")
    members = Member.objects.filter(user=principal.user, role__in=Role.at_least(need))
    return Organization.objects.filter(pk__in=members.values("organization"))


def organization(principal: Principal, uid: str, need: str = VIEWER) -> Organization:
    _no_session_key(principal, "see organizations")
    found = Organization.objects.filter(uid=uid).first() if is_id(uid) else None
    if found is None:
        raise NotFound("There is no such organization.")
    _require(principal, found.pk, need, "organization")
    return found


def member(principal: Principal, found: Organization, user_uid: str) -> Member:
    """Who is a member of an organization that the principal was let into."""
    known = Member.objects.select_related("user", "organization").filter(organization=found)
    row = known.filter(user__uid=user_uid).first() if is_id(user_uid) else None
    if row is None:
        raise NotFound("There is no such member.")
    return row


# --- what is one's own ---


def api_keys(principal: Principal) -> QuerySet[ApiKey]:
    _no_session_key(principal, "see API keys")
    return ApiKey.objects.filter(user=principal.user)


def api_key(principal: Principal, number: int) -> ApiKey:
    found = api_keys(principal).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such API key.")
    return found


def notifications(principal: Principal) -> QuerySet[Notification]:
    _no_session_key(principal, "see notifications")
    return Notification.objects.filter(user=principal.user)


# --- plugins ---


def plugins(principal: Principal) -> QuerySet[Plugin]:
    _no_session_key(principal, "see plugins")
    return Plugin.objects.for_user(principal.user)


def plugin(principal: Principal, uid: str, need: str = VIEWER) -> Plugin:
    _no_session_key(principal, "see plugins")
    known = Plugin.objects.present().select_related("organization", "owner")
    found = known.filter(uid=uid).first() if is_id(uid) else None
    if found is None:
        raise NotFound("There is no such plugin.")
    _require(principal, found.organization_id, need, "plugin")
    return found


def owned_plugin(principal: Principal, uid: str) -> Plugin:
    """For what only a plugin's owners may: its secret, its settings, its end."""
    found = plugin(principal, uid)
    if not owns(principal, found):
        raise Forbidden("Only the plugin's owner and the organization's owners may do this.")
    return found


def owns(principal: Principal, found: Plugin) -> bool:
    role = role_in(principal.user, found.organization_id)
    return role == OWNER or (found.owner_id == principal.user.pk and role in Role.at_least(MANAGER))


# --- projects and what is in them ---


def projects(principal: Principal) -> QuerySet[Project]:
    visible = Project.objects.for_user(principal.user)
    return visible if principal.session is None else visible.filter(pk=principal.session.project_id)


def project(principal: Principal, uid: str, need: str = VIEWER) -> Project:
    """In one query with the role: each page that a script reads asks for both."""
    membership = FilteredRelation("organization__members", condition=Q(organization__members__user=principal.user))
    known = Project.objects.present().select_related("organization", "head")
    known = known.annotate(membership=membership, role=F("membership__role"))
    found = known.filter(uid=uid).first() if is_id(uid) else None
    if found is None or (principal.session is not None and principal.session.project_id != found.pk):
        raise NotFound("There is no such project.")
    _require_role(found.role, need, "project")
    return found


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
    _require(principal, found.project.organization_id, need, "asset")
    return found


def task(principal: Principal, uid: str, need: str = VIEWER) -> Task:
    found = (
        Task.objects.select_related("asset", "project").filter(uid=uid, project__deleted_at=None).first()
        if is_id(uid)
        else None
    )
    if found is None or not _in_scope(principal, found.asset):
        raise NotFound("There is no such task.")
    _require(principal, found.project.organization_id, need, "task")
    return found


def issues(principal: Principal, found: Project) -> QuerySet[Issue]:
    """The project's issues; with a session key the caller narrows them to the session's scope (see `v2`)."""
    return Issue.objects.filter(project=found)


def issue(principal: Principal, uid: str, need: str = VIEWER) -> Issue:
    known = Issue.objects.select_related("project__organization", "task__asset", "created_by")
    found = known.filter(uid=uid, project__deleted_at=None).first() if is_id(uid) else None
    if found is None or not _in_scope(principal, found.task.asset):
        raise NotFound("There is no such issue.")
    _require(principal, found.project.organization_id, need, "issue")
    return found


def task_step(principal: Principal, number: int) -> TaskStep:
    """One step of a task's history, by its number."""
    known = TaskStep.objects.select_related("by", "task__asset", "task__project")
    found = known.filter(pk=number, task__project__deleted_at=None).first()
    if found is None or not _in_scope(principal, found.task.asset):
        raise NotFound("There is no such step of a task's history.")
    _require(principal, found.task.project.organization_id, VIEWER, "step of a task's history")
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
    _no_session_key(principal, "list exports")
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


# --- sessions and imports ---


def sessions(principal: Principal) -> QuerySet[Session]:
    _no_session_key(principal, "list sessions")
    return Session.objects.for_user(principal.user)


def session(principal: Principal, id_or_uid: str | int, need: str = VIEWER) -> Session:
    """By its number (#1042) or its identifier on the wire."""
    _no_session_key(principal, "see sessions")
    text = str(id_or_uid)
    if is_id(text):
        which = Q(uid=text)
    elif text.isascii() and text.isdigit() and len(text) <= 18:
        which = Q(pk=int(text))
    else:
        raise NotFound("There is no such session.")
    found = (
        Session.objects.select_related("plugin", "project", "started_by", "connection", "scope")
        .filter(which, project__deleted_at=None)
        .first()
    )
    if found is None:
        raise _deleted(principal, which)
    _require(principal, found.project.organization_id, need, "session")
    return found


def deleted_sessions(principal: Principal) -> QuerySet[DeletedSession]:
    """What is left of those that rules of retention took."""
    _no_session_key(principal, "list sessions")
    mine = Member.objects.filter(user=principal.user).values("organization")
    return DeletedSession.objects.filter(organization__in=mine, project__deleted_at=None)


def _deleted(principal: Principal, which: Q) -> NotFound:
    """What to say of a session that is not there: to members, that it was, until a rule took it."""
    found = DeletedSession.objects.filter(which, project__deleted_at=None).first()
    if found is None or role_in(principal.user, found.organization_id) is None:
        return NotFound("There is no such session.")
    return Gone(f"Session #{found.pk} of {found.plugin_name} was deleted on {found.deleted_at:%-d %B %Y}: {found.why}")


def imports(principal: Principal, found: Project) -> QuerySet[Import]:
    _no_session_key(principal, "list imports")
    return Import.objects.filter(project=found)


def imported(principal: Principal, import_id: str | int, need: str = VIEWER) -> Import:
    """One import, by its number."""
    _no_session_key(principal, "see imports")
    text = str(import_id)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    found = (
        Import.objects.select_related("project", "session", "plugin", "user")
        .filter(pk=number, project__deleted_at=None)
        .first()
    )
    if found is None:
        raise NotFound("There is no such import.")
    _require(principal, found.project.organization_id, need, "import")
    return found
