"""Asking for a session, asking again, and taking it back. What its script does to it is in `reports`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit, projects, retries, scopes
from pluginhost.actions.timeline import tell
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import (
    LogHead,
    Plugin,
    PluginInProject,
    Project,
    Scope,
    Session,
    SessionInputs,
    SessionReads,
    User,
)
from pluginhost.models.session import Existing
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal
from pluginhost.protocol import category_schema
from pluginhost.protocol.numbers import NumberSet


@dataclass(frozen=True)
class Request:
    """What a run is asked with; None means «as it is set in the project», or by the plugin."""

    class_mapping: Mapping[str, str | None] | None = None
    config: object = None
    scope: dict[str, Any] = field(default_factory=lambda: {"all": True})
    existing: str = Existing.REPLACE
    review_first: bool = False
    name: str = ""
    idempotency_key: str | None = None


def start(principal: Principal, project: Project, plugin: Plugin, request: Request) -> Session:
    """Queue a session with frozen inputs. The same idempotency key again gives the session it gave before."""
    known = _asked_before(principal.user, request.idempotency_key)
    if known is not None:
        return known
    place: PluginInProject | None = _place.first(project.pk, plugin.pk)
    if place is None:
        raise Conflict(f"{plugin} is not enabled in this project. Enable it on the project's Plugins page first.")
    inputs = _inputs(project, plugin, place, request)
    assets = scopes.chosen(project, request.scope)
    inputs |= {"scope_asked": request.scope, "batches": scopes.batches_of(project, request.scope)}
    source = scopes.source_of(project, plugin, request.scope)
    return _queue_once(principal, _Asked(project, plugin, inputs, assets), request, source)


_place = Prepared(lambda project, plugin: PluginInProject.objects.filter(project=project, plugin=plugin)[:1], 2)


@dataclass(frozen=True)
class _Asked:
    """What a session will be about: read before the transaction, since choosing among a million takes a while."""

    project: Project
    plugin: Plugin
    inputs: dict[str, Any]
    assets: NumberSet | Scope


def _inputs(project: Project, plugin: Plugin, place: PluginInProject, request: Request) -> dict[str, Any]:
    asked = place.class_mapping if request.class_mapping is None else request.class_mapping
    mapping = projects.checked_mapping(project, plugin, _still_there(project, plugin, asked, request))
    config = request.config if request.config is not None else place.config or plugin.default_config
    return {
        "config": projects.checked_config(plugin, config),
        "class_mapping": mapping,
        "category_schema": wire_mapping(mapping),
        "existing": _checked_existing(request.existing),
        "review_first": request.review_first,
        "plugin_version": plugin.version,
    }


def _checked_existing(value: str) -> str:
    if value not in Existing.values:
        raise Invalid(
            "existing: choose replace, add or skip.", [{"path": "existing", "message": "Choose replace, add or skip."}]
        )
    return value


def _still_there(
    project: Project, plugin: Plugin, asked: Mapping[str, str | None], request: Request
) -> Mapping[str, str | None]:
    """The project's kept mapping without what has gone since; a mapping given now is taken at its word."""
    if request.class_mapping is not None:
        return asked
    known = {tool["schemaId"] for tool in category_schema.tools_of(project.category_schema)}
    return {name: asked.get(name) if asked.get(name) in known else None for name in plugin.class_names}


def wire_mapping(mapping: Mapping[str, str | None]) -> list[dict[str, str]] | None:
    """The mapping as the order carries it: a pair for each mapped class, null when there is none."""
    pairs = [{"schemaId": schema_id, "modelClass": name} for name, schema_id in mapping.items() if schema_id]
    return pairs or None


def rerun(principal: Principal, earlier: Session, overrides: Mapping[str, Any] | None = None) -> Session:
    """A new session with the same frozen inputs, but for those of the run's fields that `overrides` has."""
    if earlier.plugin.deleted_at is not None:
        raise Conflict("The plugin of this session was deleted; it cannot run again.")
    changes = overrides or {}
    request = Request(name=changes.get("name", earlier.name), idempotency_key=changes.get("idempotency_key"))
    known = _asked_before(principal.user, request.idempotency_key)
    if known is not None:
        return known
    project, plugin = earlier.project, earlier.plugin
    inputs = _frozen(earlier) | _changed(project, plugin, changes) | {"plugin_version": plugin.version}
    assets: NumberSet | Scope = earlier.scope
    if scope := changes.get("scope"):
        assets = scopes.chosen(project, scope)
        inputs |= {"scope_asked": scope, "batches": scopes.batches_of(project, scope)}
    return _queue_once(principal, _Asked(project, plugin, inputs, assets), request, earlier)


def retry(earlier: Session, now: datetime) -> Session | None:
    """Run a crashed session again, as it was asked for, since its time has come; None when somebody was quicker."""
    with transaction.atomic():
        which = retries.take(earlier, now)
        if which is None:
            return None
        principal, request = Principal(earlier.started_by), Request(name=earlier.name)
        inputs = _frozen(earlier) | {"plugin_version": earlier.plugin.version}
        asked = _Asked(earlier.project, earlier.plugin, inputs, earlier.scope)
        fresh = _queue(principal, asked, request, earlier, by_itself=which)
        tell(earlier, "retried", f"Run again by itself as #{fresh.pk} ({which}).")
        nudge.session(earlier.pk)
    return fresh


_FROZEN = ("config", "class_mapping", "category_schema", "batches", "scope_asked", "existing", "review_first")


def _frozen(earlier: Session) -> dict[str, Any]:
    return {name: getattr(earlier.inputs, name) for name in _FROZEN}


def _changed(project: Project, plugin: Plugin, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that are changed. What is not is taken as it was frozen, whatever the project has become since."""
    found: dict[str, Any] = {}
    if "class_mapping" in changes:
        mapping = projects.checked_mapping(project, plugin, changes["class_mapping"])
        found |= {"class_mapping": mapping, "category_schema": wire_mapping(mapping)}
    if "config" in changes:
        found["config"] = projects.checked_config(plugin, changes["config"])
    if "existing" in changes:
        found["existing"] = _checked_existing(changes["existing"])
    if "review_first" in changes:
        found["review_first"] = changes["review_first"]
    return found


def _queue_once(principal: Principal, asked: _Asked, request: Request, earlier: Session | None) -> Session:
    try:
        return _queue(principal, asked, request, earlier)
    except IntegrityError:  # the same request came twice at once; the other was first
        known = _asked_before(principal.user, request.idempotency_key)
        if known is None:
            raise
        return known


@transaction.atomic
def _queue(
    principal: Principal, asked: _Asked, request: Request, earlier: Session | None, by_itself: str = ""
) -> Session:
    project, plugin = asked.project, asked.plugin
    scope = asked.assets if isinstance(asked.assets, Scope) else scopes.keep(project, asked.assets)
    first = _first_attempt(earlier) if earlier else None
    if first is not None:
        # The newest crashed attempt must not come back to life beside its rerun.
        Session.objects.filter(pk=earlier.pk, state=Session.State.CRASHED).update(key_revoked_at=timezone.now())  # type: ignore[union-attr]
        _family(first).exclude(retry_at=None).update(retry_at=None)
    session = Session.objects.create(
        plugin=plugin,
        project=project,
        scope=scope,
        started_by=principal.user,
        name=request.name.replace("\0", "").strip()[:200],
        rerun_of=earlier,
        first_attempt=first,
        is_retry=bool(by_itself),
        attempt=_last_attempt(first, earlier) + 1 if first and earlier else 1,
        idempotency_key=request.idempotency_key,
        timeout_s=plugin.timeout_s,
        idle_timeout_s=plugin.idle_timeout_s,
    )
    SessionInputs.objects.create(session=session, **asked.inputs)
    LogHead.objects.create(session=session)
    SessionReads.objects.create(session=session)
    tell(session, "queued", _asked_for(principal, earlier, scope, by_itself))
    nudge.plugin(plugin.pk)
    nudge.project(project.pk)
    return session


def _asked_for(principal: Principal, earlier: Session | None, scope: Scope, by_itself: str) -> str:
    if by_itself and earlier:
        return f"Run again by itself, since #{earlier.pk} crashed ({by_itself}): {scope.count:,} assets."
    return f"Asked for by {principal.user.shown_name}: {scope.count:,} assets."


def _family(first: Session) -> QuerySet[Session]:
    return Session.objects.filter(Q(pk=first.pk) | Q(first_attempt=first))


def _first_attempt(session: Session) -> Session:
    """Its row is ours until the commit, so that attempts are counted one after the other."""
    return Session.objects.select_for_update(of=("self",)).get(pk=session.first_attempt_id or session.pk)


def _last_attempt(first: Session, earlier: Session) -> int:
    """The highest number in the family, of which some may have been deleted."""
    latest = first.attempts.aggregate(latest=Max("attempt"))["latest"] or 0
    return int(max(first.attempt, earlier.attempt, latest))


def _asked_before(user: User, idempotency_key: str | None) -> Session | None:
    if not idempotency_key:
        return None
    return Session.objects.filter(started_by=user, idempotency_key=idempotency_key).first()


def cancel(principal: Principal, session: Session) -> None:
    """Stop it. Queued and lost sessions end at once. A running script cannot be told: its key is void from now
    on, and the session is `cancelling` until the script answers, goes away, or half a minute is over.
    Cancelling it again ends it at once. Of a crashed one nothing comes any more: it is not run again, nor re-opened.
    Conflict when it has ended already.
    """
    with transaction.atomic():
        has_moved = _end_at_once(principal.user, session) or _begin_cancelling(principal.user, session)
        if not has_moved and not retries.call_off(principal, session):
            raise Conflict("This session has ended already; there is nothing to cancel.")
        audit.note(principal, "session.cancelled", organization=session.project.organization, target=session)
        _nudge(session)


def _end_at_once(who: User, session: Session) -> bool:
    now = timezone.now()
    waiting = Q(state__in=[Session.State.QUEUED, Session.State.LOST, Session.State.CANCELLING])
    unsent = Q(state=Session.State.RUNNING, sent_at=None)
    moved = Session.objects.filter(waiting | unsent, pk=session.pk).update(
        state=Session.State.CANCELLED,
        reason=f"Cancelled by {who.shown_name}.",
        cancelled_by=who,
        finished_at=now,
        key_revoked_at=now,
    )
    if moved:
        tell(session, "cancelled", f"Cancelled by {who.shown_name}.")
    return bool(moved)


def _begin_cancelling(who: User, session: Session) -> bool:
    now = timezone.now()
    moved = Session.objects.filter(pk=session.pk, state=Session.State.RUNNING).update(
        state=Session.State.CANCELLING,
        reason=f"{who.shown_name} asked to stop it; its script may still be at work, but what it sends is refused.",
        cancelled_by=who,
        cancel_asked_at=now,
        key_revoked_at=now,
    )
    if moved:
        tell(session, "cancelling", f"{who.shown_name} asked to stop it.")
        nudge.supervisor()  # which may restart its script
    return bool(moved)


@transaction.atomic
def rename(principal: Principal, session: Session, name: str) -> None:
    Session.objects.filter(pk=session.pk).update(name=name.replace("\0", "").strip()[:200])
    nudge.session(session.pk)


def _nudge(session: Session) -> None:
    nudge.session(session.pk)
    nudge.plugin(session.plugin_id)
    nudge.project(session.project_id)
