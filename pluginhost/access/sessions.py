"""Sessions, what is left of deleted ones, and imports."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from pluginhost.errors import Gone, NotFound
from pluginhost.ids import is_id
from pluginhost.models import DeletedSession, Import, Member, Project, Session
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal

from .roles import VIEWER, no_session_key, require, role_in


def sessions(principal: Principal) -> QuerySet[Session]:
    no_session_key(principal, "list sessions")
    return Session.objects.for_user(principal.user)


_sessions = Session.objects.select_related("plugin", "project", "started_by", "connection", "scope").filter(
    project__deleted_at=None
)
_by_uid = Prepared(lambda uid: _sessions.filter(uid=uid)[:1], 1)
_by_number = Prepared(lambda number: _sessions.filter(pk=number)[:1], 1)


def session(principal: Principal, id_or_uid: str | int, need: str = VIEWER) -> Session:
    """By its number (#1042) or its identifier on the wire."""
    no_session_key(principal, "see sessions")
    text = str(id_or_uid)
    found: Session | None
    if is_id(text):
        found, which = _by_uid.first(text), Q(uid=text)
    elif text.isascii() and text.isdigit() and len(text) <= 18:
        found, which = _by_number.first(int(text)), Q(pk=int(text))
    else:
        raise NotFound("There is no such session.")
    if found is None:
        raise _deleted(principal, which)
    require(principal, found.project.organization_id, need, "session")
    return found


def deleted_sessions(principal: Principal) -> QuerySet[DeletedSession]:
    """What is left of those that rules of retention took."""
    no_session_key(principal, "list sessions")
    mine = Member.objects.filter(user=principal.user).values("organization")
    return DeletedSession.objects.filter(organization__in=mine, project__deleted_at=None)


def _deleted(principal: Principal, which: Q) -> NotFound:
    """What to say of a session that is not there: to members, that it was, until a rule took it."""
    found = DeletedSession.objects.filter(which, project__deleted_at=None).first()
    if found is None or role_in(principal.user, found.organization_id) is None:
        return NotFound("There is no such session.")
    return Gone(f"Session #{found.pk} of {found.plugin_name} was deleted on {found.deleted_at:%-d %B %Y}: {found.why}")


def imports(principal: Principal, found: Project) -> QuerySet[Import]:
    no_session_key(principal, "list imports")
    return Import.objects.filter(project=found)


def imported(principal: Principal, import_id: str | int, need: str = VIEWER) -> Import:
    """One import, by its number."""
    no_session_key(principal, "see imports")
    text = str(import_id)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    found = (
        Import.objects.select_related("project", "session", "plugin", "user", "changed_by")
        .filter(pk=number, project__deleted_at=None)
        .first()
    )
    if found is None:
        raise NotFound("There is no such import.")
    require(principal, found.project.organization_id, need, "import")
    return found
