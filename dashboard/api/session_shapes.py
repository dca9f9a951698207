"""How sessions are shown."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from pydantic import BaseModel, Field

from pluginhost import summaries
from pluginhost.models import LogHead, Response, Session, SessionInputs
from pluginhost.prepared import Prepared
from pluginhost.protocol import config as config_json

from .times import Moment


class SentCounts(BaseModel):
    """Assets by what became of what was sent."""

    accepted: int
    rejected: int
    unchanged: int
    discarded: int = Field(description="Turned down by a person in a review of what was staged.")
    objects: int


class SessionShown(BaseModel):
    id: int = Field(description="Shown as #1042.")
    session: str = Field(description="Its id on the wire, 24 hex digits.")
    name: str
    state: Session.State
    reason: str = Field(description="Why it is in this state, in a sentence.")
    plugin: str
    plugin_name: str
    project: str
    project_name: str
    started_by: str
    started_by_name: str
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    rerun_of: int | None
    attempt: int
    is_retry: bool = Field(description="Pluginhost ran it again by itself, after a crash.")
    retry_at: Moment | None = Field(description="When a crashed one is run again by itself; cancelling calls that off.")


class SessionRow(SessionShown):
    message: str = Field(description="The returned message's first line.")
    counts: SentCounts


class Waiting(BaseModel):
    reason: str
    position: int | None


class Progress(BaseModel):
    done: int
    total: int


class Inputs(BaseModel):
    """What the run was asked with; frozen."""

    config: dict[str, Any]
    class_mapping: dict[str, str | None]
    category_schema: list[dict[str, str]] | None
    scope: dict[str, Any]
    existing: str
    review_first: bool
    asset_count: int
    plugin_version: int


class Counts(SentCounts):
    """Every asset of the scope has one of the six outcomes."""

    no_result: int = Field(description="Read with the session's key, and nothing sent.")
    not_reached: int


class Read(BaseModel):
    assets: int
    of: int


class SessionWhole(SessionShown):
    waiting: Waiting | None
    message: str | None = Field(description="What the script returned, whole.")
    message_form: str | None = Field(description="text, json, bytes (base64), nothing or error.")
    error: str
    progress: Progress | None
    inputs: Inputs
    counts: Counts
    read: Read
    page_size: int | None = Field(description="The largest page of assets that it asked for.")
    log_lines: int
    attempts: list[int] = Field(description="The first run and all its reruns, this one among them.")
    reruns: list[int] = Field(description="The sessions that are reruns of this very one.")
    connection: int | None


def show_row(session: Session) -> SessionRow:
    counts = SentCounts(
        accepted=session.accepted,
        rejected=session.rejected,
        unchanged=session.unchanged,
        discarded=session.discarded,
        objects=session.objects_count,
    )
    return SessionRow(**_fields(session), message=session.message_head, counts=counts)


def _fields(session: Session) -> dict[str, Any]:
    copied = ("id", "name", "state", "reason", "created_at", "started_at", "finished_at", "attempt", "is_retry",
              "retry_at")  # fmt: skip
    return {
        **{name: getattr(session, name) for name in copied},
        "session": session.uid,
        "plugin": session.plugin.uid,
        "plugin_name": session.plugin.name,
        "project": session.project.uid,
        "project_name": session.project.name,
        "started_by": session.started_by.uid,
        "started_by_name": session.started_by.username,
        "rerun_of": session.rerun_of_id,
    }


_response = Prepared(lambda pk: Response.objects.filter(session=pk, came_late=False)[:1], 1)
_last_line = Prepared(lambda pk: LogHead.objects.filter(session=pk).values_list("last"), 1)
_frozen = Prepared(lambda pk: SessionInputs.objects.filter(session=pk), 1)
_family = Prepared(
    lambda pk, first: Session.objects.filter(Q(pk=pk) | Q(first_attempt=first)).order_by("id").values_list("id"), 2
)
_reruns = Prepared(lambda pk: Session.objects.filter(rerun_of=pk).order_by("id").values_list("id"), 1)


def show_whole(session: Session) -> SessionWhole:
    waiting, progress = summaries.waiting_of(session), summaries.progress_of(session)
    response: Response | None = _response.first(session.pk)
    return SessionWhole(
        **_fields(session),
        waiting=Waiting(reason=waiting.reason, position=waiting.position) if waiting else None,
        message=response.body if response else None,
        message_form=response.form if response else None,
        error=session.error,
        progress=Progress(done=progress.done, total=progress.total) if progress else None,
        inputs=_inputs(session),
        counts=Counts(**summaries.counts_of(session).as_dict()),
        read=Read(assets=session.assets_read, of=session.scope.count),
        page_size=session.page_size,
        log_lines=_last_line.value(session.pk),
        attempts=_attempts(session),
        reruns=[pk for (pk,) in _reruns.rows(session.pk)],
        connection=session.connection_id,
    )


def _inputs(session: Session) -> Inputs:
    frozen: SessionInputs = _frozen.first(session.pk)
    return Inputs(
        config=config_json.parse_object(frozen.config),
        class_mapping=frozen.class_mapping,
        category_schema=frozen.category_schema,
        scope=frozen.scope_asked,
        existing=frozen.existing,
        review_first=frozen.review_first,
        asset_count=session.scope.count,
        plugin_version=frozen.plugin_version,
    )


def _attempts(session: Session) -> list[int]:
    first = session.first_attempt_id or session.pk
    return [pk for (pk,) in _family.rows(first, first)]
